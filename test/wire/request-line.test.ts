/** Request lines that split, hide or double a part. RFC 9112 §3. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultName } from "../../src/wire/http1/fault.ts";
import { defaultRequestLimits } from "../../src/wire/http1/request-head.ts";
import { accepted, assertRefused, feedRequest, judge, judgeRequest } from "./feed.ts";

const refused: readonly (readonly [title: string, fault: FaultName, line: string])[] = [
  ["two spaces after the method", "requestLine", "GET  / HTTP/1.1"],
  ["two spaces before the version", "requestLine", "GET /  HTTP/1.1"],
  ["tab after the method", "methodInvalid", "GET\t/ HTTP/1.1"],
  ["tab before the version", "targetInvalid", "GET /\tHTTP/1.1"],
  ["space in the target", "requestLine", "GET /a b HTTP/1.1"],
  ["space at the end", "requestLine", "GET / HTTP/1.1 "],
  ["leading space", "notHttp", " GET / HTTP/1.1"],
  ["leading tab", "notHttp", "\tGET / HTTP/1.1"],
  ["HTTP/0.9", "requestLine", "GET /"],
  ["only a method", "requestLine", "GET"],
  ["no target", "requestLine", "GET HTTP/1.1"],
  ["lower-case version", "requestLine", "GET / http/1.1"],
  ["HTTPS/1.1", "requestLine", "GET / HTTPS/1.1"],
  ["version without minor", "requestLine", "GET / HTTP/1"],
  ["two-digit minor", "requestLine", "GET / HTTP/1.11"],
  ["HTTP/1.2", "version", "GET / HTTP/1.2"],
  ["HTTP/0.9 spelled out", "version", "GET / HTTP/0.9"],
  ["HTTP/3.0", "version", "GET / HTTP/3.0"],
  ["second version", "requestLine", "GET / HTTP/1.1 HTTP/1.1"],
  ["bare CR in the target", "requestLine", "GET /a\rb HTTP/1.1"],
  ["bare LF in the target", "bareLineFeed", "GET /a\nb HTTP/1.1"],
  ["CR CR LF", "bareCarriageReturn", "GET / HTTP/1.1\r"],
  ["fragment", "targetInvalid", "GET /a#b HTTP/1.1"],
  ["fragment in the query", "targetInvalid", "GET /a?b#c HTTP/1.1"],
  ["double quote", "targetInvalid", 'GET /" HTTP/1.1'],
  ["less than", "targetInvalid", "GET /< HTTP/1.1"],
  ["greater than", "targetInvalid", "GET /> HTTP/1.1"],
  ["backslash", "pathBackslash", "GET /\\ HTTP/1.1"],
  ["caret", "targetInvalid", "GET /^ HTTP/1.1"],
  ["backquote", "targetInvalid", "GET /` HTTP/1.1"],
  ["brace", "targetInvalid", "GET /{ HTTP/1.1"],
  ["bar in the query", "targetInvalid", "GET /?a=|b HTTP/1.1"],
  ["raw non-ASCII", "targetInvalid", "GET /\xc3\xa4 HTTP/1.1"],
  ["DEL", "targetInvalid", "GET /\x7f HTTP/1.1"],
  ["control byte in the query", "targetInvalid", "GET /?\x01 HTTP/1.1"],
  ["colon in the method", "methodInvalid", "GET: / HTTP/1.1"],
  ["relative target", "targetForm", "GET a HTTP/1.1"],
  ["query without path", "targetForm", "GET ?a HTTP/1.1"],
  ["another scheme", "targetForm", "GET ftp://a/ HTTP/1.1"],
  ["scheme without slashes", "targetForm", "GET http:a HTTP/1.1"],
  ["asterisk for GET", "asterisk", "GET * HTTP/1.1"],
  ["asterisk and more", "targetForm", "OPTIONS *a HTTP/1.1"],
  ["CONNECT", "connect", "CONNECT a:80 HTTP/1.1"],
];

describe("request line", () => {
  for (const [title, fault, line] of refused) {
    it(`${title} is refused`, () => assertRefused(judgeRequest(`${line}\r\nHost: a\r\n\r\n`), fault));
  }

  it("a TLS client on a plain port is refused at its first byte", () => {
    assertRefused(judgeRequest("\x16"), "notHttp");
  });

  it("the preface of HTTP/2 is a version that is not spoken here", () => {
    assertRefused(judgeRequest("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "version");
  });

  it("one empty line before a request is skipped, a second or a bare one is refused", () => {
    const head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const verdict = judgeRequest(`\r\n${head}`);
    assert.equal(accepted(verdict)["method"], "GET");
    assert.equal(verdict.kind === "accepted" && verdict.bytes, head.length + 2);
    assertRefused(judgeRequest(`\r\n\r\n${head}`), "leadingLines");
    assertRefused(judgeRequest(`\r\n\n${head}`), "leadingLines");
    assertRefused(judgeRequest(`\n${head}`), "bareLineFeed");
    assertRefused(judgeRequest(`\r${head}`), "bareCarriageReturn");
  });

  it("methods are case-sensitive tokens of up to 32 bytes", () => {
    for (const method of ["GET", "get", "PROPFIND", "X-1.2~3", "A".repeat(32)]) {
      assert.equal(accepted(judgeRequest(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`))["method"], method);
    }
    assert.equal(accepted(judgeRequest("connect /a HTTP/1.1\r\nHost: a\r\n\r\n"))["method"], "connect");
  });

  it("OPTIONS * has the asterisk for its target", () => {
    const message = accepted(judgeRequest("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert.deepEqual([message["form"], message["target"]], ["asterisk", "*"]);
  });

  it("CONNECT is read when asked for, with its port", () => {
    const limits = { ...defaultRequestLimits, connect: "accept" } as const;
    const connect = (text: string) => judge((bytes, cuts) => feedRequest(bytes, cuts, limits), text);
    const message = accepted(connect("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"));
    assert.deepEqual([message["form"], message["host"], message["port"]], ["authority", "a.test", 443]);
    assertRefused(connect("CONNECT a.test HTTP/1.1\r\nHost: a.test\r\n\r\n"), "targetAuthority");
    assertRefused(connect("CONNECT a.test:443 HTTP/1.1\r\nHost: b.test:443\r\n\r\n"), "hostDisagrees");
    assertRefused(connect("CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n"), "targetAuthority");
  });

  it("what browsers leave unescaped passes in a query when asked for, and never in a path", () => {
    const limits = { ...defaultRequestLimits, query: "browser" } as const;
    const browse = (text: string) => judge((bytes, cuts) => feedRequest(bytes, cuts, limits), text);
    assert.equal(accepted(browse("GET /?a={b|c}^`\\ HTTP/1.1\r\nHost: a\r\n\r\n"))["query"], "a={b|c}^`\\");
    assertRefused(browse("GET /{a} HTTP/1.1\r\nHost: a\r\n\r\n"), "targetInvalid");
    assertRefused(browse('GET /?a="b" HTTP/1.1\r\nHost: a\r\n\r\n'), "targetInvalid");
  });

  it("every character of RFC 3986 passes", () => {
    const target = "/AZaz09-._~:@!$&'()*+,;=%2F/?[]?/:@!$&'()*+,;=%";
    const message = accepted(judgeRequest(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`));
    assert.equal(message["target"], target);
    assert.equal(message["query"], "[]?/:@!$&'()*+,;=%");
  });
});
