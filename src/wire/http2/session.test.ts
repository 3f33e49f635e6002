import assert from "node:assert/strict";
import { test } from "node:test";
import { get, open, pair, rawFrame, settle } from "../../../test/wire/http2-session-recorder.ts";
import { errorCode, frameType, readUint32 } from "./frame.ts";
import type { Http2Stream } from "./stream.ts";

test("Http2Session: a request with a body and trailers, answered, leaves no stream behind", () => {
  const { client, server } = pair();
  const stream = open(client);
  client.session.sendHeaders(stream, get, false);
  client.session.sendData(stream, Buffer.alloc(100), 0, 100, false);
  client.session.sendHeaders(stream, [{ name: "x-sum", value: "1" }], true);
  settle(client, server);
  assert.deepEqual(server.log, [
    "1 headers :method=GET :scheme=http :path=/ :authority=h",
    "1 data 100",
    "1 trailers x-sum=1",
  ]);
  const answered = server.streams[0] as Http2Stream<string>;
  server.session.sendHeaders(answered, [{ name: ":status", value: "103" }], false);
  server.session.sendHeaders(answered, [{ name: ":status", value: "200" }], false);
  server.session.sendData(answered, Buffer.alloc(5), 0, 5, true);
  settle(client, server);
  assert.deepEqual(client.log, ["1 headers :status=103", "1 headers :status=200", "1 data 5", "1 end"]);
  assert.equal(client.session.streams.size + server.session.streams.size, 0);
});

test("Http2Session: an end that follows its DATA before they are handed over goes with them", () => {
  const { client, server } = pair();
  const [first, second] = [open(client), open(client)];
  for (const stream of [first, second]) client.session.sendHeaders(stream, get, false);
  settle(client, server);
  client.session.sendData(first, Buffer.alloc(7), 0, 7, false);
  client.session.sendEnd(first);
  client.session.sendData(second, Buffer.alloc(7), 0, 7, false);
  const together = client.take();
  assert.equal(together.length, 2 * (9 + 7), "two frames of DATA");
  client.session.sendEnd(second);
  const behind = client.take();
  assert.equal(behind.length, 9, "and an end of its own for the second");
  for (const bytes of [together, behind]) server.session.receive(bytes, 0, bytes.length);
  assert.deepEqual(server.log.slice(2), ["1 data 7", "1 end", "3 data 7", "3 end"]);
});

test("Http2Session: a body stops at the window and goes on when the receiver has consumed", () => {
  const { client, server } = pair();
  server.consumes = false;
  const stream = open(client);
  client.session.sendHeaders(stream, get, false);
  const body = Buffer.alloc(100_000);
  const reached = client.session.sendData(stream, body, 0, body.length, true);
  assert.equal(reached, 65_536);
  settle(client, server);
  assert.equal(client.log.length, 0);
  server.session.consume(server.streams[0] as Http2Stream<string>, 65_536);
  settle(client, server);
  assert.deepEqual(client.log, ["1 writable"]);
  assert.equal(client.session.sendData(stream, body, reached, body.length, true), body.length);
  settle(client, server);
  assert.equal(server.log.at(-1), "1 end");
});

test("Http2Session: more than the connection's window over many streams waits its turn", () => {
  const { client, server } = pair({ connectionWindowBytes: 65_535 });
  server.consumes = false;
  const streams = [open(client), open(client)];
  for (const stream of streams) client.session.sendHeaders(stream, get, false);
  const body = Buffer.alloc(40_000);
  assert.equal(client.session.sendData(streams[0] as Http2Stream<string>, body, 0, 40_000, true), 40_000);
  assert.equal(client.session.sendData(streams[1] as Http2Stream<string>, body, 0, 40_000, true), 25_535);
  settle(client, server);
  server.session.consume(server.streams[0] as Http2Stream<string>, 40_000);
  settle(client, server);
  assert.deepEqual(client.log, ["3 writable"]);
});

