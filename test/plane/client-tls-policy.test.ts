import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { type ConnectionOptions, connect } from "node:tls";
import type { PlaneUpdate } from "../../src/ir/plane.ts";
import { compileYaml, fromAll, gateway as gatewayYaml, ourClass } from "../compile-status.ts";
import { makeCertificate, type TestCertificate, tlsSecret } from "../test-certificate.ts";
import { makeRevocationList } from "../test-revocation-list.ts";
import { startPlane } from "./plane-fixture.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const root = makeCertificate({ commonName: "root", authority: "yes" });
const clientRoot = makeCertificate({ commonName: "client root", authority: "yes" });
const server = makeCertificate({ names: ["a.test"], issuer: root });
const ann = makeCertificate({ names: ["ann.test"], uris: ["spiffe://mesh.test/ann"], issuer: clientRoot });
const bob = makeCertificate({ names: ["bob.test"], uris: ["spiffe://mesh.test/bob"], issuer: clientRoot });
const stranger = makeCertificate({ names: ["ann.test"], uris: ["spiffe://mesh.test/ann"] });

const secret = (name: string, entries: Readonly<Record<string, string>>, namespace = "infra") => `apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: ${namespace} }
data: ${JSON.stringify(Object.fromEntries(Object.entries(entries).map(([key, text]) => [key, Buffer.from(text).toString("base64")])))}`;

/** What the compiler makes of a ClientTrafficPolicy with this `tls` for an HTTPS listener. */
function compiled(tls: string, port: number, more: readonly string[] = []): PlaneUpdate & { readonly told: string[] } {
  const { result } = compileYaml(
    [
      ourClass,
      gatewayYaml(
        `{ name: web, port: 443, protocol: HTTPS, hostname: a.test, tls: { certificateRefs: [{ name: server }] }, ${fromAll} }`,
      ),
      tlsSecret("server", "infra", { crt: server.certPem, key: server.keyPem }),
      secret("ca", { "ca.crt": clientRoot.certPem }),
      `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  rules: [{ backendRefs: [{ group: gateway.sluice.dev, kind: Backend, name: api }] }]`,
      `apiVersion: gateway.sluice.dev/v1alpha1
kind: Backend
metadata: { name: api, namespace: shop }
spec: { endpoints: [{ ip: { address: 127.0.0.1, port: ${port} } }] }`,
      `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: ClientTrafficPolicy
metadata: { name: tls, namespace: infra }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  tls: ${tls}`,
      ...more,
    ],
    { stubBackends: false },
  );
  const told = result.findings.filter(({ object }) => object.name === "tls").map(({ name }) => name);
  return { generation: 1, routing: result.routing, endpoints: result.endpoints, secrets: result.secrets, told };
}

/** `status protocol alpn`, or `refused`. */
async function ask(port: number, client?: TestCertificate, options: ConnectionOptions = {}): Promise<string> {
  const pair = client === undefined ? {} : { cert: client.certPem, key: client.keyPem };
  const socket = connect({ port, host: "127.0.0.1", servername: "a.test", ca: root.certPem, ...pair, ...options });
  try {
    await once(socket, "secureConnect");
    socket.write("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    const [bytes] = await Promise.race([
      once(socket, "data"),
      once(socket, "close").then(() => [Buffer.from("HTTP/1.1 closed")]),
    ]);
    const status = (bytes as Buffer).toString("latin1").split(" ")[1];
    return status === "closed" ? "refused" : `${status} ${socket.getProtocol()} ${socket.alpnProtocol || "-"}`;
  } catch {
    return "refused";
  } finally {
    socket.destroy();
  }
}

async function outcomes(
  tls: string,
  clients: readonly (TestCertificate | undefined)[],
  more: readonly string[] = [],
): Promise<readonly string[]> {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  await using gateway = await startPlane(compiled(tls, upstream.port, more));
  const port = gateway.plane.boundPort(443);
  if (port === undefined) return ["no port"];
  const answers: string[] = [];
  // Twice: what a session brings along must not let anybody in.
  for (const client of clients) answers.push(await ask(port, client), await ask(port, client));
  assert.deepEqual(
    answers.filter((_, index) => index % 2 === 0),
    answers.filter((_, index) => index % 2 === 1),
  );
  return answers.filter((_, index) => index % 2 === 0).map((answer) => answer.split(" ")[0]!);
}

