import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { contextOf, gatewayContext, service, yaml } from "../../../test/compile-case.ts";
import type { HttpRule, WeightedBackend } from "../../ir/routing-model.ts";
import { validateObject } from "../../resource/validate-object.ts";
import type { Route } from "../contract.ts";
import { compileRoute } from "./compile-route.ts";

const world = contextOf(
  yaml(
    service("api"),
    service("secure", "appProtocol: https"),
    service("raw", "protocol: UDP"),
    service("api", "", "other"),
    `apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: broken, namespace: shop }
spec:
  targetRefs: [{ group: '', kind: Service, name: secure }]
  validation: { hostname: a.example, caCertificateRefs: [{ group: '', kind: ConfigMap, name: gone }] }`,
  ),
);

const ref = fc.record(
  {
    name: fc.constantFrom("api", "secure", "raw", "gone", "apii"),
    namespace: fc.constantFrom("shop", "other"),
    kind: fc.constantFrom("Service", "Bucket"),
    port: fc.constantFrom(80, 81, 8080),
    weight: fc.constantFrom(0, 1, 7),
  },
  { requiredKeys: ["name", "port"] },
);

const filter = fc.oneof(
  fc.record({
    type: fc.constant("RequestHeaderModifier"),
    requestHeaderModifier: fc.record(
      {
        set: fc.array(fc.record({ name: fc.constantFrom("A", "Host", "TE"), value: fc.constant("v") }), {
          maxLength: 2,
        }),
        remove: fc.uniqueArray(fc.constantFrom("a", "A", ":path", ""), { maxLength: 3 }),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({ type: fc.constant("RequestMirror"), requestMirror: fc.record({ backendRef: ref }) }),
  fc.record({
    type: fc.constant("ExtensionRef"),
    extensionRef: fc.constant({ group: "acme.example", kind: "Thing", name: "x" }),
  }),
  fc.record({ type: fc.constant("CORS"), cors: fc.constantFrom({}, { allowOrigins: ["*"] }) }),
  fc.record({ type: fc.constant("URLRewrite"), urlRewrite: fc.constant({ hostname: "a.example" }) }),
);

const match = fc.record(
  {
    path: fc.record({
      type: fc.constantFrom("Exact", "PathPrefix", "RegularExpression"),
      value: fc.constantFrom("/", "/a/", "/a/b", "(", "x.*", ""),
    }),
    method: fc.constantFrom("GET", "POST"),
    headers: fc.array(
      fc.record({
        name: fc.constantFrom("A", "a", "B"),
        type: fc.constantFrom("Exact", "RegularExpression"),
        value: fc.constantFrom("v", "["),
      }),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
);

const route = fc.record({
  apiVersion: fc.constant("gateway.networking.k8s.io/v1"),
  kind: fc.constantFrom("HTTPRoute", "GRPCRoute", "TCPRoute", "UDPRoute"),
  metadata: fc.constant({ name: "web", namespace: "shop" }),
  spec: fc.record({
    rules: fc.array(
      fc.record(
        {
          matches: fc.array(match, { maxLength: 3 }),
          filters: fc.array(filter, { maxLength: 3 }),
          backendRefs: fc.array(ref, { maxLength: 3 }),
          retry: fc.record({ attempts: fc.nat(3), backoff: fc.constantFrom("1s", "0s", "99999h") }),
          timeouts: fc.record({ request: fc.constantFrom("0s", "1s") }),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 4 },
    ),
  }),
});

describe("compileRoute", () => {
  it("names only clusters that it hands on, and says of each finding what to do", () => {
    let compiledRoutes = 0;
    fc.assert(
      fc.property(route, (raw) => {
        const { resource } = validateObject(raw);
        if (resource === undefined) return;
        const compiled = compileRoute(resource as Route, gatewayContext, world);
        compiledRoutes++;
        const keys = new Set(compiled.clusters.keys());
        const rules = [...new Set<HttpRule>(compiled.entries.map((entry) => entry.rule))];
        const backends: WeightedBackend[] = [...rules, ...compiled.streamRules].flatMap((rule) => rule.backends);
        for (const { target } of backends) if (target.kind === "cluster") assert.ok(keys.has(target.cluster));
        for (const { filter: found } of rules.flatMap((rule) => rule.filters)) {
          if (found.kind === "requestMirror" && found.cluster !== undefined) assert.ok(keys.has(found.cluster));
        }
        for (const [key, cluster] of compiled.clusters) assert.equal(cluster.key, key);
        for (const finding of compiled.findings) {
          assert.ok(finding.message.endsWith(".") || finding.message.endsWith("?"), finding.message);
          assert.ok(finding.fix.length > 0);
          assert.match(finding.pointer, /^\/spec\/rules\/\d/);
        }
        // Plain JSON, but for what JSON cannot say: an absent age in a score.
        const plain = { rules, streams: compiled.streamRules, clusters: [...compiled.clusters.values()] };
        assert.equal(JSON.stringify(JSON.parse(JSON.stringify(plain))), JSON.stringify(plain));
      }),
      { numRuns: 300 },
    );
    assert.ok(compiledRoutes > 20, `only ${compiledRoutes} of the generated routes were valid`);
  });

  it("gives the same for the same input", () => {
    const { resource } = validateObject({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "web", namespace: "shop" },
      spec: { rules: [{ sessionPersistence: { cookie: {} }, backendRefs: [{ name: "api", port: 80 }] }] },
    });
    const compile = () => JSON.stringify(compileRoute(resource as Route, gatewayContext, world).entries);
    assert.equal(compile(), compile());
  });
});