test("Http2Session: DATA beyond the window is a stream error, beyond the connection's a connection error", () => {
  const { client, server } = pair({ connectionWindowBytes: 98_304 });
  server.consumes = false;
  client.session.sendHeaders(open(client), get, false);
  settle(client, server);
  const frame = rawFrame(frameType.data, 0, 1, Buffer.alloc(16_384));
  for (let i = 0; i < 5; i++) server.session.receive(frame, 0, frame.length);
  assert.equal(server.log.at(-1), `1 reset ${errorCode.flowControlError}`);
  for (let i = 0; i < 8; i++) server.session.receive(frame, 0, frame.length);
  assert.ok(server.session.dead || server.log.filter((line) => line.startsWith("1 data")).length === 4);
});

for (const [what, frame, code] of [
  [
    "an interrupted header block",
    Buffer.concat([rawFrame(1, 0, 1, Buffer.from([0x82])), rawFrame(6, 0, 0, Buffer.alloc(8))]),
    errorCode.protocolError,
  ],
  ["CONTINUATION without HEADERS", rawFrame(9, 4, 1, Buffer.from([0x82])), errorCode.protocolError],
  ["PUSH_PROMISE", rawFrame(5, 4, 1, Buffer.alloc(5)), errorCode.protocolError],
  ["HEADERS on an even stream", rawFrame(1, 5, 2, Buffer.from([0x82])), errorCode.protocolError],
  ["DATA on an idle stream", rawFrame(0, 1, 5, Buffer.alloc(1)), errorCode.protocolError],
  ["RST_STREAM on an idle stream", rawFrame(3, 0, 7, Buffer.alloc(4)), errorCode.protocolError],
  ["PING of seven bytes", rawFrame(6, 0, 0, Buffer.alloc(7)), errorCode.frameSizeError],
  ["SETTINGS of five bytes", rawFrame(4, 0, 0, Buffer.alloc(5)), errorCode.frameSizeError],
  ["WINDOW_UPDATE of nothing", rawFrame(8, 0, 0, Buffer.alloc(4)), errorCode.protocolError],
  [
    "a header block that does not decode",
    rawFrame(1, 5, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])),
    errorCode.compressionError,
  ],
  ["padding longer than its frame", rawFrame(1, 0xd, 1, Buffer.from([9, 0x82])), errorCode.protocolError],
] as const) {
  test(`Http2Session ends the connection on ${what}`, () => {
    const { server } = pair();
    server.session.receive(frame, 0, frame.length);
    assert.deepEqual(server.log, [`connection error ${code}`]);
    const sent = server.take();
    assert.equal(sent[3], frameType.goaway);
    assert.equal(readUint32(sent, 13), code);
  });
}

for (const [what, frame] of [
  ["PING", rawFrame(6, 0, 0, Buffer.alloc(8))],
  ["SETTINGS", rawFrame(4, 0, 0, Buffer.alloc(0))],
  ["PRIORITY", rawFrame(2, 0, 3, Buffer.from([0, 0, 0, 1, 0]))],
  ["WINDOW_UPDATE", rawFrame(8, 0, 0, Buffer.from([0, 0, 0, 1]))],
  ["unknown frames", rawFrame(99, 0, 0, Buffer.alloc(3))],
] as const) {
  test(`Http2Session closes on a flood of ${what}`, () => {
    const { server } = pair();
    for (let i = 0; i < 1100 && !server.session.dead; i++) server.session.receive(frame, 0, frame.length);
    assert.deepEqual(server.log, [`connection error ${errorCode.enhanceYourCalm}`]);
  });
}

test("Http2Session closes on a rapid reset after at most 200 requests", () => {
  const { client, server } = pair();
  for (let i = 0; i < 1000 && !server.session.dead; i++) {
    const stream = client.session.open("x");
    if (stream === undefined) break;
    client.session.sendHeaders(stream, get, true);
    client.session.reset(stream, errorCode.cancel);
    const bytes = client.take();
    server.session.receive(bytes, 0, bytes.length);
  }
  assert.ok(server.session.dead);
  assert.ok(server.streams.length <= 200, `${server.streams.length} requests`);
});

test("Http2Session lets an honest client cancel now and then", () => {
  const { client, server } = pair();
  for (let i = 0; i < 1000; i++) {
    const stream = open(client);
    client.session.sendHeaders(stream, get, true);
    settle(client, server);
    const received = server.streams.at(-1) as Http2Stream<string>;
    if (i % 4 === 0) client.session.reset(stream, errorCode.cancel);
    else server.session.sendHeaders(received, [{ name: ":status", value: "204" }], true);
    settle(client, server);
    client.nowMs = server.nowMs += 10;
  }
  assert.ok(!server.session.dead);
});

