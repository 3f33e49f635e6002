/** Answers that come before their requests are complete: what a client has under way is no fault, and is bounded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCode, frameFlag, frameType } from "../../src/wire/http2/frame.ts";
import { frame, Http2RawClient, request } from "./http2-raw-client.ts";
import { type PlaneFixture, startProxy } from "./plane-fixture.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const early = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno\n";
const many = Array.from({ length: 150 }, (_, i) => [`x-${i}`, ""] as const);

/** A backend that refuses uploads at their head, and answers anything else. */
function startRefusing(): Promise<RawUpstream> {
  return RawUpstream.startRaw((socket) => {
    socket.on("data", (bytes: Buffer) => {
      const text = bytes.latin1Slice();
      if (text.startsWith("GET")) socket.write(ok("fine"));
      else if (text.startsWith("PUT")) socket.write(early);
    });
    socket.on("end", () => socket.end());
  });
}

async function connect(gateway: PlaneFixture): Promise<Http2RawClient> {
  const client = await Http2RawClient.connect(gateway.port);
  await client.frame(frameType.settings, 0);
  return client;
}

/** Types of the frames that a stream got. */
function typesOn(client: Http2RawClient, streamId: number): readonly number[] {
  return client.frames.filter((one) => one.streamId === streamId).map(({ type }) => type);
}

/** Sends as fast as it is taken; what the system's own buffers hold counts too. */
async function sendUntilClosed(client: Http2RawClient, bytes: Buffer): Promise<void> {
  const { socket } = client;
  while (!socket.destroyed) {
    assert.ok(client.bytesSent < 32 * 1_048_576, "32 MiB were taken");
    client.send(bytes);
    if (!socket.writableNeedDrain) continue;
    await new Promise<void>((resolve) => {
      socket.once("drain", resolve);
      socket.once("close", () => resolve());
    });
  }
}

const refusals = {
  "a backend's 401": { path: "/", fields: [], status: 401 },
  "the gateway's own 413": { path: "/", fields: [["content-length", "2000000"]], status: 413 },
  "the gateway's own 431": { path: "/", fields: many, status: 431 },
} as const;

for (const [name, { path, fields, status }] of Object.entries(refusals)) {
  test(`HTTP/2: ${name} comes alone, then one reset, and what is under way harms no other stream`, async () => {
    await using upstream = await startRefusing();
    await using gateway = await startProxy([upstream.port], {
      settings: { requestBodyBytes: 1_000_000 },
      limits: { earlyAnswerMs: 100 },
    });
    await using client = await connect(gateway);
    client.send(client.headers(1, request(path, fields, "PUT"), "open"), client.data(1, "some", "open"));
    assert.equal((await client.frame(frameType.headers, 1)).fields[0], `:status: ${status}`);
    await client.frame(frameType.data, 1);
    assert.deepEqual(typesOn(client, 1), [frameType.headers, frameType.data], "no reset in the same breath");
    client.send(client.data(1, Buffer.alloc(16_000), "open"));
    assert.equal(await client.reset(1), errorCode.noError);
    client.send(client.data(1, Buffer.alloc(16_000), "open"), client.headers(1, [["x-sum", "1"]]));
    client.send(client.headers(3, request("/after", [["x-sum", "1"]])));
    assert.equal((await client.frame(frameType.headers, 3)).fields[0], ":status: 200");
    assert.deepEqual(typesOn(client, 1), [frameType.headers, frameType.data, frameType.rstStream]);
    assert.equal(client.ended, false);
  });
}

test("HTTP/2: a client that stops by itself after an early answer is not reset, and the connection goes quiet", async () => {
  await using upstream = await startRefusing();
  await using gateway = await startProxy([upstream.port], {
    settings: { idleTimeoutMs: 100 },
    limits: { earlyAnswerMs: 60_000 },
  });
  for (const stop of [
    (client: Http2RawClient) => client.data(1, "", "end"),
    (client: Http2RawClient) => client.headers(1, [["x-sum", "1"]]),
    () => frame(frameType.rstStream, 1, { payload: Buffer.from([0, 0, 0, errorCode.cancel]) }),
  ]) {
    await using client = await connect(gateway);
    client.send(client.headers(1, request("/", [], "PUT"), "open"), client.data(1, "some", "open"));
    await client.frame(frameType.data, 1);
    client.send(stop(client));
    assert.equal(await client.ending(), errorCode.noError);
    assert.deepEqual(typesOn(client, 1), [frameType.headers, frameType.data]);
  }
});

test("HTTP/2: early answers to more uploads than the connection's window holds do not use it up", async () => {
  await using upstream = await startRefusing();
  await using gateway = await startProxy([upstream.port], { limits: { earlyAnswerMs: 60_000 } });
  await using client = await connect(gateway);
  for (let n = 0; n < 40; n++) {
    const id = 1 + 2 * n;
    client.send(client.headers(id, request("/", [], "PUT"), "open"), client.data(id, "some", "open"));
    await client.frame(frameType.data, id);
    for (let i = 0; i < 3; i++) client.send(client.data(id, Buffer.alloc(16_000), "open"));
  }
  client.send(frame(frameType.ping, 0, { payload: Buffer.alloc(8) }));
  await client.frame(frameType.ping, 0);
  assert.equal(typesOn(client, 1).filter((type) => type === frameType.windowUpdate).length, 0, "no stream may go on");
  assert.equal(client.ended, false);
});

test("HTTP/2: a client that sends on after its connection has ended is not listened to without end", async () => {
  await using upstream = await startRefusing();
  await using gateway = await startProxy([upstream.port], { limits: { lingerMs: 600_000 } });
  await using client = await connect(gateway);
  const pings = Buffer.concat(
    Array.from({ length: 1_000 }, () => frame(frameType.ping, 0, { payload: Buffer.alloc(8) })),
  );
  await sendUntilClosed(client, pings);
});

test("HTTP/2: a client that reads no answers to its PINGs is closed, also when it gets on with a body", async () => {
  await using upstream = await RawUpstream.start(() => undefined);
  await using gateway = await startProxy([upstream.port]);
  await using client = await connect(gateway);
  client.send(client.headers(1, request("/", [], "POST"), "open"));
  client.socket.pause();
  const blow = Buffer.concat([
    frame(frameType.ping, 0, { flags: 0, payload: Buffer.alloc(8) }),
    frame(frameType.data, 1, { flags: frameFlag.padded, payload: Buffer.from([0, 120]) }),
  ]);
  const round = Buffer.concat(Array.from({ length: 500 }, () => blow));
  await sendUntilClosed(client, round);
});
