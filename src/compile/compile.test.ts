import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { defaultOptions, resourcesOf, service } from "../../test/compile-case.ts";
import { fromAll, gateway, ourClass, route } from "../../test/compile-status.ts";
import { makeCertificate, tlsSecret } from "../../test/test-certificate.ts";
import type { Resource } from "../resource/kinds.ts";
import { validateObject } from "../resource/validate-object.ts";
import { createSnapshot } from "../store/create-snapshot.ts";
import { compile } from "./compile.ts";
import { createCompileMemo } from "./compile-memo.ts";
import { missingCertificates } from "./gateway/missing-certificates.ts";

const certificate = makeCertificate({ names: ["a.example.com"] });
const toEdge = "parentRefs: [{ name: edge, namespace: infra }]";
const listeners = [
  `{ name: http, port: 80, protocol: HTTP, ${fromAll} }`,
  `{ name: wild, port: 80, protocol: HTTP, hostname: '*.example.com', ${fromAll} }`,
  `{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] }, ${fromAll} }`,
  `{ name: tcp, port: 5432, protocol: TCP, ${fromAll} }`,
  `{ name: clash, port: 80, protocol: HTTPS, tls: { certificateRefs: [{ name: none }] } }`,
].join(", ");
const rules = (path: string, name = "api") =>
  `rules: [{ matches: [{ path: { value: ${path} } }, { headers: [{ name: x, value: y }] }], backendRefs: [{ name: ${name}, port: 80 }] }]`;

