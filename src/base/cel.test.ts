import assert from "node:assert/strict";
import { test } from "node:test";
import { type CelValue, compileCel } from "./cel.ts";

const request = {
  method: "GET",
  headers: new Map([["x-team", "red"]]),
  groups: ["dev", "ops"],
};

function evaluate(expression: string, variables: Readonly<Record<string, CelValue>> = { request }) {
  const compiled = compileCel(expression, Object.keys(variables));
  return compiled.kind === "error" ? compiled.message : compiled.evaluate(variables);
}

test("compileCel() evaluates conditions over what it is given", () => {
  assert.equal(evaluate('request.method == "GET" && request.headers["x-team"] == "red"'), true);
  assert.equal(evaluate('request.groups.exists(group, group == "root")'), false);
  assert.equal(evaluate('"x-team" in request.headers && request.method.matches("^(GET|HEAD)$")'), true);
  assert.equal(evaluate('request.method.lowerAscii() == "get" ? true : false'), true);
  assert.equal(evaluate("has(request.path) || size(request.groups) == 2"), true);
});

test("What cannot be evaluated has failed and is neither true nor false", () => {
  assert.equal(evaluate('request.headers["x-none"] == "red"'), "failed");
  assert.equal(evaluate("request.method"), "failed");
  assert.equal(evaluate("request.constructor != null"), "failed");
  assert.equal(evaluate('request.headers["__proto__"] != null'), "failed");
  assert.equal(evaluate("request.method == 1 / 0"), "failed");
});

test("compileCel() refuses what it does not know and what has no bound", () => {
  assert.match(String(evaluate("(")), /^at character 2: found end of input/);
  assert.equal(evaluate("requets.method == 'GET'"), 'nothing is called "requets"');
  assert.equal(evaluate("request.method.isGet()"), 'there is no function "isGet"');
  assert.equal(evaluate("request.groups.exists(a, request.groups.all(b, a == b))"), false);
  const deep = "request.groups.all(a, request.groups.all(b, request.groups.all(c, a == b && b == c)))";
  assert.equal(evaluate(deep), "macros may be nested 2 deep");
  assert.notEqual(typeof evaluate(`${"(".repeat(4_000)}true${")".repeat(4_000)}`), "boolean");
});

test("A pattern of exponential time for others takes linear time", () => {
  const started = performance.now();
  assert.equal(evaluate('request.text.matches("^(a+)+$")', { request: { text: `${"a".repeat(20_000)}b` } }), false);
  assert.ok(performance.now() - started < 2_000);
});
