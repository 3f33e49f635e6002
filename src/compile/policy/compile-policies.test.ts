import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brief, contextOf, service, yaml } from "../../../test/compile-case.ts";
import { compilePolicies } from "./compile-policies.ts";
import { findEmptyBackend } from "./find-empty-backend.ts";
import type { PolicyUsage } from "./policy-usage.ts";

const usageOf = (...backends: readonly string[]): PolicyUsage => ({
  gateways: [{ namespace: "infra", name: "edge", backends: new Set(backends) }],
  effectsOf: () => [],
});

const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec: { gatewayClassName: sluice, listeners: [{ name: http, port: 80, protocol: HTTP }] }`;

const ready = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: api-a, namespace: shop, labels: { kubernetes.io/service-name: api } }
addressType: IPv4
endpoints: [{ addresses: [10.0.0.1] }]
ports: [{ name: http, port: 8080 }]`;

const ca = (text = "pem") => `apiVersion: v1
kind: ConfigMap
metadata: { name: ca, namespace: shop }
data: { ca.crt: ${text} }`;

const tlsPolicy = (
  fields: { name?: string; target?: string; validation?: string; meta?: string; more?: string } = {},
) => `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: ${fields.name ?? "tls"}, namespace: shop, generation: 4${fields.meta ?? ""} }
spec:
  targetRefs: [${fields.target ?? "{ group: '', kind: Service, name: api }"}]
  validation: { hostname: api.example.com, ${fields.validation ?? "caCertificateRefs: [{ group: '', kind: ConfigMap, name: ca }]"} }
  ${fields.more ?? ""}`;

function run(docs: readonly string[], usage: PolicyUsage = usageOf("Service/shop/api"), options = {}) {
  const context = contextOf(yaml(...docs), options);
  const { status, findings: ofPolicies } = compilePolicies(context, usage);
  const used = usage.gateways.flatMap(({ backends }) => [...(backends as ReadonlySet<string>)]);
  const findings = [...ofPolicies, ...used.flatMap((backend) => findEmptyBackend(context, backend))];
  return {
    findings: brief(findings),
    messages: findings.map((finding) => finding.message),
    /** `Type=Status/Reason` of the first ancestor, by object name. */
    conditions: Object.fromEntries(
      status.map(({ ref, body }) => [
        ref.name,
        body.shape === "policy"
          ? body.ancestors[0]?.conditions.map(({ type, status: value, reason }) => `${type}=${value}/${reason}`)
          : [],
      ]),
    ),
    status,
  };
}

const good = ["Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs"];

