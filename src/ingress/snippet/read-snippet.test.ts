import assert from "node:assert/strict";
import { test } from "node:test";
import { readSnippet, type SnippetPlace } from "./read-snippet.ts";
import type { Snippet } from "./snippet.ts";

function read(text: string, place: SnippetPlace = "location"): Snippet {
  const result = readSnippet(text, place);
  assert.ok(result.kind === "snippet", JSON.stringify(result));
  return result.snippet;
}

/** Effects without the text that they come from. */
function effects(text: string, place: SnippetPlace = "location"): readonly unknown[] {
  const { parts, unserved } = read(text, place);
  assert.deepEqual(unserved, []);
  return parts.map(({ text: _, line: __, ...effect }) => effect);
}

/** Why nothing of it is served. */
function lacks(text: string, place: SnippetPlace = "location"): readonly unknown[] {
  return read(text, place).unserved.map(({ because, protects }) => [because, protects]);
}

const success = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308];

test("headers of answers are set, added and removed", () => {
  assert.deepEqual(
    effects(`more_set_headers "X-More: 1" 'X-Gone';
      add_header X-Add 1;
      add_header X-Always "$host b" always;
      more_set_headers -s '404 500' "X-Error: yes";
      more_clear_headers X-Clear X-Own-*;
      proxy_hide_header X-Powered-By;`),
    [
      { change: "set", name: "x-more", value: ["1"], statuses: [], source: "all" },
      { change: "remove", name: "x-gone", statuses: [], source: "all" },
      { change: "add", name: "x-add", value: ["1"], statuses: success, source: "all" },
      { change: "add", name: "x-always", value: [{ variable: "host" }, " b"], statuses: [], source: "all" },
      { change: "set", name: "x-error", value: ["yes"], statuses: [404, 500], source: "all" },
      { change: "remove", name: "x-clear", statuses: [], source: "all" },
      { change: "remove", name: "x-own-*", statuses: [], source: "all" },
      { change: "remove", name: "x-powered-by", statuses: [], source: "backend" },
    ].map((change) => ({ kind: "answerHeader", change })),
  );
});

test("headers for backends: what ingress-nginx sends anyway gets a second line", () => {
  assert.deepEqual(
    effects(`proxy_set_header X-Team shop;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header Accept-Encoding "";
      more_set_input_headers "X-Input: 1";`),
    [
      { change: "set", name: "x-team", value: ["shop"] },
      { change: "add", name: "x-forwarded-proto", value: ["https"] },
      { change: "remove", name: "accept-encoding" },
      { change: "set", name: "x-input", value: ["1"] },
    ].map((change) => ({ kind: "requestHeader", change })),
  );
  const upgrade = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';
  assert.deepEqual(
    read(upgrade).parts.map(({ kind }) => kind),
    ["withoutEffect", "withoutEffect"],
  );
  assert.equal(read("proxy_set_header X-A b;", "server").parts[0]?.kind, "withoutEffect");
});

test("return answers, with a page, a text or a redirect", () => {
  const answer = (status: number, content: unknown) => ({
    kind: "answer",
    answer: { when: [], headers: [], location: undefined, status, content },
  });
  assert.deepEqual(effects("return 403;"), [answer(403, { kind: "text", text: undefined })]);
  assert.deepEqual(effects('return 200 "ok $host";'), [
    answer(200, { kind: "text", text: ["ok ", { variable: "host" }] }),
  ]);
  assert.deepEqual(effects("return 301 https://new.test$request_uri;"), [
    answer(301, { kind: "location", location: ["https://new.test", { variable: "request_uri" }] }),
  ]);
  assert.deepEqual(effects("return https://new.test/;"), [
    answer(302, { kind: "location", location: ["https://new.test/"] }),
  ]);
  assert.deepEqual(lacks("return 444;"), [["a connection that ends without an answer cannot be had", true]]);
});

test("rewrites redirect or change the path", () => {
  assert.deepEqual(effects("rewrite ^/old/(.*)$ /new/$1 permanent;"), [
    {
      kind: "answer",
      answer: {
        when: [],
        headers: [],
        location: undefined,
        status: 301,
        content: {
          kind: "rewritten",
          pattern: { text: "^/old/(.*)$", ignoresCase: false },
          target: ["/new/", { variable: "1" }],
          keepsQuery: true,
        },
      },
    },
  ]);
  assert.deepEqual(effects("rewrite ^/a(.*)$ /b$1 break;"), [
    { kind: "rewrite", pattern: { text: "^/a(.*)$", ignoresCase: false }, target: ["/b", { variable: "1" }] },
  ]);
  assert.match(String(lacks("rewrite ^/a /b last;")), /another location|new path/);
});

