import assert from "node:assert/strict";
import { test } from "node:test";
import { areTrailers } from "./http2-response.ts";

test("areTrailers() refuses what may only stand in a head, in any spelling, as trailers of HTTP/1.1 are", () => {
  for (const name of ["content-type", "content_type", "set-cookie", "set_cookie", "transfer_encoding"]) {
    assert.equal(areTrailers([{ name, value: "v" }]), false, name);
  }
  assert.equal(areTrailers([{ name: "grpc-status", value: "0" }]), true);
  assert.equal(areTrailers([{ name: "x", value: "v".repeat(8_192) }]), false);
});