test("Http2Session refuses streams above the limit and goes on with the others", () => {
  const { client, server } = pair({ maxConcurrentStreams: 2 });
  for (let i = 0; i < 3; i++) client.session.sendHeaders(open(client), get, true);
  settle(client, server);
  assert.equal(server.streams.length, 2);
  assert.deepEqual(client.log, [`5 reset ${errorCode.refusedStream}`]);
});

test("Http2Session says too large for a header list above the limits, and stays in step", () => {
  const { client, server } = pair({ headerCount: 6 });
  const many = Array.from({ length: 10 }, (_, i) => ({ name: `x-${i}`, value: "v" }));
  client.session.sendHeaders(open(client), [...get, ...many], true);
  client.session.sendHeaders(open(client), [...get, { name: "x-9", value: "v" }], true);
  settle(client, server);
  assert.deepEqual(server.log, ["1 too large", "3 headers :method=GET :scheme=http :path=/ :authority=h x-9=v end"]);
});

test("Http2Session counts the crumbs of a cookie as the one field that they become", () => {
  const { client, server } = pair({ headerCount: 6, headerListBytes: 400 });
  const crumbs = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: "cookie", value: `c${i % 10}=v` }));
  client.session.sendHeaders(open(client), [...get, { name: "x", value: "y" }, ...crumbs(20)], true);
  client.session.sendHeaders(open(client), [...get, ...crumbs(60)], true);
  client.session.sendHeaders(open(client), [...get, ...crumbs(2), ...crumbs(1), { name: "x", value: "y" }], true);
  settle(client, server);
  assert.deepEqual(
    server.log.map((line) => line.split(" ", 2).join(" ")),
    ["1 headers", "3 too", "5 headers"],
  );
});

test("Http2Session sends and reads a header block longer than a frame", () => {
  const { client, server } = pair();
  const long = Array.from({ length: 3 }, (_, i) => ({ name: `x-${i}`, value: "~".repeat(12_000) }));
  client.session.sendHeaders(open(client), [...get, ...long], true);
  settle(client, server);
  assert.equal(server.log.length, 1);
  assert.ok((server.log[0] as string).length > 36_000);
});

test("Http2Session: after GOAWAY new streams are refused, old ones finish", () => {
  const { client, server } = pair();
  client.session.sendHeaders(open(client), get, true);
  settle(client, server);
  server.session.goaway(errorCode.noError);
  settle(client, server);
  client.session.sendHeaders(open(client), get, true);
  server.session.sendHeaders(server.streams[0] as Http2Stream<string>, [{ name: ":status", value: "200" }], true);
  settle(client, server);
  assert.deepEqual(client.log, ["goaway 1 0", "1 headers :status=200 end", `3 reset ${errorCode.refusedStream}`]);
});

test("Http2Session acknowledges settings before it sends what they let through", () => {
  const { server } = pair();
  const settings = (window: number): Buffer => {
    const payload = Buffer.from([0, 4, 0, 0, 0, window]);
    return rawFrame(frameType.settings, 0, 0, payload);
  };
  const receive = (bytes: Buffer): void => server.session.receive(bytes, 0, bytes.length);
  receive(settings(0));
  receive(rawFrame(frameType.headers, 5, 1, Buffer.from([0x82, 0x84, 0x86, 0x41, 1, 0x68])));
  const stream = server.streams[0] as Http2Stream<string>;
  server.session.sendHeaders(stream, [{ name: ":status", value: "200" }], false);
  assert.equal(server.session.sendData(stream, Buffer.from("ab"), 0, 2, true), 0);
  server.take();
  server.onWritable = (one) => void server.session.sendData(one, Buffer.from("ab"), 0, 2, true);
  receive(settings(1));
  const sent = server.take();
  assert.deepEqual([sent[3], sent[9 + 3]], [frameType.settings, frameType.data]);
  assert.equal(sent.length, 9 + 9 + 1);
});
