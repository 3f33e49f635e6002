import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type RedirectSubject, type RequestRedirect, redirectLocation } from "./redirect-location.ts";

const request: RedirectSubject = {
  scheme: "http",
  host: "example.com",
  path: "/a/b",
  query: "",
  matchedPrefix: "/a",
  listenerPort: 80,
  publicPort: (port) => port,
};

describe("redirectLocation()", () => {
  const rows: readonly [
    title: string,
    filter: Partial<RequestRedirect>,
    subject: Partial<RedirectSubject>,
    expected: string,
  ][] = [
    ["keeps host and path", {}, {}, "http://example.com/a/b"],
    ["keeps the query byte for byte", {}, { query: "x=%2F&y=a+b" }, "http://example.com/a/b?x=%2F&y=a+b"],
    ["changes the hostname", { hostname: "example.org" }, {}, "http://example.org/a/b"],
    [
      "scheme https means port 443, which is left out",
      { scheme: "https" },
      { listenerPort: 8080 },
      "https://example.com/a/b",
    ],
    [
      "scheme http on an HTTPS listener means port 80, which is left out",
      { scheme: "http" },
      { scheme: "https", listenerPort: 8443 },
      "http://example.com/a/b",
    ],
    ["without scheme and port it uses the listener's port", {}, { listenerPort: 8080 }, "http://example.com:8080/a/b"],
    ["leaves out 443 on an HTTPS listener", {}, { scheme: "https", listenerPort: 443 }, "https://example.com/a/b"],
    ["keeps 443 on an HTTP listener", {}, { listenerPort: 443 }, "http://example.com:443/a/b"],
    ["keeps 80 on an HTTPS listener", {}, { scheme: "https", listenerPort: 80 }, "https://example.com:80/a/b"],
    ["uses the filter's port", { port: 8000 }, {}, "http://example.com:8000/a/b"],
    [
      "leaves out the filter's port where the scheme implies it",
      { scheme: "https", port: 443 },
      {},
      "https://example.com/a/b",
    ],
    ["keeps an odd port with a scheme", { scheme: "https", port: 80 }, {}, "https://example.com:80/a/b"],
    ["filter port 80 on HTTP is left out", { port: 80 }, { listenerPort: 8080 }, "http://example.com/a/b"],
    [
      "maps the scheme's port to the one that clients use",
      { scheme: "https" },
      { publicPort: (port) => (port === 443 ? 8443 : port) },
      "https://example.com:8443/a/b",
    ],
    [
      "replaces the full path and keeps the query",
      { path: { kind: "full", value: "/c", query: "" } },
      { query: "q" },
      "http://example.com/c?q",
    ],
    [
      "puts the query of a full path first",
      { path: { kind: "full", value: "/l", query: "x=1" } },
      { query: "y=2" },
      "http://example.com/l?x=1&y=2",
    ],
    ["never begins with two slashes", {}, { host: "", path: "//evil.test/a" }, "/evil.test/a"],
    ["replaces the matched prefix", { path: { kind: "prefix", value: "/c" } }, {}, "http://example.com/c/b"],
    ["removes the matched prefix", { path: { kind: "prefix", value: "" } }, {}, "http://example.com/b"],
    ["without any host it is relative", {}, { host: "", query: "q" }, "/a/b?q"],
    ["keeps IPv6 brackets", {}, { host: "[::1]", listenerPort: 8080 }, "http://[::1]:8080/a/b"],
  ];
  for (const [title, filter, subject, expected] of rows) {
    test(title, () => {
      const full: RequestRedirect = { kind: "requestRedirect", status: 302, ...filter };
      assert.equal(redirectLocation(full, { ...request, ...subject }), expected);
    });
  }
});
