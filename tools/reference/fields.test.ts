import assert from "node:assert/strict";
import { test } from "node:test";
import { kindNames } from "../../src/resource/kinds.ts";
import { experimentalFields, isExperimental } from "../../src/resource/schema/experimental-fields.ts";
import { renderFieldReference } from "./fields.ts";

test("renderFieldReference has a section for every kind and a row for every field, with default and limits", () => {
  const page = renderFieldReference();
  for (const kind of kindNames) assert.match(page, new RegExp(`^## ${kind}$`, "m"));
  assert.match(page, /^\| `spec\.rules\[\]\.backendRefs\[\]\.weight` \| integer \| `1` \| 0 to 1000000 \|$/m);
  assert.match(
    page,
    /^\| `spec\.rules\[\]\.retry\.codes` \| list of integer \| {2}\| no repetition; each: 400 to 599 \|$/m,
  );
  assert.match(page, /^\| \*\*`spec\.gatewayClassName`\*\* \| string \| {2}\| 1 to 253 characters \|$/m);
});

test("renderFieldReference marks what only the experimental channel has", () => {
  const page = renderFieldReference();
  assert.match(page, /^\| `spec\.useDefaultGateways` \(experimental\) \|/m);
  for (const [kind, fields] of Object.entries(experimentalFields)) {
    const section = page.split(/^## /m).find((part) => part.startsWith(`${kind}\n`)) ?? "";
    for (const field of fields) assert.ok(section.includes(`\`${field}\` (experimental)`), `${kind} ${field}`);
  }
});

test("isExperimental covers what stands below a field, and no field with a longer name", () => {
  assert.equal(isExperimental("Gateway", "spec.listeners[].filters.requests[].type"), true);
  assert.equal(isExperimental("Gateway", "spec.listeners[].filtersOfOld"), false);
  assert.equal(isExperimental("Service", "spec.type"), false);
});
