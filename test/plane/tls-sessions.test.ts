import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { test } from "node:test";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { TicketKeys, ticketRotationMs } from "../../src/proxy/transport/ticket-keys.ts";
import { makeCertificate } from "../test-certificate.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { handshake, httpsListener, root, type Secrets, statusOf, terminate, validate } from "./tls-model.ts";

const host = "a.example.test";
const server = makeCertificate({ names: [host, "b.example.test"], issuer: root });
const versions = ["TLSv1.2", "TLSv1.3"] as const;

for (const maxVersion of versions) {
  test(`TLS sessions: ${maxVersion} resumes on every port, and after a swap`, async () => {
    await using upstream = await RawUpstream.start(() => ok("secure"));
    const secrets: Secrets = new Map();
    const listener = (name: string, port: number, certificate = server) => ({
      ...httpsListener(name, host, terminate(secrets, [[certificate, [host]]]), upstream.port),
      port,
    });
    await using gateway = await startPlane(buildUpdate([listener("one", 443), listener("two", 8443)], secrets));
    const ports = [443, 8443].map((port) => gateway.plane.boundPort(port)!);
    const first = await handshake(ports[0]!, host, { maxVersion });
    assert.equal(first.resumed, false);
    assert.equal(first.protocol, maxVersion);
    const { session } = first;
    assert.equal((await handshake(ports[0]!, host, { maxVersion, session })).resumed, true);
    assert.equal((await handshake(ports[1]!, host, { maxVersion, session })).resumed, true);
    const renewed = makeCertificate({ names: [host], issuer: root });
    await gateway.plane.apply(buildUpdate([listener("one", 443, renewed), listener("two", 8443)], secrets));
    assert.equal((await handshake(ports[0]!, host, { maxVersion, session })).resumed, true);
  });

  test(`TLS sessions: ${maxVersion} resumes with the key before the newest, and not with one before that`, async () => {
    await using upstream = await RawUpstream.start(() => ok("secure"));
    const secrets: Secrets = new Map();
    let nowMs = 0;
    const update = buildUpdate(
      [httpsListener("a", host, terminate(secrets, [[server, [host]]]), upstream.port)],
      secrets,
    );
    await using gateway = await startPlane(update, { ticketKeys: new TicketKeys({ now: () => nowMs }) });
    const port = gateway.plane.boundPort(443)!;
    const { session } = await handshake(port, host, { maxVersion });
    nowMs = ticketRotationMs;
    const resumed = await handshake(port, host, { maxVersion, session });
    assert.equal(resumed.resumed, true);
    nowMs = 2 * ticketRotationMs;
    assert.equal((await handshake(port, host, { maxVersion, session })).resumed, false, "two rotations later");
    assert.equal(
      (await handshake(port, host, { maxVersion, session: resumed.session })).resumed,
      true,
      "its successor",
    );
  });

  test(`TLS sessions: ${maxVersion} never brings a client past the check of its certificate`, async () => {
    await using upstream = await RawUpstream.start(() => ok("secure"));
    const clientRoot = makeCertificate({ commonName: "client root", authority: "yes" });
    const otherRoot = makeCertificate({ commonName: "other root", authority: "yes" });
    const client = makeCertificate({ names: ["client"], issuer: clientRoot });
    const stranger = makeCertificate({ names: ["stranger"], issuer: otherRoot });
    const secrets: Secrets = new Map();
    const update = (authority: typeof clientRoot | undefined, mode: "allowValidOnly" | "allowInsecureFallback") => {
      const settings = authority && { clientValidation: validate(secrets, [authority], mode) };
      return buildUpdate(
        [httpsListener("a", host, terminate(secrets, [[server, [host]]], settings), upstream.port)],
        secrets,
      );
    };
    await using gateway = await startPlane(update(clientRoot, "allowInsecureFallback"));
    const port = gateway.plane.boundPort(443)!;
    const good = await handshake(port, host, { maxVersion, certificate: client });
    const bare = await handshake(port, host, { maxVersion });
    const bad = await handshake(port, host, { maxVersion, certificate: stranger });
    await gateway.plane.apply(update(clientRoot, "allowValidOnly"));
    assert.equal((await handshake(port, host, { maxVersion, session: good.session })).resumed, true, "verified before");
    for (const { session } of [bare, bad]) assert.equal(await statusOf(port, host, { maxVersion, session }), "refused");
    await gateway.plane.apply(update(otherRoot, "allowValidOnly"));
    assert.equal(await statusOf(port, host, { maxVersion, session: good.session }), "refused", "by other authorities");
    await gateway.plane.apply(update(undefined, "allowValidOnly"));
    const open = await handshake(port, host, { maxVersion, certificate: stranger });
    await gateway.plane.apply(update(clientRoot, "allowValidOnly"));
    assert.equal(await statusOf(port, host, { maxVersion, session: open.session }), "refused", "from an open listener");
  });

  test(`TLS sessions: ${maxVersion} resumes on the listener that it was made with alone, where listeners check clients by different authorities`, async () => {
    await using upstream = await RawUpstream.start(() => ok("secure"));
    const roots = ["one", "two"].map((name) => makeCertificate({ commonName: name, authority: "yes" }));
    const clients = roots.map((issuer) => makeCertificate({ names: ["client"], issuer }));
    const secrets: Secrets = new Map();
    const names = ["a.example.test", "b.example.test"];
    const listeners = names.map((name, i) =>
      httpsListener(
        name,
        name,
        terminate(secrets, [[server, [name]]], { clientValidation: validate(secrets, [roots[i]!]) }),
        upstream.port,
      ),
    );
    await using gateway = await startPlane(buildUpdate(listeners, secrets));
    const port = gateway.plane.boundPort(443)!;
    const first = await handshake(port, names[0]!, { maxVersion, certificate: clients[0] });
    const { session } = first;
    assert.equal((await handshake(port, names[0]!, { maxVersion, session })).resumed, true);
    assert.equal(await statusOf(port, names[1]!, { maxVersion, session }), "refused");
    assert.equal(await statusOf(port, names[1]!, { maxVersion, session, certificate: clients[0] }), "refused");
    assert.equal(await statusOf(port, names[1]!, { maxVersion, certificate: clients[1] }), 200);
  });
}

