import assert from "node:assert/strict";
import { test } from "node:test";
import { modelHash } from "./canonical.ts";
import type { RoutingModel } from "./routing-model.ts";

test("modelHash() is the same for models that differ in the order of members alone", () => {
  const one: RoutingModel = { gateways: [], clusters: {} };
  const two: RoutingModel = { clusters: {}, gateways: [] };
  assert.equal(modelHash(one), modelHash(two));
  assert.match(modelHash(one), /^[0-9a-f]{16}$/);
});

test("modelHash() changes with any content", () => {
  const cluster = { endpoints: "a" } as unknown as RoutingModel["clusters"][string];
  assert.notEqual(modelHash({ gateways: [], clusters: {} }), modelHash({ gateways: [], clusters: { a: cluster } }));
});
