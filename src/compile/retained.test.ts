import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultOptions, service } from "../../test/compile-case.ts";
import { type Compiled, compileYaml, fromAll, gateway, ourClass, route } from "../../test/compile-status.ts";
import { makeCertificate, tlsSecret } from "../../test/test-certificate.ts";
import { createCompileMemo } from "./compile-memo.ts";

const nowMs = Date.parse("2026-06-01T00:00:00Z");
const untilMs = Date.parse("2026-07-01T00:00:00Z");
const good = makeCertificate({ names: ["shop.example.com"], from: "2026-05-01T00:00:00Z", to: "2026-07-01T00:00:00Z" });
const other = makeCertificate({ names: ["shop.example.com"] });
const https = `{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] }, ${fromAll} }`;
const http = "{ name: http, port: 80, protocol: HTTP }";
const goodSecret = tlsSecret("cert", "infra", { crt: good.certPem, key: good.keyPem });
const unusable: Readonly<Record<string, readonly string[]>> = {
  broken: [tlsSecret("cert", "infra", { crt: good.certPem.slice(0, 300), key: good.keyPem })],
  mismatched: [tlsSecret("cert", "infra", { crt: good.certPem, key: other.keyPem })],
  deleted: [],
};

/** Compilations one after another, each with what the one before gave back. */
function sequence(): (objects: readonly string[], atMs?: number) => Compiled {
  const memo = createCompileMemo();
  let { retained } = defaultOptions;
  return (objects, atMs = nowMs) => {
    const compiled = compileYaml([ourClass, ...objects], { nowMs: atMs, retained }, memo);
    retained = compiled.result.retained;
    return compiled;
  };
}

const listenersOf = ({ result }: Compiled) => result.routing.gateways.flatMap(({ listeners }) => listeners);

describe("a certificate that was good and can no longer be used", () => {
  for (const [what, secrets] of Object.entries(unusable)) {
    it(`goes on serving when it is ${what}, and the status says so`, () => {
      const compile = sequence();
      const before = compile([gateway(https), goodSecret]);
      const after = compile([gateway(https), ...secrets]);
      assert.deepEqual(listenersOf(after), listenersOf(before), "nothing that is served changes");
      assert.deepEqual(after.result.dataPlanes, before.result.dataPlanes, "nor the ports of a Service");
      const [key = ""] = after.result.secrets.keys();
      const material = after.result.secrets.get(key);
      assert.equal(material?.kind === "certificate" && material.keyPem, good.keyPem);
      assert.deepEqual(after.conditions("Gateway/edge", "https"), [
        "Accepted=True Accepted",
        "Programmed=Unknown Pending",
        "ResolvedRefs=False InvalidCertificateRef",
        "Conflicted=False NoConflicts",
      ]);
      assert.match(after.result.findings[0]?.message ?? "", /stays in use; it is valid until 2026-07-01\.$/);
    });
    it(`was never good when it is ${what} from the start: the listener stays closed`, () => {
      assert.deepEqual(listenersOf(sequence()([gateway(https), ...secrets])), []);
    });
  }

  it("gives way to the next good one", () => {
    const compile = sequence();
    compile([gateway(https), goodSecret]);
    compile([gateway(https)]);
    const next = compile([gateway(https), tlsSecret("cert", "infra", { crt: other.certPem, key: other.keyPem })]);
    assert.deepEqual(next.names, []);
    const material = next.result.secrets.get(next.result.secrets.keys()[0] ?? "");
    assert.equal(material?.kind === "certificate" && material.keyPem, other.keyPem);
  });

  it("serves no longer than it is valid, and the result says when to look again", () => {
    const compile = sequence();
    compile([gateway(https), goodSecret]);
    const objects = [gateway(https)];
    assert.equal(compile(objects).result.freshUntilMs, Date.parse("2026-06-17T00:00:00Z"), "the warning begins");
    const last = compile(objects, untilMs - 1);
    assert.equal(listenersOf(last).length, 1);
    assert.equal(last.result.freshUntilMs, untilMs);
    const over = compile(objects, untilMs);
    assert.deepEqual(listenersOf(over), []);
    assert.equal(over.result.retained.size, 0);
    assert.equal(over.result.freshUntilMs, Number.POSITIVE_INFINITY);
  });

  it("is unloaded with the listener", () => {
    const compile = sequence();
    compile([gateway(https), goodSecret]);
    assert.equal(compile([gateway(http)]).result.retained.size, 0);
    assert.deepEqual(listenersOf(compile([gateway(https)])), []);
  });

  it("is unloaded when the ReferenceGrant is withdrawn", () => {
    const elsewhere = https.replace("name: cert", "name: cert, namespace: certs");
    const grant = `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: g, namespace: certs }
spec: { from: [{ group: gateway.networking.k8s.io, kind: Gateway, namespace: infra }], to: [{ group: '', kind: Secret }] }`;
    const compile = sequence();
    compile([gateway(elsewhere), grant, goodSecret.replace("namespace: infra", "namespace: certs")]);
    assert.equal(listenersOf(compile([gateway(elsewhere), grant])).length, 1);
    const withdrawn = compile([gateway(elsewhere)]);
    assert.deepEqual(listenersOf(withdrawn), []);
    assert.equal(withdrawn.result.retained.size, 0);
  });

  it("goes on being shown to backends", () => {
    const client = `{ name: https, port: 80, protocol: HTTP, ${fromAll} }`;
    const edge = gateway(client, "tls: { backend: { clientCertificateRef: { name: cert } } }");
    const authority = Buffer.from(other.certPem).toString("base64");
    const backend = [
      service("api"),
      `{ apiVersion: v1, kind: ConfigMap, metadata: { name: ca, namespace: shop }, binaryData: { ca.crt: ${authority} } }`,
      `apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: tls, namespace: shop }
spec:
  targetRefs: [{ group: '', kind: Service, name: api }]
  validation: { hostname: api.example.com, caCertificateRefs: [{ group: '', kind: ConfigMap, name: ca }] }`,
      route(
        "parentRefs: [{ name: edge, namespace: infra }], rules: [{ backendRefs: [{ name: api, port: 80 }] }]",
        "HTTPRoute",
      ),
    ];
    const compile = sequence();
    const before = compile([edge, ...backend, goodSecret]);
    const after = compile([edge, ...backend]);
    const clientCertificates = ({ result }: Compiled) =>
      Object.values(result.routing.clusters).map(({ tls }) => tls?.clientCertificate);
    assert.deepEqual(clientCertificates(before), ["Secret/infra/cert"]);
    assert.deepEqual(clientCertificates(after), ["Secret/infra/cert"]);
    assert.ok(after.result.secrets.get("Secret/infra/cert"));
    assert.match(after.result.findings.map(({ message }) => message).join(" "), /stays in use/);
  });
});
