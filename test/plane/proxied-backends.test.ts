import assert from "node:assert/strict";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { readProxyHeader } from "../../src/wire/proxy-protocol.ts";
import { eventually } from "./eventually.ts";
import { startProxy } from "./plane-fixture.ts";
import { get, RawClient } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";
import { traffic } from "./traffic-model.ts";

const cluster = (proxyProtocol: "v1" | "v2") => ({
  traffic: traffic({ connections: { maxRequests: 0, maxAgeMs: 0, idleMs: 0, proxyProtocol } }),
});
const localPort = (client: RawClient): number => (client.socket.address() as AddressInfo).port;

/** A backend that expects the header and answers every request with the port that it names. */
function startBackend(): Promise<RawUpstream> {
  return RawUpstream.startRaw((socket) => {
    let source: number | undefined;
    socket.on("end", () => socket.end());
    socket.on("data", (bytes: Buffer) => {
      let rest = bytes;
      if (source === undefined) {
        const header = readProxyHeader(bytes);
        assert.ok(header.kind === "header" && header.addresses !== undefined, bytes.latin1Slice());
        source = header.addresses.sourcePort;
        rest = bytes.subarray(header.length);
      }
      if (rest.length > 0) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${String(source).length}\r\n\r\n${source}`);
    });
  });
}

for (const version of ["v1", "v2"] as const) {
  test(`proxyProtocol: every client has connections of its own, which begin by naming it, ${version}`, async () => {
    await using upstream = await startBackend();
    await using gateway = await startProxy(
      [],
      {},
      { backends: [{ name: "app", ports: [upstream.port], cluster: cluster(version) }] },
    );
    await using one = await RawClient.connect(gateway.port);
    await using two = await RawClient.connect(gateway.port);
    for (const client of [one, two, one, two]) {
      client.send(get("/"));
      assert.equal((await client.response()).body, String(localPort(client)));
    }
    assert.equal(upstream.connections, 2);
    one.socket.destroy();
    await eventually(() => upstream.open === 1);
  });
}

test("proxyProtocol: comes before HTTP/2, too", async () => {
  const sources: number[] = [];
  const inner = createHttp2Server((_request, response) => response.end("ok"));
  await using upstream = await RawUpstream.startRaw((socket: Socket) => {
    socket.once("data", (bytes: Buffer) => {
      const header = readProxyHeader(bytes);
      assert.ok(header.kind === "header" && header.addresses !== undefined);
      sources.push(header.addresses.sourcePort);
      socket.pause();
      socket.unshift(bytes.subarray(header.length));
      inner.emit("connection", socket);
    });
  });
  await using gateway = await startProxy(
    [],
    {},
    { backends: [{ name: "app", ports: [upstream.port], cluster: { protocol: "http2", ...cluster("v2") } }] },
  );
  await using client = await RawClient.connect(gateway.port);
  for (let run = 0; run < 2; run++) {
    client.send(get("/"));
    assert.equal((await client.response()).status, 200);
  }
  assert.deepEqual(sources, [localPort(client)]);
});