describe("compilePolicies: BackendTLSPolicy", () => {
  it("is accepted, with the Gateway that uses its Service as ancestor", () => {
    const { conditions, findings, status } = run([service("api"), ready, ca(), tlsPolicy()]);
    assert.deepEqual(conditions, { tls: good });
    assert.deepEqual(findings, []);
    const [first] = status;
    assert.deepEqual(first?.ref, {
      kind: "BackendTLSPolicy",
      group: "gateway.networking.k8s.io",
      namespace: "shop",
      name: "tls",
    });
    assert.equal(first?.generation, 4);
    assert.deepEqual(first?.body.shape === "policy" && first.body.ancestors[0]?.ancestorRef, {
      group: "gateway.networking.k8s.io",
      kind: "Gateway",
      namespace: "infra",
      name: "edge",
    });
  });

  const cases: {
    title: string;
    docs: string[];
    conditions: string[] | undefined;
    findings: string[];
    says?: RegExp;
  }[] = [
    {
      title: "without its ConfigMap",
      docs: [service("api"), ready, tlsPolicy()],
      conditions: ["Accepted=False/NoValidCACertificate", "ResolvedRefs=False/InvalidCACertificateRef"],
      findings: [
        "policy-ca-invalid /spec/validation/caCertificateRefs/0/name",
        "policy-without-valid-ca /spec/validation/caCertificateRefs",
      ],
      says: /ConfigMap shop\/ca does not exist/,
    },
    {
      title: "with a ConfigMap that holds no certificate",
      docs: [service("api"), ready, ca("broken"), tlsPolicy()],
      conditions: ["Accepted=False/NoValidCACertificate", "ResolvedRefs=False/InvalidCACertificateRef"],
      findings: [
        "policy-ca-invalid /spec/validation/caCertificateRefs/0/name",
        "policy-without-valid-ca /spec/validation/caCertificateRefs",
      ],
    },
    {
      title: "with a CA of an unknown kind",
      docs: [
        service("api"),
        ready,
        tlsPolicy({ validation: "caCertificateRefs: [{ group: acme.example, kind: Vault, name: ca }]" }),
      ],
      conditions: ["Accepted=False/NoValidCACertificate", "ResolvedRefs=False/InvalidKind"],
      findings: [
        "policy-ca-kind-unsupported /spec/validation/caCertificateRefs/0/kind",
        "policy-without-valid-ca /spec/validation/caCertificateRefs",
      ],
    },
    {
      title: "with one good CA of two",
      docs: [
        service("api"),
        ready,
        ca(),
        tlsPolicy({
          validation:
            "caCertificateRefs: [{ group: '', kind: ConfigMap, name: ca }, { group: '', kind: Secret, name: gone }]",
        }),
      ],
      conditions: ["Accepted=True/Accepted", "ResolvedRefs=False/InvalidCACertificateRef"],
      findings: ["policy-ca-invalid /spec/validation/caCertificateRefs/1/name"],
    },
    {
      title: "with an unknown well-known set",
      docs: [service("api"), ready, tlsPolicy({ validation: "wellKnownCACertificates: acme.example/roots" })],
      conditions: ["Accepted=False/Invalid", "ResolvedRefs=True/ResolvedRefs"],
      findings: ["policy-well-known-ca-unknown /spec/validation/wellKnownCACertificates"],
    },
    {
      title: "for a port that the Service lacks",
      docs: [
        service("api"),
        ready,
        ca(),
        tlsPolicy({ target: "{ group: '', kind: Service, name: api, sectionName: https }" }),
      ],
      conditions: ["Accepted=False/TargetNotFound", "ResolvedRefs=True/ResolvedRefs"],
      findings: ["policy-section-not-found /spec/targetRefs/0/sectionName"],
      says: /has no port named "https"; it has 80 \(http\)/,
    },
    {
      title: "for a Service that does not exist, naming the near one",
      docs: [service("api"), ready, ca(), tlsPolicy({ target: "{ group: '', kind: Service, name: apis }" })],
      conditions: undefined,
      findings: ["policy-target-not-found /spec/targetRefs/0/name"],
      says: /did you mean api\?/,
    },
    {
      title: "for a Service of another namespace",
      docs: [
        service("cart", "", "other"),
        service("api"),
        ready,
        ca(),
        tlsPolicy({ target: "{ group: '', kind: Service, name: cart }" }),
      ],
      conditions: undefined,
      findings: ["policy-target-not-found /spec/targetRefs/0/name"],
      says: /namespace "other" has one/,
    },
    {
      title: "for a kind that it cannot apply to",
      docs: [
        service("api"),
        ready,
        ca(),
        tlsPolicy({ target: "{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: api }" }),
      ],
      conditions: undefined,
      findings: ["policy-target-kind-unsupported /spec/targetRefs/0/kind"],
    },
    {
      title: "with an option that means nothing",
      docs: [service("api"), ready, ca(), tlsPolicy({ more: "options: { acme.example/ciphers: all }" })],
      conditions: good,
      findings: ["policy-option-unknown /spec/options/acme.example~1ciphers"],
    },
  ];
  for (const { title, docs, conditions, findings, says } of cases) {
    it(title, () => {
      const found = run(docs);
      assert.deepEqual(found.conditions["tls"], conditions);
      assert.deepEqual(found.findings, findings);
      if (says !== undefined) assert.match(found.messages.join("\n"), says);
    });
  }

  it("of two for one Service the older wins, and the loser names it", () => {
    const old = tlsPolicy({ name: "zebra", meta: ", creationTimestamp: '2020-01-01T00:00:00Z'" });
    const young = tlsPolicy({ name: "ant", meta: ", creationTimestamp: '2021-01-01T00:00:00Z'" });
    for (const docs of [
      [old, young],
      [young, old],
    ]) {
      const { conditions, findings, messages } = run([service("api"), ready, ca(), ...docs]);
      assert.deepEqual(conditions, {
        zebra: good,
        ant: ["Accepted=False/Conflicted", "ResolvedRefs=True/ResolvedRefs"],
      });
      assert.deepEqual(findings, ["policy-conflicted /spec/targetRefs/0"]);
      assert.match(
        messages[0] ?? "",
        /BackendTLSPolicy shop\/zebra applies to Service shop\/api too, and takes precedence/,
      );
    }
  });

  it("of equal age the name decides; a port and its whole Service do not conflict", () => {
    const section = tlsPolicy({ name: "port", target: "{ group: '', kind: Service, name: api, sectionName: http }" });
    const { conditions } = run([
      service("api"),
      ready,
      ca(),
      section,
      tlsPolicy({ name: "b" }),
      tlsPolicy({ name: "a" }),
    ]);
    assert.deepEqual(conditions["a"], good);
    assert.deepEqual(conditions["port"], good);
    assert.equal(conditions["b"]?.[0], "Accepted=False/Conflicted");
  });

  it("notes a policy that no route reaches, and gives it no ancestor", () => {
    const { conditions, findings } = run([service("api"), ca(), tlsPolicy()], usageOf());
    assert.deepEqual(conditions, { tls: undefined });
    assert.deepEqual(findings, ["policy-unused /spec/targetRefs/0"]);
  });

  it("may apply to a Service that is stood in for", () => {
    assert.deepEqual(run([ca(), tlsPolicy()], undefined, { stubBackends: true }).findings, []);
  });

  it("lists at most 16 ancestors, in order", () => {
    const gateways = Array.from({ length: 20 }, (_, index) => ({
      namespace: "infra",
      name: `g${String(19 - index).padStart(2, "0")}`,
      backends: new Set(["Service/shop/api"]),
    }));
    const [first] = run([service("api"), ready, ca(), tlsPolicy()], { gateways, effectsOf: () => [] }).status;
    const names = first?.body.shape === "policy" ? first.body.ancestors.map((each) => each.ancestorRef.name) : [];
    assert.deepEqual(
      names,
      Array.from({ length: 16 }, (_, index) => `g${String(index).padStart(2, "0")}`),
    );
  });
});

