/** Paths that the gateway would match as one thing and a backend would serve as another. RFC 3986 §6.2.2. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FaultName, faults } from "../../src/wire/http1/fault.ts";
import { type NormalPath, normalizePath } from "../../src/wire/http1/path.ts";
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
  ["/a%2f.b/..c%5c", "/a%2F.b/..c%5C"],
  ["/a%5cb", "/a%5Cb"],
  ["/a%09%7f", "/a%09%7F"],
  ["/a|b[c]", "/a%7Cb%5Bc%5D"],
  ["/a%7cb%5bc%5d", "/a%7Cb%5Bc%5D"],
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

/** Odd spellings alone are forwarded as they came; segments go in both forms, unless they are kept in both. */
const spelled: readonly (readonly [sent: string, forms: Omit<NormalPath, "sentPath">])[] = [
  [
    "/event/%24a%3aexample.org/%7Ejo",
    {
      path: "/event/%24a%3Aexample.org/~jo",
      forwardedPath: "/event/%24a%3aexample.org/%7Ejo",
      keptPath: "/event/%24a%3Aexample.org/~jo",
    },
  ],
  ["/b%2fc|", { path: "/b%2Fc%7C", forwardedPath: "/b%2fc|", keptPath: "/b%2Fc%7C" }],
  ["/b//%6bey", { path: "/b/key", forwardedPath: "/b/%6bey", keptPath: "/b//key" }],
  ["/b/%2e%2E/x%3a/./y", { path: "/x%3A/y", forwardedPath: "/x%3a/y", keptPath: "/b/../x%3A/./y" }],
  // A reader that decodes first climbs from another segment than one that does not.
  ["/a%2fb/../c", { path: "/c", forwardedPath: "/c", keptPath: undefined }],
  // So does one that takes a parameter alone for an empty segment, and merges it.
  ["/x/;/../c", { path: "/x/c", forwardedPath: "/x/c", keptPath: undefined }],
  ["/x/%3bv=1/../c", { path: "/x/c", forwardedPath: "/x/c", keptPath: undefined }],
  ["/x/a;v=1/../c", { path: "/x/c", forwardedPath: "/x/c", keptPath: "/x/a;v=1/../c" }],
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
  ["/pub/..%2fsecret", "pathDotSeparator"],
  ["/pub/..%2Fsecret", "pathDotSeparator"],
  ["/pub/..%5csecret", "pathDotSeparator"],
  ["/..%5C..%5Ca", "pathDotSeparator"],
  ["/a%2f..%2fb", "pathDotSeparator"],
  ["/a%2f..", "pathDotSeparator"],
  ["/a%2f../b", "pathDotSeparator"],
  ["/a%5c./b", "pathDotSeparator"],
  ["/a/.%2fb", "pathDotSeparator"],
  ["/a/%2e%2e%2fb", "pathDotSeparator"],
  ["/a%2f..;x/b", "pathDotParameter"],
  ["/a/..;/b", "pathDotParameter"],
  ["/a/.;x=1/b", "pathDotParameter"],
  ["/a/%2e%2e;/b", "pathDotParameter"],
  ["/a/..%3b/b", "pathDotParameter"],
  ["/a/%2e%2e%3B/b", "pathDotParameter"],
];

describe("path confusion", () => {
  for (const [sent, path] of normalised) {
    it(`${sent} is matched as ${path}`, () => assert.equal(pathOf(sent), path));
  }
  for (const [sent, expected] of spelled) {
    it(`${sent} is forwarded as ${expected.forwardedPath}, or kept`, () => {
      const bytes = Buffer.from(sent);
      assert.deepEqual(normalizePath(bytes, 0, bytes.length), { ...expected, sentPath: sent });
    });
  }
  it("whatever the URL standard leaves unescaped in a path passes, as it came", () => {
    for (let code = 33; code < 127; code++) {
      const path = `/a${String.fromCharCode(code)}b`;
      if (code === 0x25 || new URL(`http://a${path}`).pathname !== path) continue;
      const bytes = Buffer.from(path);
      const normal = normalizePath(bytes, 0, bytes.length);
      assert.ok(typeof normal !== "number" && normal.forwardedPath === path, path);
      assert.equal(pathOf(path), normal.path);
    }
  });
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