/** A bit of everything, with mistakes: several routes with equal matches, conflicts, missing and doubled things. */
const world = resourcesOf(
  [
    ourClass,
    gateway(listeners, "allowedListeners: { namespaces: { from: All } }"),
    gateway(listeners.replace(/, \{ name: clash.*$/, ""), "", "two"),
    ...["s1", "s2", "s3"].map(
      (name) => `apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: ${name}, namespace: shop }
spec: { parentRef: { name: edge, namespace: infra }, listeners: [{ name: x, port: 8080, protocol: HTTP }] }`,
    ),
    tlsSecret("cert", "infra", { crt: certificate.certPem, key: certificate.keyPem }),
    service("api"),
    service("web"),
    ...["r1", "r2", "r3", "r4"].map((name) => route(`${toEdge}, ${rules("/a")}`, "HTTPRoute", name)),
    route(`${toEdge}, hostnames: [a.example.com, '*.example.com'], ${rules("/b", "web")}`, "HTTPRoute", "hosts"),
    route(
      `parentRefs: [{ name: two, namespace: infra }, { name: gone }], ${rules("/b", "missing")}`,
      "HTTPRoute",
      "two",
    ),
    ...["t1", "t2"].map((name) => route(toEdge, "TCPRoute", name)),
    `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: g1, namespace: shop }
spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: x }], to: [{ group: '', kind: Service }] }`,
  ].join("\n---\n"),
);

/** Everything of a result as text; the secret table shows its keys alone. */
const textOf = (resources: readonly Resource[], memo = createCompileMemo()): string =>
  JSON.stringify(compile(createSnapshot(resources), defaultOptions, memo));

describe("compile", () => {
  it("gives the same for every order of the objects", () => {
    const expected = textOf(world);
    fc.assert(
      fc.property(fc.shuffledSubarray(world, { minLength: world.length }), (shuffled) => {
        assert.equal(textOf(shuffled), expected);
      }),
      { numRuns: 60 },
    );
  });

  it("gives the same again for the same input", () => {
    const snapshot = createSnapshot(world);
    assert.equal(JSON.stringify(compile(snapshot, defaultOptions)), JSON.stringify(compile(snapshot, defaultOptions)));
  });

  it("gives with a memo what it gives without one, whatever changed in between", () => {
    const memo = createCompileMemo();
    fc.assert(
      fc.property(fc.subarray(world), (some) => {
        assert.equal(textOf(some, memo), textOf(some));
      }),
      { numRuns: 60 },
    );
  });

  it("follows a changed Service although the route stayed", () => {
    const memo = createCompileMemo();
    const without = world.filter(({ kind, metadata }) => kind !== "Service" || metadata.name !== "web");
    assert.notEqual(textOf(world, memo), textOf(without, memo));
    assert.equal(textOf(without, memo), textOf(without));
  });

  it("follows a Gateway that gets a client certificate to the collector of its spans", () => {
    const memo = createCompileMemo();
    const traced = (tls: string) =>
      resourcesOf(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: traced, namespace: infra }
spec: { gatewayClassName: ours, listeners: [{ name: http, port: 8088, protocol: HTTP }]${tls} }`);
    const others = resourcesOf(
      [
        ourClass,
        tlsSecret("client", "infra", { crt: certificate.certPem, key: certificate.keyPem }),
        service("collector", "", "infra"),
        `apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: collector, namespace: infra }
spec:
  targetRefs: [{ group: '', kind: Service, name: collector }]
  validation: { hostname: collector.test, wellKnownCACertificates: System }`,
        `apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XTelemetryPolicy
metadata: { name: spans, namespace: infra }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: traced }]
  tracing: { mode: Enabled, provider: { backendRef: { name: collector, port: 80 } } }`,
      ].join("\n---\n"),
    );
    textOf([...others, ...traced("")], memo);
    const withClient = [...others, ...traced(", tls: { backend: { clientCertificateRef: { name: client } } }")];
    assert.match(textOf(withClient, memo), /client=Secret\/infra\/client/);
    assert.equal(textOf(withClient, memo), textOf(withClient));
  });

  it("makes nothing again for objects that nothing refers to, and leaves its results the same objects", () => {
    const memo = createCompileMemo();
    const before = compile(createSnapshot(world), defaultOptions, memo);
    const unused = resourcesOf(
      [
        "{ apiVersion: v1, kind: ConfigMap, metadata: { name: unused, namespace: shop }, data: { ca.crt: x } }",
        tlsSecret("unused", "shop", { crt: certificate.certPem, key: certificate.keyPem }),
        "{ apiVersion: v1, kind: Namespace, metadata: { name: unused } }",
        service("unused", "", "unused"),
        `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: unused, namespace: unused }
spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop }], to: [{ group: '', kind: Service }] }`,
      ].join("\n---\n"),
    );
    for (const count of unused.keys()) {
      const after = compile(createSnapshot([...world, ...unused.slice(0, count + 1)]), defaultOptions, memo);
      assert.equal(memo.partsMade(), 0, `${unused[count]?.kind} is read by nothing`);
      for (const part of ["routing", "endpoints", "secrets", "status", "findings"] as const) {
        assert.equal(after[part], before[part]);
      }
    }
  });

  it("makes again what a changed route comes to alone, and leaves the rest the same objects", () => {
    const memo = createCompileMemo();
    const before = compile(createSnapshot(world), defaultOptions, memo);
    const changed = resourcesOf(
      route(`${toEdge}, hostnames: [a.example.com, '*.example.com'], ${rules("/c", "web")}`, "HTTPRoute", "hosts"),
    );
    const others = world.filter(({ metadata }) => metadata.name !== "hosts");
    const after = compile(createSnapshot([...others, ...changed]), defaultOptions, memo);
    // Its attachment, and the route for its one Gateway.
    assert.equal(memo.partsMade(), 2);
    const [edge, two] = before.routing.gateways;
    assert.notEqual(after.routing.gateways[0], edge);
    assert.equal(after.routing.gateways[1], two);
    const hosts = (result: typeof before) =>
      result.routing.gateways[0]?.listeners.flatMap((one) => ("virtualHosts" in one ? one.virtualHosts : [])) ?? [];
    assert.deepEqual(
      hosts(after).map((host, place) => host === hosts(before)[place]),
      hosts(after).map(({ entries }) => entries.every(({ rule }) => !rule.includes("/hosts/"))),
    );
    assert.equal(after.endpoints, before.endpoints);
    assert.equal(after.routing.clusters, before.routing.clusters);
  });

  it("never throws for any subset and any text in the fields", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom("edge", "infra", "*.example.com", "__proto__", "constructor"),
    );
    const parent = fc.record(
      { name: text, namespace: text, sectionName: text, port: fc.integer({ min: -1, max: 70_000 }) },
      { requiredKeys: ["name"] },
    );
    const listener = fc.record(
      {
        name: text,
        hostname: text,
        port: fc.integer({ min: 0, max: 70_000 }),
        protocol: fc.constantFrom("HTTP", "HTTPS", "TLS", "TCP", "UDP", "constructor"),
      },
      { requiredKeys: ["name", "port", "protocol"] },
    );
    fc.assert(
      fc.property(
        fc.array(parent, { maxLength: 4 }),
        fc.array(listener, { maxLength: 4 }),
        fc.subarray(world),
        (parentRefs, written, some) => {
          const made = [
            { kind: "HTTPRoute", metadata: { name: "x", namespace: "shop" }, spec: { parentRefs } },
            {
              kind: "Gateway",
              metadata: { name: "x", namespace: "infra" },
              spec: { gatewayClassName: "ours", listeners: written },
            },
          ].flatMap(
            (object) => validateObject({ apiVersion: "gateway.networking.k8s.io/v1", ...object }).resource ?? [],
          );
          assert.doesNotThrow(() =>
            compile(createSnapshot([...some, ...made]), { ...defaultOptions, adoptClasses: true }),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  it("keeps key material out of everything but the secret table", () => {
    const result = compile(createSnapshot(world), defaultOptions);
    assert.deepEqual(result.secrets.keys(), ["Secret/infra/cert"]);
    assert.doesNotMatch(JSON.stringify(result), /BEGIN/);
  });

  it("does not change a listener's hash when its routes change", () => {
    const hashes = (resources: readonly Resource[]) =>
      compile(createSnapshot(resources), defaultOptions).routing.gateways.flatMap((gateway) =>
        gateway.listeners.map(({ hash }) => hash),
      );
    assert.deepEqual(hashes(world.filter(({ kind }) => !kind.endsWith("Route"))), hashes(world));
  });
});

describe("missingCertificates", () => {
  const snapshot = createSnapshot(world);
  it("lists the Secrets that listeners of ours name and that are not there", () => {
    assert.deepEqual(missingCertificates(snapshot, defaultOptions), [
      { namespace: "infra", name: "none", hostnames: [] },
    ]);
  });
  it("collects the hostnames of all listeners that name one, and makes up a name where there is none", () => {
    const own = createSnapshot(
      resourcesOf(
        [
          ourClass,
          gateway(
            "{ name: a, port: 443, protocol: HTTPS, hostname: b.example.com, tls: { certificateRefs: [{ name: x }] } }, { name: b, port: 443, protocol: HTTPS, hostname: a.example.com, tls: { certificateRefs: [{ name: x }] } }, { name: c, port: 444, protocol: HTTPS }, { name: d, port: 445, protocol: HTTPS, tls: { certificateRefs: [{ name: y, namespace: shop }] } }",
          ),
        ].join("\n---\n"),
      ),
    );
    assert.deepEqual(missingCertificates(own, defaultOptions), [
      { namespace: "infra", name: "edge.c.self-signed", hostnames: [] },
      { namespace: "infra", name: "x", hostnames: ["a.example.com", "b.example.com"] },
    ]);
  });
});
