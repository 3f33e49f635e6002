import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { canary } from "./canary.ts";

const split = (annotations: Readonly<Record<string, string>>) =>
  readAnnotations(canary, { canary: "true", ...annotations });

test("without canary: true an Ingress is none; settings of one are a finding", () => {
  assert.equal(readAnnotations(canary, {}).setting.split, undefined);
  const { setting, findings } = readAnnotations(canary, { "canary-weight": "10" });
  assert.equal(setting.split, undefined);
  assert.deepEqual(
    findings.map(({ name, pointer }) => [name, pointer.split("~1")[1]]),
    [["ingress-canary-without-switch", "canary-weight"]],
  );
  assert.deepEqual(readAnnotations(canary, { canary: "false", "canary-weight": "10" }).findings, []);
});

test("weight is 0 of 100 unless it is written, and no total below 100 counts", () => {
  const weights = (annotations: Readonly<Record<string, string>>) => {
    const { weight, total } = split(annotations).setting.split!;
    return [weight, total];
  };
  assert.deepEqual(weights({}), [0, 100]);
  assert.deepEqual(weights({ "canary-weight": "20" }), [20, 100]);
  assert.deepEqual(weights({ "canary-weight": "5", "canary-weight-total": "10" }), [5, 100]);
  assert.deepEqual(weights({ "canary-weight": "5", "canary-weight-total": "1000" }), [5, 1000]);
  assert.deepEqual(weights({ "canary-weight": "half" }), [0, 100]);
});

test("a header decides by always and never, by a value, or by a pattern; the value wins", () => {
  assert.deepEqual(split({ "canary-by-header": "X-Canary" }).setting.split?.header, { kind: "word", name: "x-canary" });
  const pattern = { "canary-by-header": "X-Region", "canary-by-header-pattern": "us.*" };
  assert.deepEqual(split(pattern).setting.split?.header, { kind: "pattern", name: "x-region", pattern: "us.*" });
  const both = split({ ...pattern, "canary-by-header-value": "eu" });
  assert.deepEqual(both.setting.split?.header, { kind: "value", name: "x-region", value: "eu" });
  assert.deepEqual(
    both.findings.map(({ name }) => name),
    ["ingress-canary-setting-unused"],
  );
  const alone = split({ "canary-by-header-value": "eu", "canary-by-header-pattern": "e" });
  assert.equal(alone.setting.split?.header, undefined);
  assert.equal(alone.findings.length, 2);
});

test("names that ingress-nginx does not take are ignored", () => {
  const { setting, findings } = split({ "canary-by-header": "X;", "canary-by-cookie": "a$b" });
  assert.deepEqual([setting.split?.header, setting.split?.cookie], [undefined, undefined]);
  assert.equal(findings.length, 2);
  assert.equal(split({ "canary-by-cookie": "beta" }).setting.split?.cookie, "beta");
});

test("clients stay unless the main Ingress says legacy", () => {
  assert.equal(readAnnotations(canary, {}).setting.clients, "stay");
  assert.equal(readAnnotations(canary, { "affinity-canary-behavior": "legacy" }).setting.clients, "judged");
});
