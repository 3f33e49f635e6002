import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { runFilter } from "./message.ts";

const modifier: Filter = {
  kind: "headerModifier",
  on: "request",
  set: [{ name: "x-set", value: "new" }],
  add: [
    { name: "x-add", value: "more" },
    { name: "x-new", value: "first" },
  ],
  remove: ["x-remove", "x-absent"],
};

describe("headerModifier", () => {
  const before = { "x-set": "old", "x-add": "one", "x-remove": "gone", "x-other": "stays" };
  const after = { "x-set": "new", "x-add": "one, more", "x-new": "first", "x-other": "stays" };

  test("sets, adds and removes request headers and leaves the response alone", () => {
    const { sent, response } = runFilter(modifier, { headers: before, response: before });
    assert.deepEqual(sent.headers, after);
    assert.deepEqual(response, before);
  });

  test("sets, adds and removes response headers and leaves the request alone", () => {
    const { sent, response } = runFilter({ ...modifier, on: "response" }, { headers: before, response: before });
    assert.deepEqual(sent.headers, before);
    assert.deepEqual(response, after);
  });
});

describe("urlRewrite", () => {
  test("changes the host alone", () => {
    const { sent } = runFilter({ kind: "urlRewrite", hostname: "inner.test" }, { path: "/a", query: "q=1" });
    assert.deepEqual(sent, { host: "inner.test", path: "/a", query: "q=1", headers: {} });
  });

  test("changes the path alone and keeps the query", () => {
    const filter: Filter = { kind: "urlRewrite", path: { kind: "prefix", value: "/xyz" } };
    const { sent } = runFilter(filter, { path: "/foo/bar", query: "q=1", facts: { matchedPrefix: "/foo" } });
    assert.deepEqual(sent, { host: "example.com", path: "/xyz/bar", query: "q=1", headers: {} });
  });

  test("replaces the full path", () => {
    const filter: Filter = { kind: "urlRewrite", path: { kind: "full", value: "/one", query: "x=1" } };
    const { sent } = runFilter(filter, { path: "/foo/bar", query: "y=2" });
    assert.deepEqual([sent.path, sent.query], ["/one", "x=1&y=2"]);
  });
});

describe("requestRedirect", () => {
  test("answers with its status and Location, from what the listener is called by clients", () => {
    const filter: Filter = { kind: "requestRedirect", status: 308, scheme: "https" };
    const { reply } = runFilter(filter, {
      path: "/a",
      query: "q",
      facts: { listenerPort: 8080 },
      publicPort: (port) => (port === 443 ? 8443 : port),
    });
    assert.deepEqual([reply?.status, reply?.headers], [308, [["location", "https://example.com:8443/a?q"]]]);
  });
});

test("directResponse answers with its status and keeps its reason to itself", () => {
  const { reply } = runFilter({ kind: "directResponse", status: 500, reason: "Thing default/x does not exist" }, {});
  assert.deepEqual(reply, { kind: "page", status: 500, flag: "FE", headers: [], body: "" });
});
