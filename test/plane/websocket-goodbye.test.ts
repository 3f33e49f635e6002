import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { clearClient } from "./http2-client.ts";
import { startProxy } from "./plane-fixture.ts";
import { get, RawClient } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";

const upgrade = (protocol: string): string =>
  get("/chat", `Connection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Key: abc\r\n`);
const goingAway = "\x88\x02\x03\xe9";

/** Agrees to every upgrade and sends `first`, then nothing more; ends when the other side does. */
function startSilent(first: string): Promise<RawUpstream> {
  return RawUpstream.startRaw((socket) => {
    socket.once("data", (bytes: Buffer) => {
      const head = bytes.latin1Slice();
      const protocol = /\r\nupgrade: (\S+)/i.exec(head)?.[1];
      const key = /\r\nsec-websocket-key: (\S+)\r\n/i.exec(head)?.[1] ?? "";
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n${first}`,
        "latin1",
      );
    });
    socket.on("end", () => socket.end());
  });
}

for (const [what, protocol, first, expected] of [
  ["a WebSocket is told 1001 between two frames", "websocket", "\x81\x02hi", `\x81\x02hi${goingAway}`],
  ["a WebSocket in the middle of a frame is told nothing", "websocket", "\x81\x05hi", "\x81\x05hi"],
  ["a WebSocket that the backend has closed is told nothing more", "websocket", "\x88\x00", "\x88\x00"],
  ["another protocol is told nothing", "chat/1", "hi", "hi"],
] as const) {
  test(`drain: ${what}`, async () => {
    await using upstream = await startSilent(first);
    await using gateway = await startProxy([upstream.port]);
    await using client = await RawClient.connect(gateway.port);
    client.send(upgrade(protocol));
    assert.equal((await client.response()).status, 101);
    const shown = await client.bytes(first.length);
    await gateway.plane.drain(40);
    assert.equal(shown + (await client.ending()).left, expected);
  });
}

test("drain: a WebSocket whose client answers the goodbye ends before the deadline, without a reset", async () => {
  await using upstream = await startSilent("");
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(upgrade("websocket"));
  await client.response();
  const drained = gateway.plane.drain(800);
  assert.equal(await client.bytes(4), goingAway);
  client.socket.end(Buffer.from("\x88\x82\0\0\0\0\x03\xe9", "latin1"));
  await drained;
  assert.deepEqual(await client.ending(), { how: "end", left: "" });
});

test("drain: a WebSocket over HTTP/2 is told 1001", async () => {
  await using upstream = await startSilent("");
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  if (client.session.remoteSettings.enableConnectProtocol !== true) await once(client.session, "remoteSettings");
  const stream = client.session.request(
    {
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":scheme": "http",
      ":authority": "app.example.test",
      ":path": "/chat",
      "sec-websocket-version": "13",
    },
    { endStream: false },
  );
  stream.on("error", () => {});
  await once(stream, "response");
  const said = once(stream, "data");
  await gateway.plane.drain(40);
  const [frame] = (await said) as [Buffer];
  assert.equal(frame.latin1Slice(), goingAway);
});
