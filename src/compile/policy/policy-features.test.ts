import assert from "node:assert/strict";
import { test } from "node:test";
import { cartWorld } from "../../../test/cart-world.ts";
import { brief, defaultOptions, resourcesOf } from "../../../test/compile-case.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { compile } from "../compile.ts";

const removeHeader = "[{ type: ResponseHeaderModifier, responseHeaderModifier: { remove: [x-a] } }]";

function run(spec: string, apiVersion = "gateway.sluice.dev/v1alpha1") {
  const policy = `apiVersion: ${apiVersion}
kind: SecurityPolicy
metadata: { name: p, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: cart }]
${spec}`;
  const result = compile(createSnapshot(resourcesOf(cartWorld([policy], removeHeader))), defaultOptions);
  const rule = Object.values(result.routing.gateways[0]?.httpRules ?? {})[0];
  return { filters: rule?.filters ?? [], findings: brief(result.findings), rule };
}

for (const group of ["gateway.sluice.dev", "gateway.envoyproxy.io"]) {
  test(`features: CORS of a SecurityPolicy of ${group} stands before the rule's own filters`, () => {
    const { filters } = run(
      `  cors: { allowOrigins: ["https://*.example.com:*"], allowMethods: [GET], maxAge: 10m }`,
      `${group}/v1alpha1`,
    );
    assert.deepEqual(
      filters.map(({ from, filter }) => [from.kind, from.pointer, filter.kind]),
      [
        ["SecurityPolicy", "/spec/cors", "cors"],
        ["HTTPRoute", "/spec/rules/0/filters/0", "headerModifier"],
      ],
    );
    assert.deepEqual(filters[0]?.filter, {
      kind: "cors",
      allowOrigins: ["https://*.example.com:*"],
      allowCredentials: false,
      allowMethods: ["GET"],
      allowHeaders: [],
      exposeHeaders: [],
      maxAgeSeconds: 600,
    });
  });
}

test("features: a mistake in a feature is a finding at the policy's field", () => {
  const { findings } = run("  cors: { allowMethods: [GET] }");
  assert.ok(findings.includes("cors-without-origins /spec/cors"), findings.join("\n"));
});
