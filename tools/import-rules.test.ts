import assert from "node:assert/strict";
import { test } from "node:test";
import { brokenRules, layerOf } from "./import-rules.ts";

test("brokenRules() finds none in src/", () => {
  assert.deepEqual(brokenRules(), []);
});

test("layerOf() takes the longest matching layer, and splits filters by duty", () => {
  assert.equal(layerOf("resource/schema/gateway.ts"), "resource/schema");
  assert.equal(layerOf("base/regex.ts"), "base/regex");
  assert.equal(layerOf("filter/cors/proxy.ts"), "filter/proxy");
  assert.equal(layerOf("filter/cors/compile.test.ts"), "filter/compile");
  assert.equal(layerOf("nowhere/x.ts"), undefined);
});
