import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brief, compileCase, gatewayContext, httpRoute, service, yaml } from "../../../test/compile-case.ts";
import { plainCookie } from "../../ir/issued-cookie.ts";
import { defaultTrafficSettings } from "../../ir/traffic-settings.ts";
import type { CompiledRoute } from "../contract.ts";
import { conditionOf } from "../report/conditions.ts";

const toApi = (fields = "port: 80") => httpRoute(`  - backendRefs: [{ name: api, ${fields} }]`);
const backendOf = (compiled: CompiledRoute) => compiled.entries[0]?.rule.backends[0];
const clusterOf = (compiled: CompiledRoute) => [...compiled.clusters.values()][0];

const grant = (spec: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: allow, namespace: other }
spec: ${spec}`;

const tlsPolicy = (name: string, extra = "", ca = "caCertificateRefs: [{ group: '', kind: ConfigMap, name: ca }]") => `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: ${name}, namespace: shop${extra} }
spec:
  targetRefs: [{ group: '', kind: Service, name: api }]
  validation: { hostname: api.example.com, ${ca} }`;

const ca = (text = "pem") => `apiVersion: v1
kind: ConfigMap
metadata: { name: ca, namespace: shop }
data: { ca.crt: ${text} }`;

describe("resolveBackend: what resolves", () => {
  it("names a cluster after namespace, Service and port", () => {
    const compiled = compileCase(yaml(toApi(), service("api")));
    assert.deepEqual(backendOf(compiled)?.target, { kind: "cluster", cluster: "shop/api:80" });
    assert.deepEqual(clusterOf(compiled), {
      key: "shop/api:80",
      from: { kind: "Service", namespace: "shop", name: "api", pointer: "/spec/ports/0" },
      namespace: "shop",
      name: "api",
      port: 80,
      endpoints: "shop/api:80",
      protocol: "http1",
      traffic: defaultTrafficSettings,
    });
    assert.deepEqual([...compiled.backends], ["Service/shop/api"]);
    assert.deepEqual(compiled.findings, []);
  });

  for (const [appProtocol, protocol] of [
    ["kubernetes.io/h2c", "http2"],
    ["kubernetes.io/ws", "http1"],
    ["http", "http1"],
    ["grpc", "http2"],
    ["acme.example/telegraph", "http1"],
  ]) {
    it(`speaks ${protocol} to appProtocol ${appProtocol}`, () => {
      const compiled = compileCase(yaml(toApi(), service("api", `appProtocol: ${appProtocol}`)));
      assert.equal(clusterOf(compiled)?.protocol, protocol);
      assert.deepEqual(compiled.findings, []);
    });
  }

  it("uses one cluster for two rules that name the same port, and two when the protocol differs", () => {
    const two = httpRoute(`  - backendRefs: [{ name: api, port: 80 }]
  - backendRefs: [{ name: api, port: 80 }]`);
    assert.equal(compileCase(yaml(two, service("api"))).clusters.size, 1);
  });

  it("follows a cross-namespace reference that a grant permits", () => {
    const compiled = compileCase(
      yaml(
        toApi("namespace: other, port: 80"),
        service("api", "", "other"),
        grant(
          "{ from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop }], to: [{ group: '', kind: Service }] }",
        ),
      ),
    );
    assert.deepEqual(backendOf(compiled)?.target, { kind: "cluster", cluster: "other/api:80" });
  });

  it("makes a cluster for a missing Service when stand-ins are made", () => {
    const compiled = compileCase(toApi(), { stubBackends: true });
    assert.deepEqual(compiled.findings, []);
    assert.equal(clusterOf(compiled)?.endpoints, "shop/api:80");
  });

  it("serves an ExternalName Service when allowed, with or without ports", () => {
    const external = `apiVersion: v1
