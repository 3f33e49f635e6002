/** Chunked bodies that two parsers cut differently. RFC 9112 §7.1. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultName } from "../../src/wire/http1/fault.ts";
import { accepted, assertRefused, judgeChunks } from "./feed.ts";

const refused: readonly (readonly [title: string, fault: FaultName, body: string])[] = [
  ["empty size", "chunkSize", "\r\nhello"],
  ["0x prefix", "chunkSize", "0x5\r\nhello\r\n0\r\n\r\n"],
  ["minus", "chunkSize", "-5\r\nhello\r\n0\r\n\r\n"],
  ["plus", "chunkSize", "+5\r\nhello\r\n0\r\n\r\n"],
  ["leading space", "chunkSize", " 5\r\nhello\r\n0\r\n\r\n"],
  ["trailing space", "chunkSize", "5 \r\nhello\r\n0\r\n\r\n"],
  ["trailing tab", "chunkSize", "5\t\r\nhello\r\n0\r\n\r\n"],
  ["underscore", "chunkSize", "1_0\r\n"],
  ["letter beyond F", "chunkSize", "5g\r\n"],
  ["NUL", "chunkSize", "5\0\r\n"],
  ["12 digits and one", "chunkSizeTooLarge", "0000000000005\r\nhello\r\n0\r\n\r\n"],
  ["a size that overflows 64 bits", "chunkSizeTooLarge", "10000000000000005\r\nhello\r\n0\r\n\r\n"],
  ["extension", "chunkExtension", "5;a=b\r\nhello\r\n0\r\n\r\n"],
  ["extension without name", "chunkExtension", "5;\r\nhello\r\n0\r\n\r\n"],
  ["extension with a line feed", "chunkExtension", "5;\nhello\r\n0\r\n\r\n"],
  ["extension of the last chunk", "chunkExtension", "0;a\r\n\r\n"],
  ["bare LF after the size", "chunkLineEnd", "5\nhello\r\n0\r\n\r\n"],
  ["bare CR after the size", "chunkLineEnd", "5\rhello\r\n0\r\n\r\n"],
  ["CR CR LF after the size", "chunkLineEnd", "5\r\r\nhello"],
  ["bare LF after the data", "chunkDataEnd", "5\r\nhello\n0\r\n\r\n"],
  ["no line end after the data", "chunkDataEnd", "5\r\nhello0\r\n\r\n"],
  ["data longer than its size", "chunkDataEnd", "4\r\nhello\r\n0\r\n\r\n"],
  ["data shorter than its size", "chunkDataEnd", "6\r\nhello\r\n0\r\n\r\n"],
  ["CR and another byte after the data", "chunkDataEnd", "5\r\nhello\rX0\r\n\r\n"],
  ["bare LF at the very end", "bareLineFeed", "0\r\n\n"],
  ["bare CR at the very end", "bareCarriageReturn", "0\r\n\rX"],
];

describe("chunk tricks", () => {
  for (const [title, fault, body] of refused) {
    it(`${title} is refused`, () => assertRefused(judgeChunks(body), fault));
  }

  it("content comes out without its framing, in any cut", () => {
    const verdict = judgeChunks("5\r\nhello\r\nA\r\n0123456789\r\n00a\r\n\r\n0\r\n\r\nend\r\n0\r\n\r\n");
    assert.equal(accepted(verdict)["content"], "hello0123456789\r\n0\r\n\r\nend");
  });

  it("bytes after the last chunk are not part of the body", () => {
    const body = "1\r\na\r\n0\r\n\r\n";
    const verdict = judgeChunks(`${body}GET / HTTP/1.1\r\n\r\n`);
    assert.equal(verdict.kind === "accepted" && verdict.bytes, body.length);
  });

  it("a body that is cut short is never complete", () => {
    const body = "5\r\nhello\r\n0\r\nA: b\r\n\r\n";
    for (let length = 0; length < body.length; length++) {
      assert.equal(judgeChunks(body.slice(0, length)).kind, "incomplete", `${length} bytes`);
    }
    assert.equal(judgeChunks(body).kind, "accepted");
  });

  it("12 digits are read exactly", () => {
    assert.equal(accepted(judgeChunks("000000000005\r\nhello\r\n000000000000\r\n\r\n"))["content"], "hello");
    assert.equal(judgeChunks("FFFFFFFFFFFF\r\nhello").kind, "incomplete");
  });
});
