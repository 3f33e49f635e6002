import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isGrpcContentType } from "./grpc-content-type.ts";
import { encodeGrpcMessage } from "./grpc-message.ts";
import { parseGrpcTimeout, renderGrpcTimeout } from "./grpc-timeout.ts";

test("parseGrpcTimeout reads one to eight digits and a unit, and nothing else", () => {
  const rows = [
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3_000],
    ["4m", 4],
    ["5u", 0.005],
    ["0n", 0],
    ["99999999S", 99_999_999_000],
  ] as const;
  for (const [text, timeoutMs] of rows) assert.equal(parseGrpcTimeout(text), timeoutMs, text);
  for (const text of ["", "1", "S", "123456789S", "1s", "1 S", " 1S", "1S ", "-1S", "+1S", "1.5S", "1SS", "٣S"]) {
    assert.equal(parseGrpcTimeout(text), undefined, text);
  }
});

test("renderGrpcTimeout never gives more than there is, and loses little", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e14, noNaN: true }), (timeoutMs) => {
      const back = parseGrpcTimeout(renderGrpcTimeout(timeoutMs));
      assert.ok(back !== undefined);
      const most = Math.min(timeoutMs, 99_999_999_000);
      assert.ok(back <= most * (1 + 1e-12), `${back} of ${timeoutMs}`);
      assert.ok(back >= most - Math.max(0.001, most * 1e-4), `${back} of ${timeoutMs}`);
    }),
  );
  assert.equal(renderGrpcTimeout(-5), "0u");
});

test("encodeGrpcMessage leaves printable ASCII alone and can be decoded again", () => {
  assert.equal(encodeGrpcMessage("plain text."), "plain text.");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (message) => {
      const encoded = encodeGrpcMessage(message);
      assert.match(encoded, /^[\x20-\x7e]*$/);
      assert.equal(decodeURIComponent(encoded), message);
    }),
  );
});

test("isGrpcContentType knows gRPC with its suffixes and parameters, and not gRPC-Web", () => {
  for (const type of ["application/grpc", "application/grpc+proto", "Application/gRPC; x=y", "application/grpc+json"]) {
    assert.ok(isGrpcContentType(type), `${type}`);
  }
  for (const type of ["application/grpc-web", "application/grpcx", "application/json", "", undefined]) {
    assert.ok(!isGrpcContentType(type), `${type}`);
  }
});
