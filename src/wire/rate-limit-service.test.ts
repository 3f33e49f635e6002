import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtobufWriter } from "./protobuf.ts";
import { decodeRateLimitResponse, encodeRateLimitRequest } from "./rate-limit-service.ts";

test("a question: the domain, and of each limit its entries, what holds and what it costs, 0 too", () => {
  const limit = { requests: 3, unit: "Month" } as const;
  const question = encodeRateLimitRequest("d", [{ entries: [["k", "v"]], limit, hits: 0 }]);
  // 1: "d"; 2: { 1: { 1: "k", 2: "v" }, 2: { 1: 3, 2: 5 }, 3: {} }
  assert.equal(question.toString("hex"), "0a01641210" + "0a060a016b120176" + "120408031005" + "1a00");
});

const status = (code: number) => new ProtobufWriter().varint(1, code).varint(3, 9);

test("an answer: what is over, what is left and for how long", () => {
  const time = new ProtobufWriter().varint(1, 2).varint(2, 500_000_000);
  const bytes = new ProtobufWriter().varint(1, 2).message(2, status(2).message(4, time)).message(2, status(1)).finish();
  assert.deepEqual(decodeRateLimitResponse(bytes, 2), [
    { over: true, remaining: 9, resetMs: 2_500 },
    { over: false, remaining: 9, resetMs: 0 },
  ]);
});

test("an answer that says nothing of a limit, or of another number of them, or that is none, is no answer", () => {
  const one = new ProtobufWriter().varint(1, 1).message(2, status(1)).finish();
  assert.equal(decodeRateLimitResponse(one, 2), undefined);
  assert.equal(decodeRateLimitResponse(new ProtobufWriter().message(2, status(0)).finish(), 1), undefined);
  assert.equal(decodeRateLimitResponse(Buffer.from([0x10]), 1), undefined);
  assert.equal(decodeRateLimitResponse(Buffer.alloc(0), 1), undefined);
});
