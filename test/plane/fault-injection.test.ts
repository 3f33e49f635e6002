import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { startFilters } from "./answer-filters-lab.ts";
import { ask, testPairs } from "./filter-lab.ts";

const fault = (parts: Omit<Extract<Filter, { kind: "faultInjection" }>, "kind">): Filter => ({
  kind: "faultInjection",
  ...parts,
});

testPairs("requests are aborted with the status that is written", async (pair) => {
  await using lab = await startFilters(pair, [fault({ abort: { httpStatus: 418, percent: 100 } })]);
  assert.equal((await ask(pair.client, lab.port)).status, 418);
  await using fine = await startFilters(pair, [fault({ abort: { httpStatus: 200, percent: 100 } })]);
  assert.equal((await ask(pair.client, fine.port)).status, 200);
  await using never = await startFilters(pair, [fault({ abort: { httpStatus: 418, percent: 0 } })]);
  assert.equal((await ask(pair.client, never.port)).status, 200);
  assert.deepEqual([lab.app.arrived.length, fine.app.arrived.length, never.app.arrived.length], [0, 0, 1]);
});

testPairs("requests are delayed, and then go on", async (pair) => {
  await using lab = await startFilters(pair, [fault({ delay: { ms: 60, percent: 100 } })]);
  const start = performance.now();
  assert.equal((await ask(pair.client, lab.port, { body: "hello" })).status, 200);
  assert.ok(performance.now() - start >= 55);
  assert.equal(lab.app.arrived[0]?.body, "hello");
});

testPairs("a client that leaves during a delay leaves nothing behind", async (pair) => {
  await using lab = await startFilters(pair, [fault({ delay: { ms: 100, percent: 100 } })]);
  const left = new Promise((later) => setTimeout(later, 20));
  // A stream that is cancelled ends without an error for its client.
  await ask(pair.client, lab.port, { until: left }).catch(() => {});
  const start = performance.now();
  assert.equal((await ask(pair.client, lab.port)).status, 200);
  assert.ok(performance.now() - start >= 95);
  assert.equal(lab.app.arrived.length, 1);
});

test("a gRPC call is told the gRPC status", async () => {
  const filter = fault({ abort: { grpcStatus: 14, percent: 100 } });
  await using lab = await startFilters({ backend: "http2" }, [filter]);
  const headers = { "content-type": "application/grpc", te: "trailers" };
  const got = await ask("http2", lab.port, { headers, body: "" });
  assert.deepEqual([got.status, got.headers["grpc-status"]], [200, "14"]);
  assert.equal((await ask("http1", lab.port)).status, 503);
});

test("a share of the requests is aborted", async () => {
  await using lab = await startFilters({ backend: "http1" }, [fault({ abort: { httpStatus: 503, percent: 50 } })]);
  const statuses = await Promise.all(Array.from({ length: 200 }, async () => (await ask("http1", lab.port)).status));
  const aborted = statuses.filter((status) => status === 503).length;
  // Some 7 standard deviations to either side.
  assert.ok(aborted > 50 && aborted < 150, `${aborted} of 200`);
});
