import assert from "node:assert/strict";
import { test } from "node:test";
import { writeTrailers } from "./http2-response.ts";

test("writeTrailers() refuses what may only stand in a head, in any spelling, as trailers of HTTP/1.1 are", () => {
  for (const name of ["content-type", "content_type", "set-cookie", "set_cookie", "transfer_encoding"]) {
    assert.equal(writeTrailers([{ name, value: "v" }]), undefined, name);
  }
  assert.equal(writeTrailers([{ name: "grpc-status", value: "0" }])?.toString(), "0\r\ngrpc-status: 0\r\n\r\n");
});
