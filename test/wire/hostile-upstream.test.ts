/** Answers that no client may see as they are: each is a 502. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultName } from "../../src/wire/http1/fault.ts";
import { parseResponseHead, ResponseHead } from "../../src/wire/http1/response-head.ts";
import { accepted, assertRefused, judgeResponse, responseWith } from "./feed.ts";

const refused: readonly (readonly [title: string, fault: FaultName, text: string])[] = [
  ["HTTP/0.9", "statusLine", "<html>\r\n"],
  ["empty line first", "statusLine", "\r\nHTTP/1.1 200 OK\r\n\r\n"],
  ["ICY", "statusLine", "ICY 200 OK\r\n\r\n"],
  ["lower-case version", "statusLine", "http/1.1 200 OK\r\n\r\n"],
  ["HTTP/2.0", "responseVersion", "HTTP/2.0 200 OK\r\n\r\n"],
  ["HTTP/1.2", "responseVersion", "HTTP/1.2 200 OK\r\n\r\n"],
  ["two spaces", "statusCode", "HTTP/1.1  200 OK\r\n\r\n"],
  ["no status", "statusLine", "HTTP/1.1\r\n\r\n"],
  ["000", "statusCode", "HTTP/1.1 000 Zero\r\n\r\n"],
  ["099", "statusCode", "HTTP/1.1 099 Low\r\n\r\n"],
  ["600", "statusCode", "HTTP/1.1 600 High\r\n\r\n"],
  ["two digits", "statusCode", "HTTP/1.1 20 OK\r\n\r\n"],
  ["four digits", "statusLine", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["negative", "statusCode", "HTTP/1.1 -20 OK\r\n\r\n"],
  ["control byte in the reason", "statusLine", "HTTP/1.1 200 O\x01K\r\n\r\n"],
  ["bare LF", "bareLineFeed", "HTTP/1.1 200 OK\n\n"],
  ["bare CR", "bareCarriageReturn", "HTTP/1.1 200 OK\rX\r\n\r\n"],
  ["101 without Upgrade", "switchIncomplete", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n"],
  ["101 without Connection", "switchIncomplete", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n"],
  ["chunked in HTTP/1.0", "transferEncodingVersion", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["two lengths", "contentLengthRepeated", responseWith("Content-Length: 1", "Content-Length: 1")],
  ["both framings", "twoFramings", responseWith("Content-Length: 1", "Transfer-Encoding: chunked")],
  ["another coding", "transferEncodingUnknown", responseWith("Transfer-Encoding: gzip, chunked")],
  ["underscore length", "fieldNameAlias", responseWith("Content_Length: 1")],
];

describe("hostile upstream", () => {
  for (const [title, fault, text] of refused) {
    it(`${title} is refused`, () => assertRefused(judgeResponse(text), fault));
  }

  it("a reason may be empty or missing, and is not needed", () => {
    for (const line of ["HTTP/1.1 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200", "HTTP/1.0 200 Tr\xe8s bien"]) {
      assert.equal(accepted(judgeResponse(`${line}\r\n\r\n`))["status"], 200);
    }
  });

  it("the body ends where RFC 9112 §6.3 says", () => {
    const body = (text: string, method = "GET"): unknown => {
      const head = new ResponseHead();
      const bytes = Buffer.from(text);
      assert.equal(parseResponseHead(bytes, 0, bytes.length, head), bytes.length);
      return head.body(method);
    };
    assert.equal(body(responseWith("Content-Length: 5")), "length");
    assert.equal(body(responseWith("Content-Length: 0")), "none");
    assert.equal(body(responseWith("Transfer-Encoding: chunked")), "chunked");
    assert.equal(body(responseWith()), "untilClose");
    assert.equal(body(responseWith("Content-Length: 5"), "HEAD"), "none");
    assert.equal(body("HTTP/1.1 204 No Content\r\n\r\n"), "none");
    assert.equal(body("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), "none");
    assert.equal(body("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"), "none");
  });

  it("a connection whose 204 or 1xx announces a body is not used again", () => {
    for (const status of ["204 No Content", "103 Early Hints"]) {
      assert.equal(accepted(judgeResponse(`HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\n`))["close"], true);
      assert.equal(accepted(judgeResponse(`HTTP/1.1 ${status}\r\nTransfer-Encoding: chunked\r\n\r\n`))["close"], true);
      assert.equal(accepted(judgeResponse(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`))["close"], false);
    }
  });

  it("fields of the connection are left out, the others kept", () => {
    const message = accepted(
      judgeResponse(
        responseWith(
          "Date: x",
          "Connection: close, X-A",
          "Keep-Alive: 5",
          "X-A: 1",
          "Content-Length: 1",
          "Set-Cookie: a=b",
        ),
      ),
    );
    assert.deepEqual([message["kept"], message["close"]], ["Date: x\r\nSet-Cookie: a=b\r\n", true]);
  });

  it("an answer to an old head is not mistaken for the next: each parse starts clean", () => {
    const head = new ResponseHead();
    const first = Buffer.from(responseWith("Content-Length: 5", "Connection: close, x", "Upgrade: y", "X: z"));
    const second = Buffer.from("HTTP/1.1 404 Not Found\r\n\r\n");
    parseResponseHead(first, 0, first.length, head);
    assert.equal(parseResponseHead(second, 0, second.length, head), second.length);
    assert.deepEqual(
      [
        head.status,
        head.contentLength,
        head.chunked,
        head.close,
        head.upgrade,
        head.lineCount,
        head.runLength,
        head.value(second, 0),
      ],
      [404, -1, false, false, false, 0, 0, undefined],
    );
  });
});
