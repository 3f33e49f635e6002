import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createServer, type TLSSocket } from "node:tls";
import type { UpstreamTls } from "../../src/ir/cluster.ts";
import { makeCertificate } from "../test-certificate.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane, startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const root = makeCertificate({ commonName: "root", authority: "yes" });
const middle = makeCertificate({ commonName: "middle", authority: "yes", issuer: root });
const lower = makeCertificate({ commonName: "lower", authority: "yes", issuer: middle });
const leaf = makeCertificate({ names: ["backend.test"], issuer: lower });

/** What an endpoint over TLS was offered, and the status that the client got. */
async function ask(tls: Partial<UpstreamTls>): Promise<{ readonly status: number; readonly seen: readonly unknown[] }> {
  const seen: unknown[] = [];
  const options = { cert: leaf.certPem + lower.certPem + middle.certPem, key: leaf.keyPem };
  await using server = createServer({ ...options, ALPNProtocols: ["http/1.1"] }, (socket: TLSSocket) => {
    seen.push({ name: socket.servername, protocol: socket.alpnProtocol, version: socket.getProtocol() });
    socket.on("error", () => {});
    socket.on("data", () => socket.end(ok("")));
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const secrets = new Map([["root", { kind: "ca", bundlePem: root.certPem } as const]]);
  const ca = [{ kind: "bundle", key: "root", fingerprint: "f" } as const];
  const cluster = { tls: { hostname: "", ca, subjectAltNames: [], ...tls } };
  const backends = [{ name: "app", ports: [port], cluster }];
  await using gateway = await startPlane(
    buildUpdate([{ name: "http", port: 80, rules: [{ name: "app", backends }] }], secrets),
  );
  const { status } = await exchange(gateway.plane.boundPort(80)!, get("/"));
  return { status, seen };
}

test("TLS to endpoints: without a name none is told, and without a protocol none is offered", async () => {
  assert.deepEqual(await ask({ verification: "none", alpn: "none" }), {
    status: 200,
    seen: [{ name: false, protocol: false, version: "TLSv1.3" }],
  });
  const handshakes = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
  assert.deepEqual(await ask({ verification: "none", hostname: "backend.test", handshakes }), {
    status: 200,
    seen: [{ name: "backend.test", protocol: "http/1.1", version: "TLSv1.2" }],
  });
});

test("TLS to endpoints: a name is verified that is not told, and a chain may be too long", async () => {
  const name = (value: string) => ({ subjectAltNames: [{ kind: "dns", value }] }) as const;
  for (const [maxIntermediates, value, status] of [
    [2, "backend.test", 200],
    [3, "backend.test", 200],
    [1, "backend.test", 502],
    [2, "other.test", 502],
  ] as const) {
    assert.equal(
      (await ask({ ...name(value), verification: { maxIntermediates } })).status,
      status,
      `${maxIntermediates} ${value}`,
    );
  }
});

test("HTTP/1.0 to endpoints: all but upgrades and bodies without a length", async () => {
  await using upstream = await RawUpstream.start(({ head }) =>
    head.includes("HTTP/1.0") ? "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok" : ok("ok"),
  );
  const backends = [{ name: "app", ports: [upstream.port], cluster: { httpVersion: "1.0" } as const }];
  await using gateway = await startProxy([], {}, { backends });
  const post = (lines: string, body: string) => `POST / HTTP/1.1\r\nHost: a.test\r\n${lines}\r\n\r\n${body}`;
  for (const [request, version] of [
    [get("/"), "1.0"],
    [post("Content-Length: 2", "hi"), "1.0"],
    [post("Transfer-Encoding: chunked", "2\r\nhi\r\n0\r\n\r\n"), "1.1"],
    [get("/", "Connection: upgrade\r\nUpgrade: chat\r\n"), "1.1"],
  ] as const) {
    assert.equal((await exchange(gateway.port, request)).body, "ok");
    assert.match(upstream.requests.at(-1)!.head, new RegExp(`^(GET|POST) / HTTP/${version}\r\n`), request);
  }
});
