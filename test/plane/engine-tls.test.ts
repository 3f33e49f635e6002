import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { type ConnectionOptions, connect, createServer } from "node:tls";
import type { HttpListener } from "../../src/ir/routing-model.ts";
import type { SecretMaterial } from "../../src/ir/secret-table.ts";
import type { ClientValidation } from "../../src/ir/tls.ts";
import { parseSubjectAltNames } from "../../src/proxy/upstream/tls-context.ts";
import { makeCertificate, type TestCertificate } from "../test-certificate.ts";
import { buildUpdate, type TestListener } from "./model-builder.ts";
import { startPlane, startRules } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const root = makeCertificate({ commonName: "root", authority: "yes" });

type Secrets = Map<string, SecretMaterial>;

/** TLS of a listener with one certificate for these names; its material goes into `secrets`. */
function terminate(
  secrets: Secrets,
  certificate: TestCertificate,
  names: readonly string[],
  clientValidation?: ClientValidation,
): NonNullable<HttpListener["tls"]> {
  const fingerprint = String(secrets.size);
  const key = `demo/${names[0]}#${fingerprint}`;
  secrets.set(key, { kind: "certificate", chainPem: certificate.certPem, keyPem: certificate.keyPem });
  return {
    mode: "terminate",
    certificates: [{ key, fingerprint, names }],
    minVersion: "TLSv1.2",
    ...(clientValidation === undefined ? {} : { clientValidation }),
  };
}

function httpsListener(
  name: string,
  hostname: string,
  tls: NonNullable<HttpListener["tls"]>,
  port: number,
): TestListener {
  const rules = [{ name, backends: [{ name: "app", ports: [port] }] }];
  return { name, port: 443, hostname, tls, rules };
}

async function names(port: number, servername: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", servername, ca: root.certPem, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const subject = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return String(subject);
}

const trusting: ConnectionOptions = { ca: root.certPem, checkServerIdentity: () => undefined };

test("TLS: the server name chooses the certificate, exact before wildcard, and unknown names are refused", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const secrets: Secrets = new Map();
  const exact = makeCertificate({ names: ["a.example.test"], issuer: root });
  const wildcard = makeCertificate({ names: ["*.example.test"], issuer: root });
  const update = buildUpdate(
    [
      httpsListener("wild", "*.example.test", terminate(secrets, wildcard, ["*.example.test"]), upstream.port),
      httpsListener("exact", "a.example.test", terminate(secrets, exact, ["a.example.test"]), upstream.port),
    ],
    secrets,
  );
  await using gateway = await startPlane(update);
  const port = gateway.plane.boundPort(443)!;
  assert.equal(await names(port, "a.example.test"), "a.example.test");
  assert.equal(await names(port, "b.example.test"), "*.example.test");
  await assert.rejects(names(port, "other.test"));
  await using client = await RawClient.connectTls(port, { ...trusting, servername: "A.example.test" });
  client.send(get("/", "", "a.example.test"));
  assert.equal((await client.response()).body, "secure");
  assert.match(upstream.requests[0]!.head, /x-forwarded-proto: https/);
});

test("TLS: a request for another listener's host is answered with 421, one for nobody's with 404", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const secrets: Secrets = new Map();
  const certificate = makeCertificate({ names: ["a.example.test", "b.example.test"], issuer: root });
  const update = buildUpdate(
    [
      httpsListener("a", "a.example.test", terminate(secrets, certificate, ["a.example.test"]), upstream.port),
      httpsListener("b", "b.example.test", terminate(secrets, certificate, ["b.example.test"]), upstream.port),
    ],
    secrets,
  );
  await using gateway = await startPlane(update);
  const port = gateway.plane.boundPort(443)!;
  await using client = await RawClient.connectTls(port, { ...trusting, servername: "a.example.test" });
  for (const [host, status] of [
    ["a.example.test", 200],
    ["b.example.test", 421],
    ["c.example.test", 404],
  ] as const) {
    client.send(get("/", "", host));
    assert.equal((await client.response()).status, status, host);
  }
});

test("TLS: a new certificate is shown without closing a connection", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const withCertificate = (commonName: string, secrets: Secrets, hostname: string) =>
    buildUpdate(
      [
        httpsListener(
          "a",
          hostname,
          terminate(secrets, makeCertificate({ commonName, names: ["a.example.test"], issuer: root }), [
            "a.example.test",
          ]),
          upstream.port,
        ),
      ],
      secrets,
    );
  for (const hostname of ["a.example.test", ""]) {
    await using gateway = await startPlane(
      withCertificate("old", new Map([["x", { kind: "ca", bundlePem: "" }]]), hostname),
    );
    const port = gateway.plane.boundPort(443)!;
    assert.equal(await names(port, "a.example.test"), "old");
    await using client = await RawClient.connectTls(port, { ...trusting, servername: "a.example.test" });
    client.send(get("/", "", "a.example.test"));
    await client.response();
    await gateway.plane.apply(withCertificate("new", new Map(), hostname));
    assert.equal(gateway.plane.boundPort(443), port);
    assert.equal(await names(port, "a.example.test"), "new");
    client.send(get("/", "", "a.example.test"));
    assert.equal((await client.response()).status, 200);
  }
});

