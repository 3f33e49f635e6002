import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { createServer, type Server, type TLSSocket, type TlsOptions } from "node:tls";
import type { PlaneUpdate } from "../../src/ir/plane.ts";
import { compileYaml, fromAll, gateway as gatewayYaml, ourClass } from "../compile-status.ts";
import { makeCertificate, type TestCertificate, tlsSecret } from "../test-certificate.ts";
import { startPlane } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok } from "./raw-upstream.ts";

const backendRoot = makeCertificate({ commonName: "backend root", authority: "yes" });
const otherRoot = makeCertificate({ commonName: "other root", authority: "yes" });
const leaf = makeCertificate({
  names: ["backend.test", "*.wild.test"],
  uris: ["spiffe://mesh.test/ns/shop/sa/api"],
  issuer: backendRoot,
});

type Seen = { readonly resumed: boolean; readonly serverName: unknown; readonly client: string };

/** A backend over TLS that notes each connection and answers every request; `close`: with the connection's end. */
async function startBackend(
  options: TlsOptions & { readonly close?: "yes" } = {},
): Promise<{ server: Server; port: number; seen: Seen[] } & AsyncDisposable> {
  const seen: Seen[] = [];
  const server = createServer({ cert: leaf.certPem, key: leaf.keyPem, ...options }, (socket: TLSSocket) => {
    const client = String(socket.getPeerCertificate().subject?.CN ?? "");
    seen.push({ resumed: socket.isSessionReused(), serverName: socket.servername, client });
    socket.on("error", () => {});
    socket.on("data", () => {
      if (options.close === undefined) socket.write(ok("from tls"));
      else socket.end(ok("from tls", "Connection: close\r\n"));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    server,
    port: typeof address === "object" && address !== null ? address.port : 0,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}

const pem = (certificate: TestCertificate): string => JSON.stringify(certificate.certPem);
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Bundles with the backend's authority, one of each kind, and a wrong one. */
const bundles = `apiVersion: v1
kind: ConfigMap
metadata: { name: ca-map, namespace: shop }
data: { ca.crt: ${pem(backendRoot)} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: wrong, namespace: shop }
data: { ca.crt: ${pem(otherRoot)} }
---
apiVersion: v1
kind: Secret
metadata: { name: ca-secret, namespace: shop }
data: { ca.crt: ${base64(backendRoot.certPem)} }
---
apiVersion: certificates.k8s.io/v1beta1
kind: ClusterTrustBundle
metadata: { name: ca-bundle }
spec: { trustBundle: ${pem(backendRoot)} }`;

const ref = (kind: string, name: string): string => {
  const group = kind === "ClusterTrustBundle" ? "certificates.k8s.io" : '""';
  return `caCertificateRefs: [{ group: ${group}, kind: ${kind}, name: ${name} }]`;
};

/** What the compiler makes of a Service with a BackendTLSPolicy; its endpoint is `127.0.0.1:port`. */
function compiled(port: number, validation: string, gatewayTls = "", more: readonly string[] = []): PlaneUpdate {
  const { result } = compileYaml(
    [
      ourClass,
      gatewayYaml(`{ name: http, port: 80, protocol: HTTP, ${fromAll} }`, gatewayTls),
      `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  rules: [{ backendRefs: [{ name: api, port: 443 }] }]`,
      `apiVersion: v1
kind: Service
metadata: { name: api, namespace: shop }
spec: { ports: [{ port: 443, targetPort: ${port} }] }`,
      `apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: api, namespace: shop }
spec:
  targetRefs: [{ group: "", kind: Service, name: api }]
  validation: { ${validation} }`,
      bundles,
      ...more,
    ],
    { stubBackends: false },
  );
  const endpoints = Object.fromEntries(
    Object.values(result.routing.clusters).map((cluster) => [cluster.endpoints, [{ address: "127.0.0.1", port }]]),
  );
  return { generation: 1, routing: result.routing, endpoints, secrets: result.secrets };
}

async function outcome(update: PlaneUpdate, times = 1): Promise<readonly string[]> {
  await using gateway = await startPlane(update);
  const statuses: number[] = [];
  for (let i = 0; i < times; i++) statuses.push((await exchange(gateway.port, get("/"))).status);
  return statuses.map((status, i) => `${status} ${gateway.records[i]!.responseFlag}`);
}

const good = "hostname: backend.test";
const table: readonly (readonly [title: string, validation: string, expected: string])[] = [
  ["a CA of a ConfigMap", `${good}, ${ref("ConfigMap", "ca-map")}`, "200 -"],
  ["a CA of a Secret", `${good}, ${ref("Secret", "ca-secret")}`, "200 -"],
  ["a CA of a ClusterTrustBundle", `${good}, ${ref("ClusterTrustBundle", "ca-bundle")}`, "200 -"],
  ["another CA", `${good}, ${ref("ConfigMap", "wrong")}`, "502 UTF"],
  ["the system's CAs", `${good}, wellKnownCACertificates: System`, "502 UTF"],
  ["another hostname", `hostname: other.test, ${ref("ConfigMap", "ca-map")}`, "502 UTF"],
  ["a hostname that a wildcard covers", `hostname: a.wild.test, ${ref("ConfigMap", "ca-map")}`, "200 -"],
  ["a hostname that a wildcard does not reach", `hostname: a.b.wild.test, ${ref("ConfigMap", "ca-map")}`, "502 UTF"],
  [
    "a DNS name among the alternatives",
    `hostname: other.test, subjectAltNames: [{ type: Hostname, hostname: backend.test }], ${ref("ConfigMap", "ca-map")}`,
    "200 -",
  ],
  [
    "a URI among the alternatives",
    `hostname: other.test, subjectAltNames: [{ type: Hostname, hostname: no.test }, { type: URI, uri: "spiffe://mesh.test/ns/shop/sa/api" }], ${ref("ConfigMap", "ca-map")}`,
    "200 -",
  ],
  [
    "none of the alternatives",
    `${good}, subjectAltNames: [{ type: URI, uri: "spiffe://mesh.test/ns/shop/sa/ap" }], ${ref("ConfigMap", "ca-map")}`,
    "502 UTF",
  ],
];

for (const [title, validation, expected] of table) {
  test(`backend TLS: ${title}: ${expected}, the first time and the second`, async () => {
    // TLS 1.2 gives its session before the certificate has been judged.
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      await using backend = await startBackend({ close: "yes", maxVersion });
      assert.deepEqual(await outcome(compiled(backend.port, validation), 2), [expected, expected], maxVersion);
      const name = /hostname: ([a-z.]+)/.exec(validation)?.[1];
      // TLS 1.2 does not tell it of a resumed session.
      for (const { serverName, resumed } of backend.seen) {
        if (maxVersion === "TLSv1.3" || !resumed) assert.equal(serverName, name, "the name sent");
      }
    }
  });
}

test("backend TLS: sessions are resumed, also after a swap, and not with another CA", async () => {
  await using backend = await startBackend({ close: "yes" });
  const update = () => compiled(backend.port, `${good}, ${ref("ConfigMap", "ca-map")}`);
  await using gateway = await startPlane(update());
  const ask = async () => (await exchange(gateway.port, get("/"))).status;
  assert.deepEqual([await ask(), await ask()], [200, 200]);
  await gateway.plane.apply(update());
  assert.equal(await ask(), 200);
  assert.deepEqual(
    backend.seen.map(({ resumed }) => resumed),
    [false, true, true],
  );
  await gateway.plane.apply(compiled(backend.port, `${good}, ${ref("ConfigMap", "wrong")}`));
  assert.equal(await ask(), 502);
});

test("backend TLS: the Gateway's client certificate is shown to backends that ask for one", async () => {
  const clientRoot = makeCertificate({ commonName: "client root", authority: "yes" });
  const own = makeCertificate({ commonName: "edge gateway", issuer: clientRoot });
  await using backend = await startBackend({ requestCert: true, rejectUnauthorized: true, ca: clientRoot.certPem });
  const secret = tlsSecret("own", "infra", { crt: own.certPem, key: own.keyPem });
  const validation = `${good}, ${ref("ConfigMap", "ca-map")}`;
  const tls = "tls: { backend: { clientCertificateRef: { name: own } } }";
  assert.deepEqual(await outcome(compiled(backend.port, validation, tls, [secret])), ["200 -"]);
  assert.deepEqual(backend.seen, [{ resumed: false, serverName: "backend.test", client: "edge gateway" }]);
  assert.match((await outcome(compiled(backend.port, validation)))[0]!, /^502 U/, "without it");
});

test("TLS to backends: one that speaks HTTP/2 alone is not asked in HTTP/1.1, and the log says that it is about the protocol", async () => {
  await using backend = await startBackend({ ALPNProtocols: ["h2"] });
  const update = compiled(backend.port, `${good}, ${ref("ConfigMap", "ca-map")}`);
  assert.deepEqual(await outcome(update), ["502 UPE"]);
});