const ca = "caCertificateRefs: [{ name: ca }]";
const validation = (text: string) => `{ clientValidation: { ${text} } }`;
const everyone = [ann, bob, stranger, undefined];
const spki = (certificate: TestCertificate) =>
  createHash("sha256")
    .update(new X509Certificate(certificate.certPem).publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");

for (const [title, text, expected] of [
  ["RequireAndVerify", ca, ["200", "200", "refused", "refused"]],
  ["optional", `${ca}, optional: true`, ["200", "200", "refused", "200"]],
  ["VerifyIfGiven", `${ca}, mode: VerifyIfGiven`, ["200", "200", "refused", "200"]],
  ["RequireAny", "mode: RequireAny", ["200", "200", "200", "refused"]],
  ["Request", "mode: Request", ["200", "200", "200", "200"]],
  [
    "a name",
    `${ca}, subjectAltNames: { uris: [{ value: "spiffe://mesh.test/ann" }] }`,
    ["200", "refused", "refused", "refused"],
  ],
  [
    "a name by expression",
    `${ca}, subjectAltNames: { dnsNames: [{ type: RegularExpression, value: "b.b[.]test" }] }`,
    ["refused", "200", "refused", "refused"],
  ],
  ["a public key", `${ca}, spkiHashes: ["${spki(bob)}"]`, ["refused", "200", "refused", "refused"]],
  [
    "a certificate that nobody vouches for",
    `certificateHashes: ["${new X509Certificate(stranger.certPem).fingerprint256}"]`,
    ["refused", "refused", "200", "refused"],
  ],
  ["no authorities", "mode: RequireAndVerify", ["refused", "refused", "refused", "refused"]],
  [
    "authorities that are not there",
    "caCertificateRefs: [{ name: gone }]",
    ["refused", "refused", "refused", "refused"],
  ],
  [
    "authorities of another namespace",
    "caCertificateRefs: [{ name: ca, namespace: shop }]",
    ["refused", "refused", "refused", "refused"],
  ],
  [
    "a broken expression",
    `${ca}, subjectAltNames: { dnsNames: [{ type: RegularExpression, value: "(" }] }`,
    ["refused", "refused", "refused", "refused"],
  ],
  ["lists that are not there", `${ca}, crl: { refs: [{ name: ca }] }`, ["refused", "refused", "refused", "refused"]],
] as const) {
  test(`client validation of a policy: ${title}`, async () => {
    assert.deepEqual(await outcomes(validation(text), everyone), expected);
  });
}

test("client validation of a policy: revoked certificates stay out", async () => {
  const list = secret("crl", { "ca.crl": makeRevocationList(clientRoot, [bob]) });
  const answers = await outcomes(validation(`${ca}, crl: { refs: [{ name: crl }] }`), everyone, [list]);
  assert.deepEqual(answers, ["200", "refused", "refused", "refused"]);
  const none = secret("crl", { "ca.crl": makeRevocationList(root, []) });
  assert.deepEqual(
    await outcomes(validation(`${ca}, crl: { refs: [{ name: crl }] }`), [ann], [none]),
    ["refused"],
    "no list of the client's authority",
  );
});

test("client validation of a policy: what cannot be honoured is told at its field", () => {
  assert.deepEqual(compiled(validation("caCertificateRefs: [{ kind: Service, name: ca }]"), 1).told, [
    "policy-ca-kind-unsupported",
  ]);
  assert.deepEqual(compiled(validation(`${ca}, crl: { refs: [{ kind: ConfigMap, name: ca }] }`), 1).told, [
    "client-setting-invalid",
  ]);
});

test("versions, protocols and algorithms of a policy are those of handshakes", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  const start = (tls: string) => startPlane(compiled(tls, upstream.port));
  const offers = { ALPNProtocols: ["h2", "http/1.1"] };
  {
    await using gateway = await start('{ maxVersion: "1.2", alpnProtocols: [http/1.1] }');
    const port = gateway.plane.boundPort(443)!;
    assert.equal(await ask(port, undefined, offers), "200 TLSv1.2 http/1.1");
    assert.equal(await ask(port, undefined, { minVersion: "TLSv1.3" }), "refused");
  }
  {
    await using gateway = await start('{ minVersion: "1.3", alpnProtocols: [], ecdhCurves: [P-384] }');
    const port = gateway.plane.boundPort(443)!;
    assert.equal(await ask(port, undefined, offers), "200 TLSv1.3 -");
    assert.equal(await ask(port, undefined, { maxVersion: "TLSv1.2" }), "refused");
    assert.equal(await ask(port, undefined, { ecdhCurve: "X25519" }), "refused");
  }
  {
    await using gateway = await start(
      "{ ciphers: [ECDHE-ECDSA-AES256-GCM-SHA384], signatureAlgorithms: [ecdsa_secp256r1_sha256] }",
    );
    const port = gateway.plane.boundPort(443)!;
    const old = { maxVersion: "TLSv1.2" } as const;
    assert.equal(await ask(port, undefined, { ...old, ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" }), "refused");
    assert.equal(await ask(port, undefined, { ...old, ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" }), "200 TLSv1.2 -");
    assert.equal(await ask(port, undefined, { sigalgs: "ecdsa_secp384r1_sha384" }), "refused");
  }
  assert.deepEqual(compiled('{ minVersion: "1.0", alpnProtocols: [h3], ciphers: [RC4-MD5] }', 1).told, [
    "client-setting-invalid",
    "client-setting-invalid",
    "client-setting-invalid",
  ]);
});

test("sessions are resumed unless a policy names sessions and no resumption", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  for (const [tls, expected] of [
    ["{ session: {} }", false],
    ["{ session: { resumption: { stateless: {} } } }", true],
  ] as const) {
    await using gateway = await startPlane(compiled(tls, upstream.port));
    const port = gateway.plane.boundPort(443)!;
    const first = connect({ port, host: "127.0.0.1", servername: "a.test", ca: root.certPem });
    let session: Buffer | undefined;
    first.on("session", (bytes: Buffer) => {
      session = bytes;
    });
    first.end("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    await once(first.resume(), "close");
    const resumed = session === undefined ? {} : { session };
    const second = connect({ port, host: "127.0.0.1", servername: "a.test", ca: root.certPem, ...resumed });
    await once(second, "secureConnect");
    assert.equal(second.isSessionReused(), expected, tls);
    second.destroy();
  }
});
