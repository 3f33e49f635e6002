import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "../filter/contract/local-reply.ts";
import { grpcReply, grpcTrailers, pageAsGrpc } from "./grpc-reply.ts";
import { grpcStatus, grpcStatusForHttp, grpcStatusName } from "./grpc-status.ts";

test("grpcStatus counts from 0 to 16 without a gap, and names are found by code", () => {
  assert.deepEqual(
    Object.values(grpcStatus),
    Array.from({ length: 17 }, (_, code) => code),
  );
  assert.equal(grpcStatusName(14), "UNAVAILABLE");
  assert.equal(grpcStatusName(99), "UNKNOWN");
});

test("grpcStatusForHttp knows the statuses that filters answer with", () => {
  const rows = [
    [401, "UNAUTHENTICATED"],
    [403, "PERMISSION_DENIED"],
    [404, "UNIMPLEMENTED"],
    [429, "RESOURCE_EXHAUSTED"],
    [503, "UNAVAILABLE"],
    [504, "DEADLINE_EXCEEDED"],
    [418, "UNKNOWN"],
  ] as const;
  for (const [status, name] of rows) assert.equal(grpcStatusForHttp(status), name);
});

test("grpcReply is Trailers-Only: 200, no body, the message percent-encoded", () => {
  const reply = grpcReply("UNAVAILABLE", "100 % größer\n");
  assert.equal(reply.status, 200);
  assert.equal(reply.body, "");
  assert.deepEqual(Object.fromEntries(reply.headers), {
    "content-type": "application/grpc",
    "grpc-status": "14",
    "grpc-message": "100 %25 gr%C3%B6%C3%9Fer%0A",
  });
});

test("pageAsGrpc keeps headers and plain text, and drops what describes a page", () => {
  const headers = [
    ["Content-Type", "text/plain; charset=utf-8"],
    ["www-authenticate", "Bearer"],
  ] as const;
  const reply = pageAsGrpc(page(401, headers, "log in\n"), "UNAUTHENTICATED");
  assert.deepEqual(Object.fromEntries(reply.headers), {
    "content-type": "application/grpc",
    "grpc-status": "16",
    "grpc-message": "log in",
    "www-authenticate": "Bearer",
  });
  const html = pageAsGrpc(page(403, [["content-type", "text/html"]], "<p>"), "PERMISSION_DENIED");
  assert.equal(Object.fromEntries(html.headers)["grpc-message"], "Forbidden");
});

test("grpcTrailers are status and message", () => {
  assert.deepEqual(grpcTrailers("DEADLINE_EXCEEDED", "too late: 100%"), [
    { name: "grpc-status", value: "4" },
    { name: "grpc-message", value: "too late: 100%25" },
  ]);
});
