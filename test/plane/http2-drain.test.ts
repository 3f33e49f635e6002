import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { errorCode, frameType, readUint32 } from "../../src/wire/http2/frame.ts";
import { clearClient } from "./http2-client.ts";
import { frame, Http2RawClient, request, uint32 } from "./http2-raw-client.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane, startProxy } from "./plane-fixture.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

test("HTTP/2 drain: GOAWAY comes first, requests under way are served, and the connection ends with the last of them", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  await using upstream = await RawUpstream.start(({ head }) => {
    if (!head.startsWith("GET /slow")) return ok("quick");
    asked.resolve();
    return answer.promise;
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = await Http2RawClient.connect(gateway.port);
  client.send(client.headers(1, request("/slow")));
  await asked.promise;
  const drained = gateway.plane.drain(10_000);
  const first = await client.frame(frameType.goaway, 0);
  assert.deepEqual([readUint32(first.payload, 0), readUint32(first.payload, 4)], [0x7fff_ffff, errorCode.noError]);
  // Sent before the client could know: still served.
  client.send(client.headers(3, request("/late")));
  assert.equal((await client.frame(frameType.data, 3)).payload.toString(), "quick");
  const ping = client.frames.find(({ type, flags }) => type === frameType.ping && flags === 0)!;
  client.send(Buffer.concat([Buffer.from([0, 0, 8, frameType.ping, 1, 0, 0, 0, 0]), ping.payload]));
  while (client.frames.filter(({ type }) => type === frameType.goaway).length < 2) await client.more();
  const last = client.frames.findLast(({ type }) => type === frameType.goaway)!;
  assert.equal(readUint32(last.payload, 0), 3);
  client.send(client.headers(5, request("/too-late")));
  assert.equal(await client.reset(5), errorCode.refusedStream);
  answer.resolve(ok("slow"));
  assert.equal((await client.frame(frameType.data, 1)).payload.toString(), "slow");
  assert.equal(await client.ending(), errorCode.noError);
  client.socket.destroy();
  await drained;
});

test("HTTP/2 drain: an idle client of Node's is gone at once, without an error", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  await using gateway = await startProxy([upstream.port]);
  await using client = clearClient(gateway.port);
  await client.request({ ":path": "/" });
  const closed = once(client.session, "close");
  await gateway.plane.drain(10_000);
  await closed;
});

test("HTTP/2: a listener that is removed ends its connections with GOAWAY, others keep theirs", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  const rules = [{ name: "app", backends: [{ name: "app", ports: [upstream.port] }] }];
  const stays = { name: "stays", port: 80, rules };
  const goes = { name: "goes", port: 81, rules };
  await using gateway = await startPlane(buildUpdate([stays, goes]));
  await using kept = clearClient(gateway.plane.boundPort(80)!);
  await using ended = await Http2RawClient.connect(gateway.plane.boundPort(81)!);
  await kept.request({ ":path": "/" });
  await ended.frame(frameType.settings, 0);
  await gateway.plane.apply(buildUpdate([stays]));
  await ended.frame(frameType.goaway, 0);
  assert.equal((await kept.request({ ":path": "/" })).status, 200);
  assert.equal(kept.session.destroyed, false);
});

test("HTTP/2: each request on an open connection is served by the model in force when it begins", async () => {
  await using old = await RawUpstream.start(() => ok("old"));
  await using next = await RawUpstream.start(() => ok("new"));
  const to = (port: number) =>
    buildUpdate([{ name: "http", port: 80, rules: [{ name: "app", backends: [{ name: "app", ports: [port] }] }] }]);
  await using gateway = await startPlane(to(old.port));
  await using client = clearClient(gateway.port);
  assert.equal((await client.request({ ":path": "/" })).body.toString(), "old");
  await gateway.plane.apply(to(next.port));
  assert.equal((await client.request({ ":path": "/" })).body.toString(), "new");
});

test("HTTP/2: a connection ends after as many requests as it may serve", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  await using gateway = await startProxy([upstream.port], { settings: { requestsPerConnection: 2 } });
  await using client = await Http2RawClient.connect(gateway.port);
  client.send(client.headers(1, request("/")), client.headers(3, request("/")), client.headers(5, request("/")));
  await client.frame(frameType.data, 1);
  await client.frame(frameType.data, 3);
  assert.equal(await client.reset(5), errorCode.refusedStream);
  assert.equal(await client.ending(), errorCode.noError);
});

test("HTTP/2: a connection without a request, and one that never finishes a header block, are ended", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  await using gateway = await startProxy([upstream.port], { settings: { idleTimeoutMs: 50, headerTimeoutMs: 50 } });
  await using idle = await Http2RawClient.connect(gateway.port);
  assert.equal(await idle.ending(), errorCode.noError);
  await using slow = await Http2RawClient.connect(gateway.port);
  slow.send(slow.headers(1, request("/")).subarray(0, 12));
  assert.notEqual(await slow.ending(), errorCode.noError);
});

test("HTTP/2: a request whose body stops coming gets 408, an answer that is not taken is reset", async () => {
  await using upstream = await RawUpstream.start(() => ok("x".repeat(100_000)));
  await using gateway = await startProxy([upstream.port], { settings: { requestStallMs: 50, writeStallMs: 50 } });
  await using client = await Http2RawClient.connect(gateway.port);
  client.send(client.headers(1, request("/", [], "POST"), "open"), client.data(1, "part", "open"));
  assert.equal((await client.frame(frameType.headers, 1)).fields[0], ":status: 408");
  assert.equal(await client.reset(1), errorCode.noError);
  client.send(client.headers(3, request("/")));
  assert.equal(await client.reset(3), errorCode.cancel);
});

test("HTTP/2: a client that reads nothing at all holds a bounded amount, and is closed", async () => {
  const streams = 10;
  const gone = Promise.withResolvers<void>();
  let open = 0;
  await using upstream = await RawUpstream.startRaw((socket) => {
    open++;
    socket.once("close", () => {
      if (--open === 0) gone.resolve();
    });
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1048576000\r\n\r\n");
      const part = Buffer.alloc(65_536);
      const more = (): void => {
        while (socket.write(part));
      };
      socket.on("drain", more);
      more();
    });
  });
  await using gateway = await startProxy([upstream.port], { settings: { writeStallMs: 100 } });
  // The largest windows that there are: only TCP holds the gateway back.
  await using client = await Http2RawClient.connect(gateway.port, Buffer.from("00047fffffff", "hex"));
  client.send(frame(frameType.windowUpdate, 0, { payload: uint32(0x7fff_0000 - 65_535) }));
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, gateway.plane.queuedBytes);
  }, 5);
  client.socket.pause();
  for (let i = 0; i < streams; i++) client.send(client.headers(1 + 2 * i, request("/")));
  await gone.promise;
  clearInterval(watch);
  assert.ok(most <= (streams + 2) * 131_072, `${most} bytes waited`);
  assert.equal(gateway.plane.queuedBytes, 0);
});
