import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { test } from "node:test";
import type { ClientValidation } from "../../src/ir/tls.ts";
import { makeCertificate, type TestCertificate } from "../test-certificate.ts";
import { buildUpdate } from "./model-builder.ts";
import { type PlaneFixture, type PlaneTestOptions, startPlane } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { ask, httpsListener, root, type Secrets, statusOf, terminate, validate } from "./tls-model.ts";

const host = "a.example.test";
const server = makeCertificate({ names: [host, "b.example.test", "c.example.test"], issuer: root });
const clientRoot = makeCertificate({ commonName: "client root", authority: "yes" });
const otherRoot = makeCertificate({ commonName: "other root", authority: "yes" });
const client = makeCertificate({
  commonName: 'Jo "x", Ltd',
  names: ["jo.test"],
  uris: ["spiffe://mesh.test/jo,2"],
  issuer: clientRoot,
});
const stranger = makeCertificate({ names: ["stranger.test"] });

function startWith(
  backendPort: number,
  mode: ClientValidation["mode"],
  options: PlaneTestOptions & { readonly authorities?: readonly TestCertificate[] } = {},
): Promise<PlaneFixture> {
  const secrets: Secrets = new Map();
  const clientValidation = validate(secrets, options.authorities ?? [clientRoot], mode);
  const tls = terminate(secrets, [[server, [host]]], { clientValidation });
  const clear = {
    name: "clear",
    port: 80,
    rules: [{ name: "app", backends: [{ name: "app", ports: [backendPort] }] }],
  };
  return startPlane(buildUpdate([httpsListener("a", host, tls, backendPort), clear], secrets), options);
}

const handshakes = (gateway: PlaneFixture, result: string): number =>
  gateway.telemetry.registry.counter("gateway_tls_handshakes_total", "web", "demo", "a", result).value;

test("client certificates: AllowValidOnly lets in who has a good one, by any of several authorities, and counts the others", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  await using gateway = await startWith(upstream.port, "allowValidOnly", { authorities: [clientRoot, otherRoot] });
  const port = gateway.plane.boundPort(443)!;
  const other = makeCertificate({ names: ["other"], issuer: otherRoot });
  const expired = makeCertificate({ names: ["old"], issuer: clientRoot, to: "2026-01-02T00:00:00Z" });
  for (const certificate of [client, other]) assert.equal(await statusOf(port, host, { certificate }), 200);
  assert.equal(handshakes(gateway, "ok"), 2);
  for (const certificate of [stranger, expired]) assert.equal(await statusOf(port, host, { certificate }), "refused");
  for (const [maxVersion, alert] of [
    ["TLSv1.3", /alert certificate required/],
    ["TLSv1.2", /alert handshake failure/],
  ] as const) {
    const answer = await ask(port, host, { maxVersion });
    assert.match(answer instanceof Error ? answer.message : "", alert);
  }
  assert.equal(handshakes(gateway, "refused"), 4);
  assert.equal(handshakes(gateway, "failed"), 0);
  assert.equal(upstream.requests.length, 2);
});

test("client certificates: AllowInsecureFallback lets everybody in, and the log says how far they were verified", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  await using gateway = await startWith(upstream.port, "allowInsecureFallback");
  const port = gateway.plane.boundPort(443)!;
  for (const certificate of [client, stranger, undefined]) {
    assert.equal(await statusOf(port, host, { certificate }), 200);
  }
  await exchange(gateway.port, get("/"));
  assert.deepEqual(
    gateway.records.map((record) => record.clientCertificate),
    ["verified", "unverified", "none", undefined],
  );
});

