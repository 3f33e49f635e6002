import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const control: Filter = {
  kind: "admissionControl",
  windowMs: 60_000,
  minSuccessPercent: 90,
  aggression: 1,
  minRequestRate: 0,
  maxRefusalPercent: 100,
  successStatuses: [],
  successGrpcCodes: [0],
};

test("admissionControl: refuses requests once too many have failed, and no longer when enough succeed", async () => {
  let broken = true;
  await using upstream = await RawUpstream.start(() =>
    broken ? "HTTP/1.1 500 Bad\r\nContent-Length: 0\r\n\r\n" : ok("fine"),
  );
  let chance = 0.999;
  await using gateway = await startProxy([upstream.port], { random: () => chance }, { filters: [control] });
  const status = async () => (await exchange(gateway.port, get("/"))).status;
  for (let run = 0; run < 4; run++) assert.equal(await status(), 500);
  chance = 0.5;
  assert.equal(await status(), 503);
  assert.equal(gateway.records.at(-1)!.responseFlag, "AC");
  assert.equal(upstream.requests.length, 4);
  const refusals = gateway.telemetry.registry.counter("gateway_admission_refusals_total", "HTTPRoute", "demo", "test");
  assert.equal(refusals.value, 1);
  broken = false;
  chance = 0.999;
  for (let run = 0; run < 12; run++) assert.equal(await status(), 200);
  chance = 0.5;
  assert.equal(await status(), 200);
});
