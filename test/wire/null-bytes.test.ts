/** NUL ends a string for C and nothing for others: refused wherever it stands. RFC 9110 §5.5. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgeChunks, judgeRequest, judgeResponse, requestWith } from "./feed.ts";

describe("NUL bytes", () => {
  it("a NUL in the place of any byte of a request head is refused", () => {
    const head = requestWith("Accept: text/html", "Content-Length: 3", "Connection: close");
    for (let i = 0; i < head.length; i++) {
      assert.equal(judgeRequest(`${head.slice(0, i)}\0${head.slice(i + 1)}\n`).kind, "refused", `byte ${i}`);
    }
  });

  it("a NUL before any byte of a response head is refused", () => {
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nA: b\r\n\r\n";
    for (let i = 0; i < head.length; i++) {
      assert.equal(judgeResponse(`${head.slice(0, i)}\0${head.slice(i)}`).kind, "refused", `byte ${i}`);
    }
  });

  it("a NUL in framing or trailers of a chunked body is refused, in content it is content", () => {
    const body = "3\r\na\0b\r\n0\r\nA: b\r\n\r\n";
    assert.equal(judgeChunks(body).kind, "accepted");
    for (let i = 0; i < body.length; i++) {
      if (i >= 3 && i <= 5) continue;
      assert.equal(judgeChunks(`${body.slice(0, i)}\0${body.slice(i + 1)}`).kind, "refused", `byte ${i}`);
    }
  });
});
