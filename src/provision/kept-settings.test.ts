import assert from "node:assert/strict";
import { test } from "node:test";
import { gateway, http, model } from "../../test/ir/model.ts";
import { defaultListenerSettings } from "../ir/listener-settings.ts";
import { KeptSettings } from "./kept-settings.ts";

const trusting = { ...defaultListenerSettings, trust: { trustedHops: 1, source: "forwarded" } } as const;

const modelWith = (settings = defaultListenerSettings, name = "web") =>
  model(gateway([{ ...http(name, "", []), settings }], []));

test("KeptSettings: while a Gateway is kept its listeners have the settings that they had, and another hash", () => {
  const kept = new KeptSettings();
  const before = modelWith(trusting);
  assert.equal(
    kept.apply(before, () => false),
    before,
  );
  const reset = modelWith();
  const [served] = kept.apply(reset, () => true).gateways;
  assert.deepEqual(served?.listeners[0]?.settings, trusting);
  assert.notEqual(served?.listeners[0]?.hash, reset.gateways[0]?.listeners[0]?.hash);
  assert.equal(kept.apply(reset, () => true).gateways[0], served);
  assert.equal(
    kept.apply(reset, () => false),
    reset,
  );
});

test("KeptSettings: a listener that is new, or the same as before, is served as it was compiled", () => {
  const kept = new KeptSettings();
  const unknown = modelWith(trusting, "new");
  assert.equal(
    kept.apply(unknown, () => true),
    unknown,
  );
  assert.equal(
    kept.apply(unknown, () => true),
    unknown,
  );
});
