import assert from "node:assert/strict";
import { test } from "node:test";
import { type FeatureName, features, featuresWith } from "./features.ts";

/** Spec: GatewayClassStatus.supportedFeatures, maxItems and "must be unique and in ascending alphabetical order". */
test("features: as many as the API takes, each once", () => {
  const names = featuresWith(["provisioned", "routability"]);
  assert.deepEqual(names, Object.keys(features));
  assert.ok(names.length <= 64);
});

test("featuresWith: what needs pods of its own, or a field of the API, is only claimed where that is there", () => {
  const needing = (...has: Parameters<typeof featuresWith>[0]) => new Set<FeatureName>(featuresWith(has));
  assert.equal(needing().has("GatewayInfrastructure"), false);
  assert.equal(needing("provisioned").has("GatewayInfrastructure"), true);
  assert.equal(needing("provisioned").has("GatewayAddressRoutability"), false);
  assert.equal(needing("provisioned", "routability").has("GatewayAddressRoutability"), true);
  assert.equal(needing().has("HTTPRoute"), true);
});
