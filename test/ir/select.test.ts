import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpMatch } from "../../src/ir/match.ts";
import { httpMatchHolds, type SelectRequest, select, selectStream, selectTls } from "../../src/ir/select.ts";
import {
  backend,
  gateway,
  http,
  httpRule,
  https,
  match,
  model,
  request,
  stream,
  streamRule,
  tls,
  virtualHost,
} from "./model.ts";

const rules = ["exact", "wide", "any", "other"].map((name) => httpRule(name));
const [exact, wide, any, other] = rules as [(typeof rules)[0], (typeof rules)[0], (typeof rules)[0], (typeof rules)[0]];

function outcome(...args: Parameters<typeof select>): string {
  const found = select(...args);
  return found.kind === "rule" ? found.rule.name : found.reason;
}

describe("select() among virtual hosts of a listener", () => {
  const all = model(
    gateway(
      [
        http("web", "", [
          virtualHost("a.example.com", [[match({ path: { kind: "prefix", value: "/only" } }), exact]]),
          virtualHost("*.example.com", [[match({ method: "POST" }), wide]]),
          virtualHost("*", [[match(), any]]),
        ]),
      ],
      rules,
    ),
  );
  const rows: readonly [title: string, changes: Partial<SelectRequest>, expected: string][] = [
    ["the exact name is tried first", { host: "a.example.com", path: "/only/x" }, "exact"],
    ["and then the wildcard when nothing there matches", { host: "a.example.com", method: "POST" }, "wide"],
    ["and then any host", { host: "a.example.com" }, "any"],
    ["a wildcard covers several labels", { host: "x.y.example.com", method: "POST" }, "wide"],
    ["a wildcard does not cover its own name", { host: "example.com", method: "POST" }, "any"],
    ["a request without a host gets what is for any host", { host: "" }, "any"],
    ["a port without listeners has none", { port: 81 }, "noListener"],
    ["an HTTP listener takes no HTTPS", { scheme: "https", port: 80 }, "noTlsListener"],
  ];
  for (const [title, changes, expected] of rows) {
    test(title, () => assert.equal(outcome(all, request(changes)), expected));
  }
});

describe("select() isolates listeners", () => {
  const all = model(
    gateway(
      [
        http("exact", "a.test", [virtualHost("a.test", [[match({ path: { kind: "exact", value: "/a" } }), exact]])]),
        http("wide", "*.test", [virtualHost("*.test", [[match(), wide]])]),
        http("empty", "empty.test", []),
        http("any", "", [virtualHost("*", [[match(), any]])]),
      ],
      rules,
    ),
  );
  const rows: readonly [host: string, path: string, expected: string][] = [
    ["a.test", "/a", "exact"],
    ["a.test", "/b", "noMatch"],
    ["b.test", "/a", "wide"],
    ["empty.test", "/a", "noVirtualHost"],
    ["other.org", "/a", "any"],
  ];
  for (const [host, path, expected] of rows) {
    test(`${host}${path} ends as ${expected}`, () => assert.equal(outcome(all, request({ host, path })), expected));
  }
});

describe("select() on TLS", () => {
  const all = model(
    gateway(
      [
        https("a", "a.test", [virtualHost("a.test", [[match(), exact]])]),
        https("wide", "*.test", [virtualHost("*.test", [[match(), wide]])]),
        tls("db", "db.test", [{ hostname: "db.test", rule: streamRule("db", "TLSRoute", [backend("db", 1)]) }]),
      ],
      rules,
    ),
  );
  const rows: readonly [sni: string | undefined, host: string, expected: string][] = [
    ["a.test", "a.test", "exact"],
    ["b.test", "b.test", "wide"],
    ["b.test", "c.test", "wide"],
    ["b.test", "a.test", "misdirected"],
    ["a.test", "b.test", "misdirected"],
    ["a.test", "example.org", "noListener"],
    ["example.org", "a.test", "noTlsListener"],
    [undefined, "a.test", "noTlsListener"],
    ["db.test", "db.test", "noTlsListener"],
    ["b.test", "db.test", "wide"],
  ];
  for (const [sni, host, expected] of rows) {
    test(`SNI ${sni ?? "absent"} with Host ${host} ends as ${expected}`, () => {
      assert.equal(outcome(all, request({ scheme: "https", host, ...(sni === undefined ? {} : { sni }) })), expected);
    });
  }

  test("selectTls() gives a stream listener its route", () => {
    const found = selectTls(all, { port: 443, sni: "db.test" });
    assert.equal(found.kind === "stream" && found.rule?.name, "db");
  });
});