test("TLS: client certificates are demanded, or asked for, as the listener says", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const clientRoot = makeCertificate({ commonName: "client root", authority: "yes" });
  const good = makeCertificate({ names: ["client"], issuer: clientRoot });
  const stranger = makeCertificate({ names: ["stranger"] });
  const server = makeCertificate({ names: ["a.example.test"], issuer: root });
  const start = (mode: ClientValidation["mode"]) => {
    const secrets: Secrets = new Map([["ca", { kind: "ca", bundlePem: clientRoot.certPem }]]);
    const validation: ClientValidation = { ca: [{ kind: "bundle", key: "ca", fingerprint: "1" }], mode };
    const tls = terminate(secrets, server, ["a.example.test"], validation);
    return startPlane(buildUpdate([httpsListener("a", "a.example.test", tls, upstream.port)], secrets));
  };
  const attempt = async (port: number, certificate: TestCertificate | undefined): Promise<number | string> => {
    const own = certificate === undefined ? {} : { cert: certificate.certPem, key: certificate.keyPem };
    try {
      await using client = await RawClient.connectTls(port, { ...trusting, ...own, servername: "a.example.test" });
      client.send(get("/", "", "a.example.test"));
      return (await client.response()).status;
    } catch {
      return "refused";
    }
  };
  {
    await using gateway = await start("allowValidOnly");
    const port = gateway.plane.boundPort(443)!;
    assert.equal(await attempt(port, good), 200);
    assert.equal(await attempt(port, stranger), "refused");
    assert.equal(await attempt(port, undefined), "refused");
  }
  await using gateway = await start("allowInsecureFallback");
  const port = gateway.plane.boundPort(443)!;
  for (const certificate of [good, stranger, undefined]) assert.equal(await attempt(port, certificate), 200);
});

