/** Heads without end: memory and time stay bounded, and the status says which limit it was. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultRequestLimits, parseRequestHead, RequestHead } from "../../src/wire/http1/request-head.ts";
import {
  accepted,
  assertRefused,
  feedRequest,
  judge,
  judgeRequest,
  judgeResponse,
  requestWith,
  responseWith,
} from "./feed.ts";

describe("oversized head", () => {
  it("a target of 8 KiB is read, one more byte is a 414", () => {
    const line = (length: number) => `GET /${"a".repeat(length - 1)} HTTP/1.1\r\nHost: a\r\n\r\n`;
    accepted(judgeRequest(line(8_192)));
    assertRefused(judgeRequest(line(8_193)), "targetTooLong");
    assertRefused(judgeRequest(line(100_000)), "targetTooLong");
  });

  it("a target without end is a 414 once it cannot fit", () => {
    assertRefused(judgeRequest(`GET /${"a".repeat(20_000)}`), "targetTooLong");
    assert.equal(judgeRequest(`GET /${"a".repeat(8_000)}`).kind, "incomplete");
  });

  it("a query counts as target", () => {
    assertRefused(judgeRequest(`GET /?${"a".repeat(8_192)} HTTP/1.1\r\nHost: a\r\n\r\n`), "targetTooLong");
  });

  it("a method without end is refused as such", () => {
    assertRefused(judgeRequest("A".repeat(20_000)), "methodTooLong");
  });

  it("32 KiB of head are read, one more byte is a 431", () => {
    const fixedBytes = requestWith("A: ").length;
    const head = (length: number) => requestWith(`A: ${"a".repeat(length - fixedBytes)}`);
    accepted(judgeRequest(head(32_768)));
    assertRefused(judgeRequest(head(32_769)), "headTooLarge");
  });

  it("a header line without end is a 431", () => {
    assertRefused(judgeRequest(`GET / HTTP/1.1\r\nA: ${"a".repeat(40_000)}`), "headTooLarge");
    assertRefused(judgeResponse(`HTTP/1.1 200 OK\r\nA: ${"a".repeat(70_000)}`), "headTooLarge");
  });

  it("a reason phrase without end is refused", () => {
    assertRefused(judgeResponse(`HTTP/1.1 200 ${"a".repeat(70_000)}`), "headTooLarge");
  });

  it("128 lines are read, one more is a 431", () => {
    accepted(judgeRequest(requestWith(...Array<string>(127).fill("A: b"))));
    assertRefused(judgeRequest(requestWith(...Array<string>(128).fill("A: b"))), "tooManyFields");
    accepted(judgeResponse(responseWith(...Array<string>(256).fill("A: b"))));
    assertRefused(judgeResponse(responseWith(...Array<string>(257).fill("A: b"))), "tooManyFields");
  });

  it("limits are settable", () => {
    const limits = { ...defaultRequestLimits, maxHeadBytes: 64, maxTargetBytes: 16, maxFields: 2 };
    const small = (text: string) => judge((bytes, cuts) => feedRequest(bytes, cuts, limits), text);
    accepted(small("GET /abc HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n"));
    assertRefused(small("GET /abcdefghijklmnop HTTP/1.1\r\nHost: a\r\n\r\n"), "targetTooLong");
    assertRefused(small("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nC: d\r\n\r\n"), "tooManyFields");
    assertRefused(small(`GET / HTTP/1.1\r\nHost: a\r\nA: ${"b".repeat(64)}\r\n\r\n`), "headTooLarge");
  });

  it("a dripping line is read once: each call starts where the last one stopped", () => {
    const bytes = Buffer.from(requestWith(`A: ${"a".repeat(10_000)}`));
    const head = new RequestHead();
    const lineStart = bytes.indexOf("A: ");
    for (let end = 1; end < bytes.length - 4; end++) {
      assert.equal(parseRequestHead(bytes, 0, end, head), 0);
      if (end > lineStart) assert.deepEqual([head.at, head.scanned], [lineStart, end]);
    }
    assert.equal(parseRequestHead(bytes, 0, bytes.length, head), bytes.length);
  });

  it("the head's arrays grow to the limits and no further", () => {
    const head = new RequestHead();
    for (let round = 0; round < 3; round++) {
      const bytes = Buffer.from(requestWith(...Array<string>(127).fill("A:\tb\t")));
      assert.equal(parseRequestHead(bytes, 0, bytes.length, head), bytes.length);
    }
    assert.ok(head.lines.length <= 128 * 4 && head.runs.length <= 128 * 8);
  });
});