test("select() treats listeners of gateways that share a port as one, unless the request names its gateways", () => {
  const one = gateway([http("web", "", [virtualHost("*", [[match(), any]])])], rules, "one");
  const two = gateway([http("web", "", [virtualHost("a.test", [[match(), other]])])], rules, "two");
  assert.equal(outcome(model(one, two), request()), "other");
  assert.equal(outcome(model(one, two), request({ host: "b.test" })), "any");
  assert.equal(outcome(model(one, two), request({ gateways: ["infra/one"] })), "any");
});

test("selectStream() prefers the listener that has a route", () => {
  const rule = streamRule("dns", "UDPRoute", [backend("dns", 1)]);
  const all = model(
    gateway([stream("idle", "UDP", 53, undefined)], [], "one"),
    gateway([stream("dns", "UDP", 53, rule)], [], "two"),
  );
  assert.equal(selectStream(all, { port: 53, protocol: "UDP" })?.listener.name, "dns");
  assert.equal(selectStream(all, { port: 53, protocol: "UDP", gateways: ["infra/one"] })?.listener.name, "idle");
  assert.equal(selectStream(all, { port: 53, protocol: "TCP" }), undefined);
});

describe("httpMatchHolds()", () => {
  const header = (value: string, kind: "exact" | "regex" = "exact") => ({ headers: [{ name: "x-a", kind, value }] });
  const query = (value: string, kind: "exact" | "regex" = "exact") => ({ query: [{ name: "q", kind, value }] });
  const rows: readonly [match: Partial<HttpMatch>, request: Partial<SelectRequest>, expected: boolean][] = [
    [{ path: { kind: "prefix", value: "/abc" } }, { path: "/abc" }, true],
    [{ path: { kind: "prefix", value: "/abc" } }, { path: "/abc/" }, true],
    [{ path: { kind: "prefix", value: "/abc" } }, { path: "/abc/d" }, true],
    [{ path: { kind: "prefix", value: "/abc" } }, { path: "/abcd" }, false],
    [{ path: { kind: "prefix", value: "/" } }, { path: "/x" }, true],
    [{ path: { kind: "prefix", value: "/" } }, { path: "*" }, false],
    [{ path: { kind: "exact", value: "/abc" } }, { path: "/abc/" }, false],
    [{ path: { kind: "exact", value: "/abc" } }, { path: "/ABC" }, false],
    [{ path: { kind: "regex", value: "/a[0-9]" } }, { path: "/a1" }, true],
    [{ path: { kind: "regex", value: "/a[0-9]" } }, { path: "/a1/b" }, false],
    [{ path: { kind: "regex", value: "(" } }, { path: "(" }, false],
    [{ method: "GET" }, { method: "HEAD" }, false],
    [{ method: "GET" }, { method: "GET" }, true],
    [header("1"), { headers: { "x-a": "1" } }, true],
    [header("1"), { headers: { "x-a": "1, 2" } }, false],
    [header("1, 2"), { headers: { "x-a": "1, 2" } }, true],
    [header("1"), {}, false],
    [header(".*", "regex"), { headers: { "x-a": "" } }, true],
    [header(".*", "regex"), {}, false],
    [header("1", "regex"), { headers: { "x-a": "12" } }, false],
    [{ headers: [{ name: "constructor", kind: "regex", value: ".*" }] }, {}, false],
    [query("a b"), { query: "q=a%20b" }, true],
    [query("1"), { query: "q=1&q=2" }, true],
    [query("2"), { query: "q=1&q=2" }, false],
    [query("1"), { query: "Q=1" }, false],
    [query(".+", "regex"), { query: "q" }, false],
    [{ ...header("1"), ...query("2") }, { headers: { "x-a": "1" }, query: "q=2" }, true],
    [{ ...header("1"), ...query("2") }, { headers: { "x-a": "1" } }, false],
  ];
  for (const [changes, subject, expected] of rows) {
    test(`${JSON.stringify(changes)} ${expected ? "holds" : "fails"} for ${JSON.stringify(subject)}`, () => {
      assert.equal(httpMatchHolds(match(changes), request(subject)), expected);
    });
  }
});