test("TLS sessions: HTTP/2 over a resumed TLS 1.2 session is for the host of its first request, and 421 for others", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const secrets: Secrets = new Map();
  const names = [host, "b.example.test"];
  const listeners = names.map((name) =>
    httpsListener(name, name, terminate(secrets, [[server, [name]]]), upstream.port),
  );
  await using gateway = await startPlane(buildUpdate(listeners, secrets));
  const port = gateway.plane.boundPort(443)!;
  let session: Buffer | undefined;
  for (const resumed of [false, true]) {
    const options: ConnectionOptions = {
      port,
      host: "127.0.0.1",
      servername: host,
      ca: root.certPem,
      maxVersion: "TLSv1.2",
      ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256",
      ALPNProtocols: ["h2"],
      ...(session === undefined ? {} : { session }),
    };
    const socket = connectTls(options);
    await once(socket, "secureConnect");
    assert.equal(socket.isSessionReused(), resumed);
    session = socket.getSession();
    const client = connectHttp2(`https://${host}`, { createConnection: () => socket });
    for (const [authority, status] of [
      [host, 200],
      ["b.example.test", 421],
      [host, 200],
    ] as const) {
      const stream = client.request({ ":authority": authority });
      const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
      assert.equal(headers[":status"], status, `${authority} resumed: ${resumed}`);
      stream.resume();
      await once(stream, "end");
    }
    client.destroy();
  }
});

test("TLS sessions: a client that must be asked for another key share gets in, also with a session of before", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const secrets: Secrets = new Map();
  const update = buildUpdate(
    [httpsListener("a", host, terminate(secrets, [[server, [host]]]), upstream.port)],
    secrets,
  );
  await using gateway = await startPlane(update);
  const port = gateway.plane.boundPort(443)!;
  // It sends a share for the first group alone, which is not one that is served.
  const ecdhCurve = "secp521r1:prime256v1";
  const { resumed, protocol } = await handshake(port, host, { ecdhCurve });
  assert.deepEqual([resumed, protocol], [false, "TLSv1.3"]);
  const { session } = await handshake(port, host);
  assert.equal((await handshake(port, host, { ecdhCurve, session })).protocol, "TLSv1.3");
  assert.equal((await handshake(port, host, { session })).resumed, true);
});
