import assert from "node:assert/strict";
import { test } from "node:test";
import { get, open, pair, type Recorder, rawFrame, settle } from "../../../test/wire/http2-session-recorder.ts";
import { errorCode, frameType, readUint32 } from "./frame.ts";
import type { Http2Stream } from "./stream.ts";

/** A request whose body is not complete, on both sides. */
function openUpload(client: Recorder, server: Recorder): { sent: Http2Stream<string>; received: Http2Stream<string> } {
  const sent = open(client);
  client.session.sendHeaders(sent, get, false);
  settle(client, server);
  return { sent, received: server.streams.at(-1) as Http2Stream<string> };
}

test("Http2Session throws away what was under way on a stream that it has reset, and gives the window back", () => {
  const { client, server } = pair({ connectionWindowBytes: 65_535 });
  for (let i = 0; i < 20; i++) {
    const { sent, received } = openUpload(client, server);
    client.session.sendData(sent, Buffer.alloc(20_000), 0, 20_000, false);
    client.session.sendHeaders(sent, [{ name: "x-sum", value: String(i) }], true);
    server.session.sendHeaders(received, [{ name: ":status", value: "413" }], true);
    server.session.reset(received, errorCode.noError);
    settle(client, server);
  }
  const { sent, received } = openUpload(client, server);
  client.session.sendData(sent, Buffer.alloc(9), 0, 9, false);
  server.session.reset(received, errorCode.cancel);
  const frames = server.take();
  settle(client, server);
  assert.deepEqual(server.take(), Buffer.alloc(0), "one RST_STREAM and no other");
  client.session.receive(frames, 0, frames.length);
  assert.ok(!server.session.dead && !client.session.dead);
  // Table entries of the blocks that were thrown away are known: the last of them decodes.
  client.session.sendHeaders(open(client), [...get, { name: "x-sum", value: "19" }], true);
  settle(client, server);
  assert.match(server.log.at(-1) as string, /x-sum=19 end$/);
});

test("Http2Session: what comes on a stream that it has reset is bounded by the stream's window", () => {
  const { client, server } = pair();
  const { received } = openUpload(client, server);
  server.session.reset(received, errorCode.cancel);
  const data = rawFrame(frameType.data, 0, 1, Buffer.alloc(16_384));
  for (let i = 0; i < 4; i++) server.session.receive(data, 0, data.length);
  assert.ok(!server.session.dead);
  server.session.receive(data, 0, data.length);
  assert.deepEqual(server.log.at(-1), `connection error ${errorCode.flowControlError}`);
});

test("Http2Session: what comes behind the end of a stream that it has reset is a fault again", () => {
  for (const end of [
    rawFrame(frameType.data, 1, 1, Buffer.alloc(1)),
    rawFrame(frameType.rstStream, 0, 1, Buffer.alloc(4)),
  ]) {
    const { client, server } = pair();
    server.session.reset(openUpload(client, server).received, errorCode.noError);
    server.take();
    server.session.receive(end, 0, end.length);
    assert.equal(server.take().length, 0);
    const more = rawFrame(frameType.data, 0, 1, Buffer.alloc(1));
    server.session.receive(more, 0, more.length);
    const answer = server.take();
    assert.deepEqual([answer[3], readUint32(answer, 9)], [frameType.rstStream, errorCode.streamClosed]);
    const trailers = rawFrame(frameType.headers, 5, 1, Buffer.alloc(0));
    server.session.receive(trailers, 0, trailers.length);
    assert.equal(server.log.at(-1), `connection error ${errorCode.streamClosed}`);
  }
});

test("Http2Session: as a client too it bears what was under way on a stream that it gave up, and not more", () => {
  const { client, server } = pair();
  const stream = open(client);
  client.session.sendHeaders(stream, get, true);
  settle(client, server);
  client.session.reset(stream, errorCode.cancel);
  const answer = server.streams[0] as Http2Stream<string>;
  server.session.sendHeaders(answer, [{ name: ":status", value: "103" }], false);
  server.session.sendHeaders(answer, [{ name: ":status", value: "200" }], false);
  server.session.sendData(answer, Buffer.alloc(60_000), 0, 60_000, false);
  const late = server.take();
  client.session.receive(late, 0, late.length);
  assert.deepEqual([client.log, client.session.dead], [[], false]);
  const data = rawFrame(frameType.data, 0, 1, Buffer.alloc(16_384));
  client.session.receive(data, 0, data.length);
  assert.deepEqual(client.log, [`connection error ${errorCode.flowControlError}`]);
});

test("Http2Session forgets a reset stream when the peer cannot but have heard of it", () => {
  const { client, server } = pair({ maxConcurrentStreams: 3 });
  for (let i = 0; i < 4; i++) server.session.reset(openUpload(client, server).received, errorCode.noError);
  const onStream = (id: number): Buffer => rawFrame(frameType.data, 0, id, Buffer.alloc(1));
  server.take();
  for (const id of [3, 5, 7, 1]) {
    const bytes = onStream(id);
    server.session.receive(bytes, 0, bytes.length);
  }
  const sent = server.take();
  assert.deepEqual([sent.length, sent[3], readUint32(sent, 5)], [13, frameType.rstStream, 1]);
});

for (const [what, frame] of [
  ["PING", rawFrame(6, 0, 0, Buffer.alloc(8))],
  ["SETTINGS", rawFrame(4, 0, 0, Buffer.alloc(0))],
  ["DATA on a stream that is over", rawFrame(0, 0, 1, Buffer.alloc(1))],
] as const) {
  for (const role of ["server", "client"] as const) {
    if (role === "client" && what.startsWith("DATA")) continue;
    test(`Http2Session of a ${role} closes when nobody reads its answers to ${what}, whatever else gets done`, () => {
      const { client, server } = pair();
      const self = role === "server" ? server : client;
      if (role === "server") {
        const over = openUpload(client, server);
        client.session.reset(over.sent, errorCode.cancel);
      }
      const busy = openUpload(client, server);
      if (role === "client") server.session.sendHeaders(busy.received, [{ name: ":status", value: "200" }], false);
      settle(client, server);
      const data = rawFrame(frameType.data, 0, busy.sent.id, Buffer.alloc(1));
      const blow = (reads: boolean): void => {
        self.session.receive(frame, 0, frame.length);
        self.session.receive(data, 0, data.length);
        self.take();
        if (reads) self.session.onTaken();
      };
      for (let i = 0; i < 5000; i++) blow(true);
      assert.ok(!self.session.dead);
      for (let i = 0; i < 1001; i++) blow(false);
      assert.equal(self.log.at(-1), `connection error ${errorCode.enhanceYourCalm}`);
    });
  }
}