kind: Service
metadata: { name: api, namespace: shop }
spec: { type: ExternalName, externalName: api.example.com }`;
    const compiled = compileCase(yaml(toApi(), external), { allowExternalName: true });
    assert.equal(clusterOf(compiled)?.key, "shop/api:80");
  });
});

describe("resolveBackend: what does not resolve gets 500, a finding and the specification's reason", () => {
  const cases: { title: string; docs: string[]; reason: string; finding: string; says: RegExp }[] = [
    {
      title: "a missing Service",
      docs: [toApi()],
      reason: "BackendNotFound",
      finding: "backend-not-found /spec/rules/0/backendRefs/0/name",
      says: /Service shop\/api does not exist/,
    },
    {
      title: "a mistyped Service, naming the near one",
      docs: [toApi(), service("apj")],
      reason: "BackendNotFound",
      finding: "backend-not-found /spec/rules/0/backendRefs/0/name",
      says: /Did you mean apj\?/,
    },
    {
      title: "a Service of another namespace, naming that",
      docs: [toApi(), service("api", "", "other")],
      reason: "BackendNotFound",
      finding: "backend-not-found /spec/rules/0/backendRefs/0/name",
      says: /Namespace "other" has one/,
    },
    {
      title: "a port that the Service lacks, naming those it has",
      docs: [toApi("port: 81"), service("api")],
      reason: "BackendNotFound",
      finding: "backend-port-not-found /spec/rules/0/backendRefs/0/port",
      says: /no port 81; it has 80 \(http\)/,
    },
    {
      title: "the container's port in place of the Service's",
      docs: [toApi("port: 8080"), service("api")],
      reason: "BackendNotFound",
      finding: "backend-port-not-found /spec/rules/0/backendRefs/0/port",
      says: /8080 is the container's port, the targetPort of port 80/,
    },
    {
      title: "an unknown kind",
      docs: [toApi("kind: Bucket, group: acme.example")],
      reason: "InvalidKind",
      finding: "backend-kind-unsupported /spec/rules/0/backendRefs/0/kind",
      says: /Bucket \(group acme.example\)/,
    },
    {
      title: "another namespace without a grant",
      docs: [toApi("namespace: other, port: 80"), service("api", "", "other")],
      reason: "RefNotPermitted",
      finding: "backend-ref-not-permitted /spec/rules/0/backendRefs/0/namespace",
      says: /has no ReferenceGrant/,
    },
    {
      title: "another namespace whose grant is too narrow",
      docs: [
        toApi("namespace: other, port: 80"),
        service("api", "", "other"),
        grant(
          "{ from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop }], to: [{ group: '', kind: Service, name: web }] }",
        ),
      ],
      reason: "RefNotPermitted",
      finding: "backend-ref-not-permitted /spec/rules/0/backendRefs/0/namespace",
      says: /ReferenceGrant other\/allow comes near/,
    },
    {
      title: "a UDP port for an HTTPRoute",
      docs: [toApi(), service("api", "protocol: UDP")],
      reason: "UnsupportedProtocol",
      finding: "backend-protocol-unsupported /spec/rules/0/backendRefs/0/port",
      says: /its protocol is UDP/,
    },
    {
      title: "an appProtocol that is no HTTP",
      docs: [toApi(), service("api", "appProtocol: redis")],
      reason: "UnsupportedProtocol",
      finding: "backend-protocol-unsupported /spec/rules/0/backendRefs/0/port",
      says: /its appProtocol is redis/,
    },
    {
      title: "an ExternalName Service",
      docs: [
        toApi(),
        "{ apiVersion: v1, kind: Service, metadata: { name: api, namespace: shop }, spec: { type: ExternalName, externalName: a.b } }",
      ],
      reason: "UnsupportedValue",
      finding: "backend-external-name /spec/rules/0/backendRefs/0/name",
      says: /ExternalName, which is not allowed/,
    },
    {
      title: "a Service whose BackendTLSPolicy has no valid CA",
      docs: [toApi(), service("api"), tlsPolicy("tls")],
      reason: "InvalidBackendTLS",
      finding: "backend-tls-invalid /spec/rules/0/backendRefs/0",
      says: /BackendTLSPolicy shop\/tls requires TLS/,
    },
  ];
  for (const { title, docs, reason, finding, says } of cases) {
    it(title, () => {
      const compiled = compileCase(yaml(...docs));
      assert.equal(backendOf(compiled)?.target.kind, "invalid");
      assert.equal(compiled.clusters.size, 0);
      assert.deepEqual(brief(compiled.findings), [finding]);
      assert.match(compiled.findings[0]?.message ?? "", says);
      assert.deepEqual(conditionOf(compiled.findings[0]!), { type: "ResolvedRefs", status: "False", reason });
    });
  }

  it("does not tell whether a Service exists behind a missing grant", () => {
    const compiled = compileCase(toApi("namespace: other, port: 80"));
    assert.deepEqual(brief(compiled.findings), ["backend-ref-not-permitted /spec/rules/0/backendRefs/0/namespace"]);
  });
});

describe("resolveBackend: TLS to the backend", () => {
  it("takes hostname, authorities and alternative names from the policy, and names it in the key", () => {
    const policy = tlsPolicy("tls").replace(
      "hostname: api.example.com",
      "hostname: api.example.com, subjectAltNames: [{ type: URI, uri: 'spiffe://a/b' }, { type: Hostname, hostname: x.example }]",
    );
    const compiled = compileCase(yaml(toApi(), service("api"), policy, ca()));
    const cluster = clusterOf(compiled);
    assert.equal(cluster?.key, "shop/api:80|tls=shop/tls");
    assert.deepEqual(cluster?.tls, {
      hostname: "api.example.com",
      ca: [{ kind: "bundle", key: "ConfigMap/shop/ca", fingerprint: "f" }],
      subjectAltNames: [
        { kind: "uri", value: "spiffe://a/b" },
        { kind: "dns", value: "x.example" },
      ],
    });
  });

  it("lets the older policy win, and one that names the port win over both", () => {
    const older = tlsPolicy("zebra", ", creationTimestamp: '2020-01-01T00:00:00Z'");
    const younger = tlsPolicy("ant", ", creationTimestamp: '2021-01-01T00:00:00Z'");
    const both = compileCase(yaml(toApi(), service("api"), younger, older, ca()));
    assert.equal(clusterOf(both)?.key, "shop/api:80|tls=shop/zebra");
    const section = tlsPolicy("port").replace("name: api }", "name: api, sectionName: http }");
    const three = compileCase(yaml(toApi(), service("api"), younger, older, section, ca()));
    assert.equal(clusterOf(three)?.key, "shop/api:80|tls=shop/port");
  });

  it("shows the Gateway's client certificate, only where TLS is spoken", () => {
    const gateway = { ...gatewayContext, backendClientCertificate: "infra/client" };
    const secured = compileCase(yaml(toApi(), service("api"), tlsPolicy("tls"), ca()), {}, gateway);
    assert.equal(clusterOf(secured)?.tls?.clientCertificate, "infra/client");
    assert.equal(clusterOf(secured)?.key, "shop/api:80|tls=shop/tls|client=infra/client");
    const clear = compileCase(yaml(toApi(), service("api")), {}, gateway);
    assert.equal(clusterOf(clear)?.tls, undefined);
  });

  it("warns of appProtocol https without a policy, and sends clear text", () => {
    const compiled = compileCase(yaml(toApi(), service("api", "appProtocol: https")));
    assert.deepEqual(brief(compiled.findings), ["backend-https-without-policy /spec/rules/0/backendRefs/0"]);
    assert.equal(clusterOf(compiled)?.tls, undefined);
    const withPolicy = compileCase(yaml(toApi(), service("api", "appProtocol: https"), tlsPolicy("tls"), ca()));
    assert.deepEqual(withPolicy.findings, []);
  });

  it("trusts the system's roots when the policy says so", () => {
    const policy = tlsPolicy("tls", "", "wellKnownCACertificates: System");
    assert.deepEqual(clusterOf(compileCase(yaml(toApi(), service("api"), policy)))?.tls?.ca, [{ kind: "system" }]);
  });
});

describe("resolveBackend: XBackend", () => {
  const toX = httpRoute("  - backendRefs: [{ group: gateway.networking.x-k8s.io, kind: XBackend, name: api }]");
  const xbackend = (spec: string) => `apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: api, namespace: shop }
