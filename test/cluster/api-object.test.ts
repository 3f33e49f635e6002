import assert from "node:assert/strict";
import { test } from "node:test";
import { distributionOf } from "../../bench/cluster/distribution.ts";
import { type ApiObject, parseManifest } from "./api-object.ts";
import { conditionLists, hasConditions } from "./feature.ts";
import { features } from "./features.ts";
import { processesOf } from "./pod-process.ts";

const pod = (containerStatuses: readonly unknown[]): ApiObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "n" },
  status: { containerStatuses },
});

test("processesOf: running containers alone, with the process id at the end of their id", () => {
  const running = { name: "main", containerID: "rig://uid/main/42", state: { running: {} } };
  const waiting = { name: "late", containerID: "rig://uid/late/41", state: { waiting: {} } };
  assert.deepEqual(processesOf([pod([running, waiting, { name: "never" }])]), [
    { namespace: "n", pod: "p", container: "main", pid: 42 },
  ]);
});

test("hasConditions: type, status, reason and generation all have to agree", () => {
  const condition = { type: "Accepted", status: "True", reason: "Accepted", message: "", observedGeneration: 2 };
  const has = (expected: Parameters<typeof hasConditions>[1][number], generation = 2) =>
    hasConditions([condition], [expected], generation);
  assert.ok(has({ type: "Accepted", status: "True" }));
  assert.ok(has({ type: "Accepted", status: "True", reason: "Accepted" }));
  assert.ok(!has({ type: "Accepted", status: "True", reason: "Other" }));
  assert.ok(!has({ type: "Accepted", status: "False" }));
  assert.ok(!has({ type: "Programmed", status: "True" }));
  assert.ok(!has({ type: "Accepted", status: "True" }, 3));
});

test("conditionLists: one list for each parent or ancestor; none for a route without parents", () => {
  const object = (status: unknown): ApiObject => ({ apiVersion: "v1", kind: "K", metadata: { name: "n" }, status });
  const conditions = [{ type: "Accepted" }];
  assert.equal(conditionLists(object({ parents: [{ conditions }, { conditions }] })).length, 2);
  assert.deepEqual(conditionLists(object({ ancestors: [{ conditions }] })), [conditions]);
  assert.deepEqual(conditionLists(object({ parents: [] })), []);
  assert.deepEqual(conditionLists(object({ conditions })), [conditions]);
});

test("features: every manifest is YAML of objects with names, and every feature has tests", () => {
  for (const { name, manifest, tests } of features) {
    assert.ok(Object.keys(tests).length > 0, name);
    for (const object of parseManifest(manifest)) assert.ok(object.kind && object.metadata.name, name);
  }
  assert.equal(new Set(features.map(({ name }) => name)).size, features.length);
});

test("distributionOf: mean, quantiles and the largest; zeros for nothing", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual(distributionOf(hundred), { count: 100, mean: 50.5, p50: 51, p99: 100, max: 100 });
  assert.deepEqual(distributionOf([]), { count: 0, mean: 0, p50: 0, p99: 0, max: 0 });
});
