import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import type { PlaneUpdate } from "../../src/ir/plane.ts";
import { compileYaml, fromAll, gateway as gatewayYaml, ourClass } from "../compile-status.ts";
import { makeCertificate, tlsSecret } from "../test-certificate.ts";
import { startPlane } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const root = makeCertificate({ commonName: "root", authority: "yes" });
const certificate = makeCertificate({ names: ["backend.test"], issuer: root });
const client = makeCertificate({ commonName: "edge", issuer: root });

async function startServer(options: ServerOptions = {}) {
  const seen: (string | undefined)[] = [];
  const server = createServer(
    { cert: certificate.certPem, key: certificate.keyPem, ...options },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      seen.push(`${socket.getProtocol()} ${socket.getPeerCertificate().subject?.CN ?? "nobody"}`);
      response.end("ok");
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, seen, [Symbol.asyncDispose]: async () => void server.close() };
}

/** What the compiler makes of a route to a Backend, with the endpoints that it finds there. */
function compiled(spec: string, group = "gateway.sluice.dev", more: readonly string[] = []): PlaneUpdate {
  const { result } = compileYaml(
    [
      ourClass,
      gatewayYaml(`{ name: http, port: 80, protocol: HTTP, ${fromAll} }`),
      `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  rules: [{ backendRefs: [{ group: ${group}, kind: Backend, name: api }] }]`,
      `apiVersion: ${group}/v1alpha1
kind: Backend
metadata: { name: api, namespace: shop }
spec: ${spec}`,
      `apiVersion: v1
kind: ConfigMap
metadata: { name: ca, namespace: shop }
data: { ca.crt: ${JSON.stringify(root.certPem)} }`,
      tlsSecret("client", "shop", { crt: client.certPem, key: client.keyPem }),
      ...more,
    ],
    { stubBackends: false },
  );
  return { generation: 1, routing: result.routing, endpoints: result.endpoints, secrets: result.secrets };
}

async function outcome(update: PlaneUpdate, options = {}): Promise<string> {
  await using gateway = await startPlane(update, options);
  const { status } = await exchange(gateway.port, get("/"));
  return `${status} ${gateway.records[0]!.responseFlag}`;
}

const at = (port: number) => `endpoints: [{ ip: { address: 127.0.0.1, port: ${port} } }]`;
const ca = 'caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }]';

test("a Backend is reached by address and by name, in either group", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  const byName = `{ endpoints: [{ fqdn: { hostname: localhost.localdomain, port: ${upstream.port} } }] }`;
  assert.equal(await outcome(compiled(`{ ${at(upstream.port)} }`)), "200 -");
  assert.equal(await outcome(compiled(`{ ${at(upstream.port)} }`, "gateway.envoyproxy.io")), "200 -");
  assert.deepEqual(Object.values(compiled(byName).endpoints), [
    [{ address: "localhost.localdomain", port: upstream.port }],
  ]);
});

test("a Backend does not lead to the gateway's own machine", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  assert.equal(await outcome(compiled(`{ ${at(upstream.port)} }`), { allowedUpstream: [] }), "502 UAR");
  assert.equal(upstream.requests.length, 0);
});

test("a Backend is verified by its name and authorities", async () => {
  await using server = await startServer();
  const tls = (text: string) => outcome(compiled(`{ ${at(server.port)}, tls: { ${text} } }`));
  assert.equal(await tls(`sni: backend.test, ${ca}`), "200 -");
  assert.equal(await tls(`sni: other.test, ${ca}`), "502 UTF");
  assert.equal(await tls("sni: backend.test, wellKnownCACertificates: System"), "502 UTF");
  assert.equal(await tls("insecureSkipVerify: true"), "200 -");
  // Nothing to verify by: no request is sent.
  assert.equal(await tls("sni: backend.test"), "500 NC");
  assert.equal(await tls(ca), "500 NC");
  assert.equal(await tls(`sni: backend.test, ${ca}, ciphers: [RC4-MD5]`), "500 NC");
  assert.equal(server.seen.length, 2);
});

test("a Backend's versions and client certificate are those of its handshakes", async () => {
  await using server = await startServer({ requestCert: true, rejectUnauthorized: false, ca: root.certPem });
  const tls = (text: string) => outcome(compiled(`{ ${at(server.port)}, tls: { sni: backend.test, ${ca}, ${text} } }`));
  assert.equal(await tls('maxVersion: "1.2", clientCertificateRef: { name: client }'), "200 -");
  assert.equal(await tls('minVersion: "1.3"'), "200 -");
  assert.deepEqual(server.seen, ["TLSv1.2 edge", "TLSv1.3 nobody"]);
  await using old = await startServer({ maxVersion: "TLSv1.2" });
  assert.equal(
    await outcome(compiled(`{ ${at(old.port)}, tls: { sni: backend.test, ${ca}, minVersion: "1.3" } }`)),
    "502 UTF",
  );
  assert.equal(await tls("clientCertificateRef: { name: nobody }"), "500 NC");
});