spec: ${spec}`;

  it("takes port, protocol and TLS from the XBackend", () => {
    const compiled = compileCase(
      yaml(
        toX,
        xbackend(
          "{ type: ExternalHostname, externalHostname: { hostname: api.example.com }, port: { number: 443 }, protocol: HTTP2, tls: { mode: ServerOnly, validation: { hostname: api.example.com, wellKnownCACertificates: System } } }",
        ),
      ),
    );
    const cluster = clusterOf(compiled);
    assert.equal(cluster?.key, "XBackend/shop/api:443|http2|tls=own");
    assert.equal(cluster?.endpoints, "XBackend/shop/api:443");
    assert.equal(cluster?.from.kind, "XBackend");
    assert.deepEqual(compiled.findings, []);
    assert.deepEqual([...compiled.backends], ["XBackend/shop/api"]);
  });

  it("is refused when its TLS cannot be set up", () => {
    const compiled = compileCase(
      yaml(
        toX,
        xbackend(
          "{ type: EndpointSelector, endpointSelector: { matchLabels: { app: api } }, port: { number: 443 }, tls: { mode: ClientAndServer, clientCertificateRef: { name: none }, validation: { hostname: api.example.com, wellKnownCACertificates: System } } }",
        ),
      ),
    );
    assert.deepEqual(brief(compiled.findings), ["backend-tls-invalid /spec/rules/0/backendRefs/0"]);
  });

  it("is refused for a protocol that HTTP routes cannot send, and when missing", () => {
    const tcp = xbackend(
      "{ type: EndpointSelector, endpointSelector: { matchLabels: { app: api } }, port: { number: 5432 }, protocol: TCP }",
    );
    assert.deepEqual(brief(compileCase(yaml(toX, tcp)).findings), [
      "backend-protocol-unsupported /spec/rules/0/backendRefs/0/name",
    ]);
    assert.deepEqual(brief(compileCase(toX, { stubBackends: true }).findings), [
      "backend-not-found /spec/rules/0/backendRefs/0/name",
    ]);
  });

  it("brings its session persistence to the cluster, with a name that stays the same", () => {
    const sticky = xbackend(
      "{ type: EndpointSelector, endpointSelector: { matchLabels: { app: api } }, port: { number: 80 }, sessionPersistence: { type: Cookie, cookie: {} } }",
    );
    const first = clusterOf(compileCase(yaml(toX, sticky)))?.traffic.sessionPersistence;
    assert.match(first?.name ?? "", /^sluice-[0-9a-f]{8}$/);
    assert.deepEqual(clusterOf(compileCase(yaml(toX, sticky)))?.traffic.sessionPersistence, first);
    assert.deepEqual(
      { ...first, name: "" },
      {
        kind: "cookie",
        name: "",
        absoluteTimeoutMs: 0,
        issued: { ...plainCookie, path: "/", secure: "onHttps", sameSite: "Lax" },
        afterFailure: "other",
      },
    );
  });
});

describe("resolveBackend: XBackendTrafficPolicy", () => {
  it("brings retry budget and session persistence, with the API's defaults", () => {
    const policy = `apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: { name: budget, namespace: shop }
spec:
  targetRefs: [{ group: '', kind: Service, name: api }]
  retryConstraint: {}
  sessionPersistence: { type: Header, header: { name: X-Session }, absoluteTimeout: 1h }`;
    const cluster = clusterOf(compileCase(yaml(toApi(), service("api"), policy)));
    assert.deepEqual(cluster?.traffic.retryBudget, {
      percent: 20,
      intervalMs: 10_000,
      minCount: 10,
      minIntervalMs: 1000,
    });
    assert.equal(cluster?.traffic.sessionPersistence?.kind, "header");
    assert.equal(cluster?.traffic.sessionPersistence?.name, "x-session");
    assert.equal(cluster?.traffic.sessionPersistence?.absoluteTimeoutMs, 3_600_000);
  });
});