describe("compilePolicies: XBackendTrafficPolicy", () => {
  const traffic = (name: string) => `apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: { name: ${name}, namespace: shop }
spec: { targetRefs: [{ group: '', kind: Service, name: api }], retryConstraint: {} }`;

  it("is accepted, and the second for one Service conflicts", () => {
    const { conditions, findings } = run([service("api"), ready, traffic("b"), traffic("a")]);
    assert.deepEqual(conditions, { a: ["Accepted=True/Accepted"], b: ["Accepted=False/Conflicted"] });
    assert.deepEqual(findings, ["policy-conflicted /spec/targetRefs/0"]);
  });
});

describe("compilePolicies: XTelemetryPolicy", () => {
  const telemetry = (
    name: string,
    tracing: string,
    target = "edge",
  ) => `apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XTelemetryPolicy
metadata: { name: ${name}, namespace: infra }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: ${target} }]
  tracing: ${tracing}`;
  const enabled = "{ mode: Enabled, provider: { backendRef: { name: otel, port: 4318 } } }";

  it("is accepted when it leaves tracing off", () => {
    const { conditions, findings } = run([gateway, telemetry("t", "{ mode: Disabled }")]);
    assert.deepEqual(conditions, { t: ["Accepted=True/Accepted"] });
    assert.deepEqual(findings, []);
  });

  const otel = `apiVersion: v1
kind: Service
metadata: { name: otel, namespace: infra }
spec: { ports: [{ port: 4318 }] }`;

  it("is accepted when it asks for spans and its collector exists", () => {
    const { conditions, findings } = run([gateway, otel, telemetry("t", enabled)]);
    assert.deepEqual(conditions, { t: ["Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs"] });
    assert.deepEqual(findings, []);
  });

  it("says why a collector does not resolve", () => {
    const missing = run([gateway, telemetry("t", enabled)]);
    assert.deepEqual(missing.conditions, { t: ["Accepted=True/Accepted", "ResolvedRefs=False/BackendNotFound"] });
    assert.deepEqual(missing.findings, ["backend-not-found /spec/tracing/provider/backendRef/name"]);
    const elsewhere = enabled.replace("name: otel", "name: otel, namespace: observe");
    const refused = run([gateway, otel.replace("namespace: infra", "namespace: observe"), telemetry("t", elsewhere)]);
    assert.deepEqual(refused.conditions, { t: ["Accepted=True/Accepted", "ResolvedRefs=False/RefNotPermitted"] });
    const grant = `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: spans, namespace: observe }
spec:
  from: [{ group: gateway.networking.x-k8s.io, kind: XTelemetryPolicy, namespace: infra }]
  to: [{ group: "", kind: Service }]`;
    const granted = run([
      gateway,
      otel.replace("namespace: infra", "namespace: observe"),
      telemetry("t", elsewhere),
      grant,
    ]);
    assert.deepEqual(granted.findings, []);
  });

  it("leaves out an attribute that the gateway does not know, and names the nearest", () => {
    const attributes = "attributes: [{ name: m, sourceType: Attribute, attributeKey: http.request.metod }]";
    const { conditions, findings, messages } = run([
      gateway,
      otel,
      telemetry("t", enabled.replace(/ }$/, `, ${attributes} }`)),
    ]);
    assert.deepEqual(conditions, { t: ["Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs"] });
    assert.deepEqual(findings, ["telemetry-attribute-unknown /spec/tracing/attributes/0/attributeKey"]);
    assert.match(messages[0] ?? "", /did you mean http\.request\.method\?/);
  });

  it("conflicts with an older one on the same Gateway", () => {
    const { conditions } = run([gateway, telemetry("b", "{ mode: Disabled }"), telemetry("a", "{ mode: Disabled }")]);
    assert.deepEqual(conditions, { a: ["Accepted=True/Accepted"], b: ["Accepted=False/Conflicted"] });
  });

  it("tells of a Gateway that does not exist, and leaves another controller's alone", () => {
    assert.deepEqual(run([gateway, telemetry("t", "{ mode: Disabled }", "edgy")]).findings, [
      "policy-target-not-found /spec/targetRefs/0/name",
    ]);
    const foreign = run([gateway, telemetry("t", enabled)], { gateways: [], effectsOf: () => [] });
    assert.deepEqual(foreign.findings, []);
    assert.deepEqual(foreign.conditions, { t: undefined });
  });
});

