import assert from "node:assert/strict";
import { test } from "node:test";
import { RetryBudget } from "../../src/proxy/upstream/retry/retry-budget.ts";
import { startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const model = { percent: 20, intervalMs: 10_000, minCount: 0, minIntervalMs: 1_000 };

test("RetryBudget: allows its share of the requests in the interval, and no more", () => {
  const budget = new RetryBudget(model);
  for (let i = 0; i < 1_000; i++) budget.onRequest(10_000);
  let allowed = 0;
  while (budget.take(10_001)) allowed++;
  assert.equal(allowed, 200);
});

test("RetryBudget: the minimum is a floor: it comes on top of nothing", () => {
  const budget = new RetryBudget({ ...model, minCount: 5 });
  for (let i = 0; i < 100; i++) budget.onRequest(10_000);
  let allowed = 0;
  while (budget.take(10_001)) allowed++;
  assert.equal(allowed, 20);
  const quiet = new RetryBudget({ ...model, minCount: 5 });
  allowed = 0;
  while (quiet.take(10_000)) allowed++;
  assert.equal(allowed, 5);
  assert.equal(quiet.take(11_000), true);
});

test("RetryBudget: requests older than the interval no longer count", () => {
  const budget = new RetryBudget(model);
  for (let i = 0; i < 100; i++) budget.onRequest(10_000);
  assert.equal(budget.take(10_001), true);
  assert.equal(budget.take(30_000), false);
});

test("retryConstraint: when the budget is used up, what would be retried answers 503", async () => {
  await using backend = await RawUpstream.start(() => "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n");
  const retryBudget = { percent: 0, intervalMs: 3_600_000, minCount: 2, minIntervalMs: 3_600_000 };
  await using gateway = await startProxy(
    [backend.port],
    {},
    {
      backends: [{ name: "app", ports: [backend.port], traffic: { retryBudget } }],
      retry: { attempts: 1, codes: [502], backoffMs: 0 },
    },
  );
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await exchange(gateway.port, get("/"))).status);
  assert.deepEqual(statuses, [502, 502, 503, 503]);
  assert.equal(backend.requests.length, 6);
  assert.equal(gateway.records.at(-1)!.responseFlag, "UO");
});

test("retryConstraint: connection failures count too, and requests that need no retry are not touched", async () => {
  await using backend = await RawUpstream.start(({ socket, earlier, head }) => {
    if (!head.startsWith("GET /reset") || earlier > 0) return ok("fine");
    socket.destroy();
    return undefined;
  });
  const retryBudget = { percent: 0, intervalMs: 3_600_000, minCount: 0, minIntervalMs: 3_600_000 };
  await using gateway = await startProxy(
    [backend.port],
    {},
    {
      backends: [{ name: "app", ports: [backend.port], traffic: { retryBudget } }],
      retry: { attempts: 3, codes: [], backoffMs: 0 },
    },
  );
  assert.equal((await exchange(gateway.port, get("/reset"))).status, 503);
  assert.equal((await exchange(gateway.port, get("/"))).body, "fine");
});