test("client certificates: listeners of one port may ask for others, or for none", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const secrets: Secrets = new Map();
  const listener = (name: string, clientValidation?: ClientValidation) =>
    httpsListener(
      name,
      name,
      terminate(secrets, [[server, [name]]], clientValidation && { clientValidation }),
      upstream.port,
    );
  const update = buildUpdate(
    [
      listener(host, validate(secrets, [clientRoot])),
      listener("b.example.test", validate(secrets, [otherRoot])),
      listener("c.example.test"),
    ],
    secrets,
  );
  await using gateway = await startPlane(update);
  const port = gateway.plane.boundPort(443)!;
  const other = makeCertificate({ names: ["other"], issuer: otherRoot });
  const table = [
    [client, 200, "refused"],
    [other, "refused", 200],
    [undefined, "refused", "refused"],
  ] as const;
  for (const [certificate, first, second] of table) {
    assert.equal(await statusOf(port, host, { certificate }), first);
    assert.equal(await statusOf(port, "b.example.test", { certificate }), second);
    assert.equal(await statusOf(port, "c.example.test", { certificate }), 200);
  }
});

const forged = "X-Forwarded-Client-Cert: Hash=forged\r\n";

/** What the backend was told of the client of its last request. */
function told(upstream: RawUpstream): string | undefined {
  return /^x-forwarded-client-cert: (.*)\r$/im.exec(upstream.requests.at(-1)!.head)?.[1];
}

test("X-Forwarded-Client-Cert: off by default, and what a client sends is taken away, TLS or not", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  await using gateway = await startWith(upstream.port, "allowValidOnly");
  const port = gateway.plane.boundPort(443)!;
  assert.equal((await exchange(gateway.port, get("/", forged))).status, 200);
  assert.equal(told(upstream), undefined);
  await ask(port, host, { certificate: client }, forged);
  assert.equal(told(upstream), undefined);
  const alias = await exchange(gateway.port, get("/", forged.replaceAll("-", "_")));
  assert.equal(alias.status, 400, "a spelling that some servers take for it");
});

test("X-Forwarded-Client-Cert: tells the names of a certificate that was verified, and only the fingerprint of another", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  await using gateway = await startWith(upstream.port, "allowInsecureFallback", {
    settings: { forwardClientCertificate: "sanitize" },
  });
  const port = gateway.plane.boundPort(443)!;
  const hash = ({ certPem }: TestCertificate): string =>
    createHash("sha256").update(new X509Certificate(certPem).raw).digest("hex");
  await ask(port, host, { certificate: client }, forged);
  assert.equal(
    told(upstream),
    `Hash=${hash(client)};Verified=true;${String.raw`Subject="CN=Jo \\\"x\\\"\\, Ltd";DNS=jo.test;URI="spiffe://mesh.test/jo,2"`}`,
  );
  await ask(port, host, { certificate: stranger }, forged);
  assert.equal(told(upstream), `Hash=${hash(stranger)};Verified=false`);
  await ask(port, host, {}, forged);
  assert.equal(told(upstream), undefined);
  await exchange(gateway.port, get("/", forged));
  assert.equal(told(upstream), undefined);
});

test("X-Forwarded-Client-Cert: append keeps what trusted proxies sent, and only that", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const ours = /^Hash=[0-9a-f]{64};Verified=true/;
  {
    const trust = { trustedHops: 1, source: "x-forwarded-for" } as const;
    await using gateway = await startWith(upstream.port, "allowInsecureFallback", {
      settings: { trust, forwardClientCertificate: "append" },
    });
    const port = gateway.plane.boundPort(443)!;
    await ask(port, host, { certificate: client }, forged);
    assert.match(told(upstream)?.replace("Hash=forged,", "") ?? "", ours);
    assert.match(told(upstream) ?? "", /^Hash=forged,/);
    await ask(port, host, {}, forged);
    assert.equal(told(upstream), "Hash=forged");
  }
  await using gateway = await startWith(upstream.port, "allowInsecureFallback", {
    settings: { forwardClientCertificate: "append" },
  });
  await ask(gateway.plane.boundPort(443)!, host, { certificate: client }, forged);
  assert.match(told(upstream) ?? "", ours, "nobody in front is trusted");
});