describe("compilePolicies: XBackend", () => {
  const xbackend = (spec: string) => `apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: ext, namespace: shop }
spec: ${spec}`;
  const external = (tls: string) =>
    xbackend(
      `{ type: ExternalHostname, externalHostname: { hostname: api.example.com }, port: { number: 443 }${tls} }`,
    );
  const usage = usageOf("XBackend/shop/ext");

  it("is accepted, and warned of when an external hostname is reached in clear text", () => {
    const { conditions, findings } = run([external("")], usage);
    assert.deepEqual(conditions, { ext: ["Accepted=True/Accepted"] });
    assert.deepEqual(findings, ["backend-external-hostname-clear /spec/tls"]);
  });

  it("is not accepted when its client certificate is missing, of another kind, or not permitted", () => {
    const mutual = (ref: string) =>
      external(
        `, tls: { mode: ClientAndServer, clientCertificateRef: ${ref}, validation: { hostname: a.b, wellKnownCACertificates: System } }`,
      );
    for (const ref of ["{ name: gone }", "{ kind: ConfigMap, name: gone }", "{ name: gone, namespace: other }"]) {
      const { conditions, findings } = run([mutual(ref)], usage);
      assert.deepEqual(conditions, { ext: ["Accepted=False/Invalid"] });
      assert.deepEqual(findings, ["backend-client-certificate-invalid /spec/tls/clientCertificateRef"]);
    }
  });

  it("has no ancestor while no route uses it", () => {
    assert.deepEqual(run([external("")], usageOf()).conditions, { ext: undefined });
  });
});

describe("compilePolicies: Services without endpoints", () => {
  const selectorless = service("api").replace("  selector: { app: api }\n", "");

  it("warns when no endpoint is ready", () => {
    const { findings, messages } = run([
      service("api"),
      ready.replace("addresses: [10.0.0.1]", "addresses: [10.0.0.1], conditions: { ready: false }"),
    ]);
    assert.deepEqual(findings, ["backend-without-endpoints /spec"]);
    assert.match(messages[0] ?? "", /none of its 1 endpoints is ready/);
  });

  it("warns when there is nothing that could make endpoints", () => {
    assert.deepEqual(run([selectorless]).findings, ["backend-without-endpoints /spec"]);
    assert.deepEqual(run([service("api"), ready.replace("[{ addresses: [10.0.0.1] }]", "[]")]).findings, [
      "backend-without-endpoints /spec",
    ]);
  });

  it("only notes a Service whose endpoints a cluster would make", () => {
    assert.deepEqual(run([service("api")]).findings, ["backend-endpoints-unknown /spec/selector"]);
  });

  it("warns when the port names of Service and EndpointSlice differ", () => {
    const { findings, messages } = run([service("api"), ready.replace("name: http, ", "")]);
    assert.deepEqual(findings, ["backend-without-endpoints /spec/ports"]);
    assert.match(messages[0] ?? "", /port names "", and the Service has "http"/);
  });

  it("warns of an XBackend whose selector finds nothing", () => {
    const xbackend = `apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: ext, namespace: shop }
spec: { type: EndpointSelector, endpointSelector: { matchLabels: { app: api } }, port: { number: 80 } }`;
    const usage = usageOf("XBackend/shop/ext");
    assert.deepEqual(run([xbackend], usage).findings, ["backend-without-endpoints /spec/endpointSelector"]);
    assert.deepEqual(run([xbackend, service("api"), ready], usage).findings, []);
  });

  it("is silent for Services that no route uses", () => {
    assert.deepEqual(run([selectorless], usageOf()).findings, []);
  });
});
