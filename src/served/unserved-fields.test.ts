import assert from "node:assert/strict";
import { test } from "node:test";
import type { Resource } from "../resource/kinds.ts";
import { validateObject } from "../resource/validate-object.ts";
import type { PartlyServedKind } from "./field-tables.ts";
import { unservedFields } from "./unserved-fields.ts";

const targetRefs = [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "shop" }];

function unserved(kind: PartlyServedKind, spec: object): readonly string[] {
  const { resource, findings } = validateObject({
    apiVersion: "gateway.sluice.dev/v1alpha1",
    kind,
    metadata: { name: "x" },
    spec,
  });
  assert.deepEqual(findings, []);
  const found = unservedFields(kind, (resource as Resource<PartlyServedKind>).spec as never);
  return found.map(({ pointer, safe, reason }) => `${pointer} ${safe} ${reason}`);
}

test("unservedFields tells a field at the place of its row, once, whatever is below it", () => {
  const lua = [
    { type: "Inline", inline: "x" },
    { type: "Inline", inline: "y" },
  ];
  assert.deepEqual(unserved("ExtensionPolicy", { targetRefs, lua }), [
    "/spec/lua no Code for Envoy's Lua filter runs in Envoy alone; extProc asks a service instead.",
  ]);
});

test("unservedFields tells below a field what has a reason of its own", () => {
  const rules = [{ action: "Deny", principal: { clientIPGeoLocations: [{ country: "XX" }] } }];
  assert.ok(
    unserved("SecurityPolicy", { targetRefs, authorization: { rules } }).includes(
      "/spec/authorization/rules/0/principal/clientIPGeoLocations no It needs a database of the places of addresses, which Sluice has none of.",
    ),
  );
});

test("unservedFields tells of a field that is safe to leave out without the one above it", () => {
  assert.deepEqual(unserved("ClientTrafficPolicy", { targetRefs, headers: { enableEnvoyHeaders: true } }), [
    "/spec/headers/enableEnvoyHeaders yes These headers tell of the inside of Envoy.",
  ]);
});

test("unservedFields counts an empty object as set, and a default as not set", () => {
  assert.deepEqual(unserved("ClientTrafficPolicy", { targetRefs, http3: {} }), [
    "/spec/http3 yes Node.js has no HTTP/3; clients use HTTP/2.",
  ]);
  assert.deepEqual(unserved("Backend", { type: "Endpoints" }), []);
});
