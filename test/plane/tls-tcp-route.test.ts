import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "node:tls";
import { compileYaml, fromAll, gateway, ourClass } from "../compile-status.ts";
import { makeCertificate, tlsSecret } from "../test-certificate.ts";
import { startPlane } from "./plane-fixture.ts";
import { RawUpstream } from "./raw-upstream.ts";

const certificate = makeCertificate({ names: ["*.example.com"] });
const parent = "parentRefs: [{ name: edge, namespace: infra }]";
const route = (kind: string, name: string, fields = "") => `apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: shop }
spec: { ${parent}, ${fields}rules: [{ backendRefs: [{ name: ${name}, port: 80 }] }] }`;
const service = (name: string, port: number) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { ports: [{ port: 80, targetPort: ${port} }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: "", port: ${port} }]
endpoints: [{ addresses: [127.0.0.1] }]`;

/** What a stream to that server name is answered, once it has said something. */
async function ask(port: number, servername: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", servername, ca: certificate.certPem });
  socket.on("error", () => {});
  socket.write("in the clear");
  let answer = "";
  socket.on("data", (bytes) => {
    answer += bytes;
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return answer;
}

test("a TLS listener that ends TLS gives a TCPRoute what no TLSRoute asks for, decrypted", async () => {
  const echo = (name: string) =>
    RawUpstream.startRaw((socket) => socket.once("data", (bytes) => socket.end(`${name}: ${bytes}`)));
  await using bytes = await echo("tcp");
  await using named = await echo("tls");
  const documents = [
    ourClass,
    gateway(
      `{ name: tls, port: 443, protocol: TLS, hostname: "*.example.com", tls: { mode: Terminate, certificateRefs: [{ name: cert }] }, ${fromAll} }`,
    ),
    tlsSecret("cert", "infra", { crt: certificate.certPem, key: certificate.keyPem }),
    route("TCPRoute", "bytes"),
    route("TLSRoute", "named", "hostnames: [named.example.com], "),
    service("bytes", bytes.port),
    service("named", named.port),
  ];
  const { result, conditions, parents } = compileYaml(documents, { supportedFeatures: ["TLSRouteModeTerminate"] });
  assert.ok(conditions("Gateway/edge", "tls").includes("ResolvedRefs=True ResolvedRefs"));
  assert.deepEqual(parents("TCPRoute/bytes"), [["Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs"]]);
  await using gatewayPlane = await startPlane({ generation: 1, ...result });
  const port = gatewayPlane.plane.boundPort(443)!;
  assert.equal(await ask(port, "any.example.com"), "tcp: in the clear");
  assert.equal(await ask(port, "named.example.com"), "tls: in the clear");
  assert.equal(await ask(port, "example.org"), "", "outside the listener's hostname");
});

test("a TLS listener that passes TLS through takes no TCPRoute", () => {
  const { names, listener } = compileYaml([
    ourClass,
    gateway(`{ name: tls, port: 443, protocol: TLS, tls: { mode: Passthrough }, ${fromAll} }`),
    route("TCPRoute", "bytes"),
  ]);
  assert.deepEqual(names, ["route-kind-not-allowed"]);
  assert.deepEqual(
    listener("Gateway/edge", "tls").supportedKinds.map(({ kind }) => kind),
    ["TLSRoute"],
  );
});
