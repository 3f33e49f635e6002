/** Paths that the gateway would match as one thing and a backend would serve as another. RFC 3986 §6.2.2. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FaultName, faults } from "../../src/wire/http1/fault.ts";
import { accepted, judgeRequest } from "./feed.ts";

const pathOf = (target: string): unknown => accepted(judgeRequest(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`))["path"];

const normalised: readonly (readonly [sent: string, path: string])[] = [
  ["/", "/"],
  ["/a/b", "/a/b"],
  ["/a/", "/a/"],
  ["/.", "/"],
  ["/./", "/"],
  ["/a/.", "/a/"],
  ["/a/..", "/"],
  ["/a/b/..", "/a/"],
  ["/a/../b", "/b"],
  ["/a/./b", "/a/b"],
  ["/a/b/../../c", "/c"],
  ["/public/../admin", "/admin"],
  ["/public/%2e%2e/admin", "/admin"],
  ["/public/.%2E/admin", "/admin"],
  ["/public/%2e/admin", "/public/admin"],
  ["//admin", "/admin"],
  ["/a//b///c//", "/a/b/c/"],
  ["/a//../b", "/b"],
  ["//b/../a", "/a"],
  ["/a%2fb", "/a%2Fb"],
  ["/a%2Fb", "/a%2Fb"],
  ["/a%2f..%2fb", "/a%2F..%2Fb"],
  ["/%61dmin", "/admin"],
  ["/%7Euser", "/~user"],
  ["/caf%c3%a9", "/caf%C3%A9"],
  ["/a%20b", "/a%20b"],
  ["/a%25b", "/a%25b"],
  ["/%252e%252e/a", "/%252e%252e/a"],
  ["/a%3bb", "/a%3Bb"],
  ["/a%3fb", "/a%3Fb"],
  ["/a%23b", "/a%23b"],
  ["/.hidden", "/.hidden"],
  ["/...", "/..."],
  ["/..a", "/..a"],
  ["/a../b", "/a../b"],
  ["/a/.b/..c", "/a/.b/..c"],
  ["/a;v=1/b", "/a;v=1/b"],
  ["/a/b;..", "/a/b;.."],
  ["/a?b=/../c", "/a"],
  ["/a/..?b=%2", "/"],
];

const refused: readonly (readonly [sent: string, fault: FaultName])[] = [
  ["/..", "pathAboveRoot"],
  ["/../a", "pathAboveRoot"],
  ["/a/../..", "pathAboveRoot"],
  ["/%2e%2e/a", "pathAboveRoot"],
  ["/./../a", "pathAboveRoot"],
  ["//../a", "pathAboveRoot"],
  ["/%", "pathEscape"],
  ["/%4", "pathEscape"],
  ["/%4?1", "pathEscape"],
  ["/%zz", "pathEscape"],
  ["/%u0041", "pathEscape"],
  ["/%%2e", "pathEscape"],
  ["/a%00", "pathControl"],
  ["/a%00.png", "pathControl"],
  ["/a%0d%0aB:c", "pathControl"],
  ["/a%0A", "pathControl"],
  ["/a%7f", "pathControl"],
  ["/a%09", "pathControl"],
  ["/a%5cb", "pathBackslash"],
  ["/..%5C..%5Ca", "pathBackslash"],
  ["/a/..;/b", "pathDotParameter"],
  ["/a/.;x=1/b", "pathDotParameter"],
  ["/a/%2e%2e;/b", "pathDotParameter"],
];

describe("path confusion", () => {
  for (const [sent, path] of normalised) {
    it(`${sent} is matched and forwarded as ${path}`, () => assert.equal(pathOf(sent), path));
  }
  for (const [sent, fault] of refused) {
    it(`${sent} is refused`, () => assert.equal(pathOf(sent), faults[fault].code));
  }

  it("a path in an absolute target is judged alike", () => {
    assert.equal(pathOf("http://a/b/%2e%2e/c"), "/c");
    assert.equal(pathOf("http://a/../c"), faults.pathAboveRoot.code);
  });

  it("the query keeps its bytes", () => {
    const message = accepted(judgeRequest("GET /a/../b?c=%2e%2E//../%00%zz HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert.equal(message["query"], "c=%2e%2E//../%00%zz");
  });
});
