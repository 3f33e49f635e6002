import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeProcessingResponse, encodeProcessingRequest } from "./ext-proc.ts";
import { frameGrpcMessage, GrpcMessages } from "./grpc-messages.ts";
import { ProtobufWriter } from "./protobuf.ts";

const message = () => new ProtobufWriter();

test("a request's head has its headers as raw values, and its attributes", () => {
  const bytes = encodeProcessingRequest(
    { kind: "headers", of: "request", headers: [["x-a", "é"]], end: true },
    { "request.path": "/" },
  );
  const header = message()
    .string(1, "x-a")
    .bytes(3, Buffer.from([0xe9]));
  const attribute = message().string(1, "request.path").message(2, message().string(3, "/"));
  const expected = message()
    .message(2, message().message(1, message().message(1, header)).varint(3, 1))
    .message(9, message().string(1, "envoy.filters.http.ext_proc").message(2, message().message(1, attribute)));
  assert.deepEqual(bytes, expected.finish());
});

test("answers are read, with headers replaced unless they say otherwise", () => {
  const option = (action: number) => message().message(1, message().string(1, "X-A").string(2, "1")).varint(3, action);
  const mutation = message().message(1, option(0)).message(1, option(1)).string(2, "X-B");
  const common = message()
    .message(2, mutation)
    .message(3, message().bytes(1, Buffer.from("new")));
  const answer = message().message(3, message().message(1, common)).finish();
  assert.deepEqual(decodeProcessingResponse(answer), {
    kind: "body",
    of: "request",
    mutation: {
      set: [
        { name: "x-a", value: "1", how: "set" },
        { name: "x-a", value: "1", how: "addIfAbsent" },
      ],
      remove: ["x-b"],
    },
    body: Buffer.from("new"),
  });
});

test("an immediate answer wins over all else", () => {
  const immediate = message().message(1, message().varint(1, 403)).bytes(3, Buffer.from("no"));
  const answer = message().message(1, message()).message(7, immediate).finish();
  assert.deepEqual(decodeProcessingResponse(answer), {
    kind: "immediate",
    status: 403,
    mutation: { set: [], remove: [] },
    body: Buffer.from("no"),
    grpcStatus: -1,
  });
});

test("what says nothing, or parts of a body that nobody asked for, is no answer", () => {
  const streamed = message().message(1, message().message(3, message().message(3, message())));
  for (const answer of [message(), message().message(3, streamed), message().message(5, message())])
    assert.equal(decodeProcessingResponse(answer.finish()), undefined);
});

test("no bytes make the reader throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeProcessingResponse(Buffer.from(bytes))),
  );
});

test("messages are taken out of pieces, however they are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), fc.integer({ min: 1, max: 20 }), (bodies, size) => {
      const all = Buffer.concat(bodies.map((body) => frameGrpcMessage(Buffer.from(body))));
      const messages = new GrpcMessages(50);
      const found: Buffer[] = [];
      for (let at = 0; at < all.length; at += size) found.push(...messages.push(all.subarray(at, at + size))!);
      assert.deepEqual(
        found.map((one) => [...one]),
        bodies.map((body) => [...body]),
      );
    }),
  );
});

test("a message that is too large, or compressed, is none", () => {
  assert.equal(new GrpcMessages(10).push(frameGrpcMessage(Buffer.alloc(11))), undefined);
  assert.equal(new GrpcMessages(10).push(Buffer.from([1, 0, 0, 0, 0])), undefined);
});