test("blocks of if answer where their condition holds, with its groups", () => {
  const conditions = (text: string) =>
    effects(`if (${text}) { return 403; }`).map((effect) => (effect as { answer: { when: unknown[] } }).answer.when[0]);
  assert.deepEqual(conditions("$http_x_token = ''"), [
    { variable: "http_x_token", test: { kind: "equals", value: "" }, negated: false },
  ]);
  assert.deepEqual(conditions('$http_user_agent ~* "(bot|crawl er)"'), [
    {
      variable: "http_user_agent",
      test: { kind: "matches", pattern: { text: "(bot|crawl er)", ignoresCase: true } },
      negated: false,
    },
  ]);
  assert.deepEqual(conditions("$request_method !~ ^(GET|POST)$"), [
    {
      variable: "request_method",
      test: { kind: "matches", pattern: { text: "^(GET|POST)$", ignoresCase: false } },
      negated: true,
    },
  ]);
  assert.deepEqual(conditions("$arg_debug"), [{ variable: "arg_debug", test: { kind: "set" }, negated: false }]);
  const [redirect] = effects(String.raw`if ($host ~* ^www\.(.*)$) { return 301 https://$1$request_uri; }`);
  assert.deepEqual((redirect as { answer: { content: unknown } }).answer.content, {
    kind: "location",
    location: ["https://", { variable: "1" }, { variable: "request_uri" }],
  });
});

test("a block may give its answer headers; anything else in one is not served", () => {
  const [preflight] = effects(`if ($request_method = OPTIONS) {
    add_header Access-Control-Max-Age 1728000;
    return 204;
  }`);
  const { answer } = preflight as { answer: { status: number; headers: readonly { name: string }[] } };
  assert.deepEqual([answer.status, answer.headers.map(({ name }) => name)], [204, ["access-control-max-age"]]);
  assert.deepEqual(lacks("if ($http_x) { proxy_pass http://x; }"), [
    ["proxy_pass in a block is not known here", false],
  ]);
  assert.deepEqual(lacks("if ($ssl_client_s_dn != x) { return 403; }"), [["$ssl_client_s_dn is not known here", true]]);
  assert.match(String(lacks("if ($uri ~ ^/(?!a)) { return 403; }")), /its expression cannot be used.*true/);
  assert.deepEqual(lacks("if (-f $request_filename) { return 404; }"), [
    ["its condition is written in a form that is not known here", true],
  ]);
});

test("locations of a server snippet that answer by themselves", () => {
  const when = (text: string) => {
    const [effect] = effects(text, "server") as readonly { answer: { status: number; when: readonly unknown[] } }[];
    return [effect?.answer.status, effect?.answer.when[0]];
  };
  const uri = (test: unknown) => ({ variable: "uri", test, negated: false });
  assert.deepEqual(when("location = /metrics { deny all; }"), [403, uri({ kind: "equals", value: "/metrics" })]);
  assert.deepEqual(when("location /status { return 404; }"), [404, uri({ kind: "beginsWith", value: "/status" })]);
  assert.deepEqual(when("location ~* \\.php$ { deny all; return 404; }"), [
    404,
    uri({ kind: "matches", pattern: { text: "\\.php$", ignoresCase: true } }),
  ]);
  assert.deepEqual(lacks("location /m { allow 10.0.0.0/8; deny all; proxy_pass http://x; }", "server"), [
    ["allow in a block is not known here", true],
  ]);
});

test("addresses are allowed and denied in the order in which they are written", () => {
  assert.deepEqual(effects("allow 10.0.0.0/8; allow 2001:db8::/32; deny all;"), [
    { kind: "addressRule", allows: true, network: "10.0.0.0/8" },
    { kind: "addressRule", allows: true, network: "2001:db8::/32" },
    { kind: "addressRule", allows: false, network: "all" },
  ]);
  assert.deepEqual(lacks("deny unix:;"), [["it is written in a form that is not known here", true]]);
});

test("a variable that is set is replaced where it stands", () => {
  const { parts, unserved } = read('set $team "shop-$host"; more_set_headers "X-Team: $team";');
  assert.deepEqual(unserved, []);
  assert.deepEqual(parts[1]?.kind === "answerHeader" && parts[1].change, {
    change: "set",
    name: "x-team",
    value: ["shop-", { variable: "host" }],
    statuses: [],
    source: "all",
  });
  assert.deepEqual(lacks('set $host a; add_header X-A "$nobody";'), [
    ["$host is a variable of nginx's own", false],
    ["$nobody is not known here", false],
  ]);
});

test("settings that ingress-nginx writes itself, and those of nginx, change nothing", () => {
  const { parts, unserved } = read("proxy_read_timeout 5m; client_max_body_size 8m; access_log off;");
  assert.deepEqual(unserved, []);
  assert.deepEqual(
    parts.map(({ kind }) => kind),
    ["withoutEffect", "withoutEffect", "withoutEffect"],
  );
});

test("all else is listed word by word, and closes what it may protect", () => {
  const { unserved } = read("sub_filter a b;\naccess_by_lua_block {\n  ngx.exit(403)\n}\nlimit_req zone=x;");
  assert.deepEqual(
    unserved.map(({ text, line, protects }) => [text, line, protects]),
    [
      ["sub_filter a b;", 1, false],
      ["access_by_lua_block {\n  ngx.exit(403)\n}", 2, true],
      ["limit_req zone=x;", 5, true],
    ],
  );
});
