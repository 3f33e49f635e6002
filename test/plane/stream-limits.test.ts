import assert from "node:assert/strict";
import { test } from "node:test";
import { startProxy } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";

const upgrade = get(
  "/",
  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
);
const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

test("streamIdleTimeout: an answer on which nothing moves is cut off, and one that moves is not", async () => {
  await using upstream = await RawUpstream.start(async ({ head, socket }) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
    if (head.startsWith("GET /silent")) return undefined;
    for (let part = 0; part < 8; part++) {
      await new Promise((later) => setTimeout(later, 20));
      socket.write(String(part));
    }
    return undefined;
  });
  await using gateway = await startProxy([upstream.port], {}, { timeouts: { silence: 600 } });
  assert.equal((await exchange(gateway.port, get("/moving"))).body, "01234567");
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/silent"));
  await client.ending();
  assert.equal(gateway.records.at(-1)!.responseFlag, "UT");
});

test("maxStreamDuration: ends an answer that takes longer, whatever moves, and an upgraded connection too", async () => {
  await using upstream = await RawUpstream.start(({ head, socket }) => {
    if (head.startsWith("GET / ")) return switching;
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const timer = setInterval(() => socket.write("1\r\n.\r\n"), 5);
    socket.on("close", () => clearInterval(timer));
    return undefined;
  });
  await using gateway = await startProxy([upstream.port], {}, { timeouts: { maxStreamMs: 80 } });
  for (const request of [get("/stream"), upgrade]) {
    await using client = await RawClient.connect(gateway.port);
    client.send(request);
    await client.ending();
    const { responseFlag, durationMs } = gateway.records.at(-1)!;
    assert.equal(responseFlag, "RT");
    assert.ok(durationMs >= 79, `${durationMs} ms`);
  }
});