test("TLS: only TLS 1.2 and 1.3 with the suites and groups of the intermediate profile are spoken", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const secrets: Secrets = new Map();
  const server = makeCertificate({ names: ["a.example.test"], issuer: root });
  const tls = terminate(secrets, server, ["a.example.test"]);
  await using gateway = await startPlane(
    buildUpdate([httpsListener("a", "a.example.test", tls, upstream.port)], secrets),
  );
  const port = gateway.plane.boundPort(443)!;
  const handshake = async (options: ConnectionOptions): Promise<string | null> => {
    await using client = await RawClient.connectTls(port, { ...trusting, servername: "a.example.test", ...options });
    return (client.socket as ReturnType<typeof connect>).getProtocol();
  };
  assert.equal(await handshake({}), "TLSv1.3");
  assert.equal(await handshake({ maxVersion: "TLSv1.2" }), "TLSv1.2");
  assert.equal(await handshake({ ecdhCurve: "X25519" }), "TLSv1.3");
  await assert.rejects(handshake({ ecdhCurve: "secp521r1" }));
  await assert.rejects(handshake({ maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES256-SHA" }));
  await assert.rejects(handshake({ ALPNProtocols: ["h3"] }));
});

test("TLS: a listener whose certificate is missing is reported, the others are served", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const secrets: Secrets = new Map();
  const tls = terminate(secrets, makeCertificate({ names: ["a.example.test"], issuer: root }), ["a.example.test"]);
  const broken = terminate(new Map(), root, ["b.example.test"]);
  const update = buildUpdate(
    [
      httpsListener("a", "a.example.test", tls, upstream.port),
      httpsListener(
        "b",
        "b.example.test",
        { ...broken, certificates: [{ key: "none", fingerprint: "n", names: [] }] },
        upstream.port,
      ),
    ],
    secrets,
  );
  await using gateway = await startPlane(buildUpdate([]));
  const report = await gateway.plane.apply(update);
  assert.equal(report.listeners["Gateway/demo/web/a"]!.state, "programmed");
  assert.deepEqual(report.listeners["Gateway/demo/web/b"], {
    state: "failed",
    message: "The listener's TLS cannot be set up: a certificate of the listener is missing.",
  });
});

test("upstream TLS: the backend's certificate must be signed by the CA and carry the name", async () => {
  const backendRoot = makeCertificate({ commonName: "backend root", authority: "yes" });
  const leaf = makeCertificate({ names: ["backend.test", "other.test"], issuer: backendRoot });
  let presented = "";
  let sni: unknown;
  const server = createServer(
    { cert: leaf.certPem, key: leaf.keyPem, requestCert: true, rejectUnauthorized: false, ca: root.certPem },
    (socket) => {
      presented = socket.getPeerCertificate().subject?.CN?.toString() ?? "";
      sni = socket.servername;
      socket.on("error", () => {});
      socket.on("data", () => socket.write(ok("from tls")));
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const client = makeCertificate({ names: ["gateway"], issuer: root });
  const secrets: Secrets = new Map([
    ["right", { kind: "ca", bundlePem: backendRoot.certPem }],
    ["wrong", { kind: "ca", bundlePem: root.certPem }],
    ["client", { kind: "certificate", chainPem: client.certPem, keyPem: client.keyPem }],
  ]);
  const ask = async (
    ca: string,
    hostname: string,
    subjectAltNames: readonly { kind: "dns" | "uri"; value: string }[],
  ) => {
    const tls = {
      hostname,
      ca: [{ kind: "bundle", key: ca, fingerprint: ca }],
      subjectAltNames,
      clientCertificate: "client",
    } as const;
    const rules = [{ name: "app", backends: [{ name: "app", ports: [port], cluster: { tls } }] }];
    await using gateway = await startPlane(buildUpdate([{ name: "http", port: 80, rules }], secrets));
    const { status } = await exchange(gateway.port, get("/"));
    return { status, flag: gateway.records[0]!.responseFlag };
  };
  try {
    assert.deepEqual(await ask("right", "backend.test", []), { status: 200, flag: "-" });
    assert.equal(presented, "gateway");
    assert.equal(sni, "backend.test");
    const refused = { status: 502, flag: "UTF" };
    assert.deepEqual(await ask("wrong", "backend.test", []), refused);
    assert.deepEqual(await ask("right", "unknown.test", []), refused);
    assert.deepEqual(await ask("right", "unknown.test", [{ kind: "dns", value: "other.test" }]), {
      status: 200,
      flag: "-",
    });
    assert.deepEqual(await ask("right", "backend.test", [{ kind: "uri", value: "spiffe://x" }]), refused);
    assert.deepEqual(await ask("missing", "backend.test", []), refused);
  } finally {
    server.close();
  }
});

test("parseSubjectAltNames: a comma inside a value is no separator", () => {
  assert.deepEqual(parseSubjectAltNames('DNS:a.test, URI:"spiffe://x, DNS:evil", IP Address:1.2.3.4'), [
    { kind: "DNS", value: "a.test" },
    { kind: "URI", value: "spiffe://x, DNS:evil" },
    { kind: "IP Address", value: "1.2.3.4" },
  ]);
  assert.deepEqual(parseSubjectAltNames('URI:"open'), []);
});

test("EmbeddedPlane: a backend that speaks HTTP/2 is answered for with 502", async () => {
  await using gateway = await startRules([
    { name: "app", backends: [{ name: "app", ports: [1], cluster: { protocol: "http2" } }] },
  ]);
  assert.equal((await exchange(gateway.port, get("/"))).status, 502);
});

test("TLS: a port that turns from HTTP to HTTPS keeps its socket", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const secrets: Secrets = new Map();
  const tls = terminate(secrets, makeCertificate({ names: ["a.example.test"], issuer: root }), ["a.example.test"]);
  const rules = [{ name: "app", backends: [{ name: "app", ports: [upstream.port] }] }];
  await using gateway = await startPlane(buildUpdate([{ name: "web", port: 80, rules }]));
  await using before = await RawClient.connect(gateway.port);
  before.send(get("/"));
  assert.equal((await before.response()).status, 200);
  await gateway.plane.apply(buildUpdate([{ name: "web", port: 80, tls, rules }], secrets));
  before.send(get("/"));
  assert.equal((await before.response()).status, 404);
  await using client = await RawClient.connectTls(gateway.port, { ...trusting, servername: "a.example.test" });
  client.send(get("/", "", "a.example.test"));
  assert.equal((await client.response()).body, "secure");
});

test("TLS: a trailing dot of SNI or Host makes no other name, and a request without a Host is for the SNI", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const secrets: Secrets = new Map();
  const own = makeCertificate({ names: ["a.example.test"], issuer: root });
  const listener = httpsListener("a", "a.example.test", terminate(secrets, own, ["a.example.test"]), upstream.port);
  await using gateway = await startPlane(buildUpdate([listener], secrets));
  const port = gateway.plane.boundPort(443)!;
  for (const servername of ["a.example.test", "a.example.test.", "A.Example.test"]) {
    for (const request of [
      "GET / HTTP/1.1\r\nHost: a.example.test\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: A.example.test.\r\n\r\n",
      "GET / HTTP/1.0\r\n\r\n",
    ]) {
      await using client = await RawClient.connectTls(port, { ...trusting, servername });
      client.send(request);
      assert.equal((await client.response()).body, "secure", `${servername} ${request}`);
    }
  }
  assert.match(upstream.requests.at(-1)!.head, new RegExp(`\r\nhost: a\\.example\\.test:${port}\r\n`));
});
