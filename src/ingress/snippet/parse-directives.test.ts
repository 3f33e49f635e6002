import assert from "node:assert/strict";
import { test } from "node:test";
import { type Directive, parseDirectives } from "./parse-directives.ts";

type Plain = readonly [string, ...(string | readonly Plain[])[]];

function plain({ name, words, block }: Directive): Plain {
  return [name, ...words, ...(block === undefined ? [] : [block.map(plain)])];
}

function read(text: string): readonly Plain[] {
  const parsed = parseDirectives(text);
  assert.equal(parsed.kind, "directives", JSON.stringify(parsed));
  return parsed.kind === "directives" ? parsed.directives.map(plain) : [];
}

test("directives end with a semicolon, on one line or on several", () => {
  assert.deepEqual(read('add_header X-A 1 always;more_set_headers "X-B: 2"\n  "X-C: 3";'), [
    ["add_header", "X-A", "1", "always"],
    ["more_set_headers", "X-B: 2", "X-C: 3"],
  ]);
  assert.deepEqual(read(" \n# nothing\n"), []);
});

test("quotes, escapes and braces of variables are as nginx reads them", () => {
  assert.deepEqual(read(String.raw`set $a 'it\'s';`), [["set", "$a", "it's"]]);
  assert.deepEqual(read(String.raw`a "x \"y\" \d\n" b\ c;`), [["a", 'x "y" \\d\n', "b\\ c"]]);
  const braced = `https://$${"{host}"}x$request_uri`;
  assert.deepEqual(read(`return 301 ${braced};`), [["return", "301", braced]]);
  assert.deepEqual(read('a "#b"; # c\n#d\ne f#g;'), [
    ["a", "#b"],
    ["e", "f#g"],
  ]);
});

test("blocks hold directives, and blocks of Lua nothing", () => {
  assert.deepEqual(read("if ($http_x = y) { return 403; }\nlocation = /a { deny all; }"), [
    ["if", "($http_x", "=", "y)", [["return", "403"]]],
    ["location", "=", "/a", [["deny", "all"]]],
  ]);
  assert.deepEqual(read('access_by_lua_block { local t = { "}" } -- }\n if x then ngx.exit(403) end }\na b;'), [
    ["access_by_lua_block", []],
    ["a", "b"],
  ]);
});

test("each directive knows its text and its line", () => {
  const parsed = parseDirectives("a 1;\n\n  if (b) {\n    c;\n  } ");
  assert.ok(parsed.kind === "directives");
  const [a, b] = parsed.directives;
  assert.deepEqual([a?.text, a?.line], ["a 1;", 1]);
  assert.deepEqual([b?.text, b?.line], ["if (b) {\n    c;\n  }", 3]);
  assert.equal(b?.block?.[0]?.line, 4);
});

test("what nginx would refuse is an error with its line", () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ["a b", 1, /no ; at its end/],
    ["a {\n b;\n", 3, /} is missing/],
    ["a;\n}", 2, /} too many/],
    ["a;\n;", 2, /; stands where/],
    ["\na 'b;", 2, /not closed/],
    ['a "b"c;', 1, /behind a quotation mark/],
    ["x_by_lua_block { if", 1, /} is missing/],
    [`${"a {".repeat(20)}${"}".repeat(20)}`, 1, /nested/],
  ];
  for (const [text, line, message] of cases) {
    const parsed = parseDirectives(text);
    assert.ok(parsed.kind === "error", text);
    assert.equal(parsed.line, line, text);
    assert.match(parsed.message, message);
  }
});
