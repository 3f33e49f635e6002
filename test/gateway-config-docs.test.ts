import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { validateObject } from "../src/resource/validate-object.ts";
import { fieldRows } from "../tools/reference/fields.ts";

const page = readFileSync(new URL("../docs/reference/gateway-config.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = ""]) => text);

test("the GatewayConfig page has three examples, each complete and valid without a word to say", () => {
  assert.equal(examples.length, 3);
  for (const example of examples) {
    const objects = parseAllDocuments(example).map((document) => document.toJS());
    for (const object of objects) assert.deepEqual(validateObject(object).findings, [], object.metadata.name);
    const config = objects.find(({ kind }) => kind === "GatewayConfig");
    const refs = objects.flatMap(({ spec }) => spec.parametersRef ?? spec.infrastructure?.parametersRef ?? []);
    assert.equal(refs.length, 1);
    const home = refs[0].namespace ?? objects.find(({ kind }) => kind === "Gateway").metadata.namespace;
    assert.deepEqual([refs[0].name, home], [config.metadata.name, config.metadata.namespace]);
  }
});

test("every field of GatewayConfig, but for those that Kubernetes defines, says what it is", () => {
  const foreign = /^spec\.(affinity|tolerations|topologySpreadConstraints)/;
  const mute = fieldRows("GatewayConfig").filter(({ path, description }) => !foreign.test(path) && description === "");
  assert.deepEqual(
    mute.map(({ path }) => path),
    ["spec"],
  );
});
