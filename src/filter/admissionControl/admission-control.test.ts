import assert from "node:assert/strict";
import { test } from "node:test";
import { compileAdmissionControl } from "./compile-policy.ts";
import { refusalShare } from "./proxy.ts";

const settings = { minSuccessPercent: 95, aggression: 1, minRequestRate: 0, maxRefusalPercent: 80, windowMs: 30_000 };
const share = (requests: number, successes: number, changes: Partial<typeof settings> = {}) =>
  Math.round(refusalShare({ ...settings, ...changes }, { requests, successes }) * 1_000) / 1_000;

test("refusalShare: grows with the failures, from the rate of successes that is enough, up to its maximum", () => {
  assert.equal(share(0, 0), 0);
  assert.equal(share(100, 100), 0);
  assert.equal(share(100, 95), 0);
  assert.equal(share(100, 50), 0.469);
  assert.equal(share(100, 0), 0.8);
  assert.equal(share(100, 0, { maxRefusalPercent: 100 }), 0.99);
});

test("refusalShare: aggression makes it steeper, and few requests say nothing", () => {
  assert.equal(share(100, 50, { aggression: 2 }), 0.685);
  assert.equal(share(299, 0, { minRequestRate: 10 }), 0);
  assert.equal(share(300, 0, { minRequestRate: 10 }), 0.8);
});

test("compileAdmissionControl: has Envoy's defaults, and gRPC's codes by number", () => {
  assert.deepEqual(compileAdmissionControl({}), [
    {
      kind: "admissionControl",
      windowMs: 30_000,
      minSuccessPercent: 95,
      aggression: 1,
      minRequestRate: 0,
      maxRefusalPercent: 80,
      successStatuses: [],
      successGrpcCodes: [0],
    },
  ]);
  const successCriteria = { http: { statusCodes: [200, 404] }, grpc: { statusCodes: ["Ok", "Unavailable"] } } as const;
  const [made] = compileAdmissionControl({ samplingWindow: "10s", successCriteria });
  assert.deepEqual(made, {
    ...compileAdmissionControl({})[0],
    windowMs: 10_000,
    successStatuses: [200, 404],
    successGrpcCodes: [0, 14],
  });
});
