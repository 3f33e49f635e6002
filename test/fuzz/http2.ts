/**
 * Fuzzes an HTTP/2 session: `node test/fuzz/http2.ts [--runs 50000] [--seed N]`. Prints the seed and closes with
 * `N passed, N failed`.
 */
import assert from "node:assert/strict";
import { connectionPreface, frameFlag, frameType, writeFrameHeader } from "../../src/wire/http2/frame.ts";
import { fieldBound, HpackEncoder } from "../../src/wire/http2/hpack-encoder.ts";
import type { HeaderField } from "../../src/wire/http2/hpack-table.ts";
import { Http2Session, type SessionEvents, type SessionLimits } from "../../src/wire/http2/session.ts";
import type { Http2Stream } from "../../src/wire/http2/stream.ts";
import { type Law, readFuzzOptions, runLaws } from "./fuzz-laws.ts";
import { damage, pieces, type Random } from "./random.ts";

const limits: SessionLimits = {
  maxConcurrentStreams: 4,
  streamWindowBytes: 1_000,
  connectionWindowBytes: 70_000,
  headerListBytes: 2_000,
  headerCount: 10,
  continuationFrames: 3,
};

function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  writeFrameHeader(header, 0, { length: payload.length, type, flags, streamId });
  return Buffer.concat([header, payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

const requestFields: readonly HeaderField[] = [
  { name: ":method", value: "GET" },
  { name: ":scheme", value: "https" },
  { name: ":path", value: "/" },
  { name: ":authority", value: "a.test" },
];
const otherFields: readonly HeaderField[] = [
  { name: "x-a", value: "1" },
  { name: "cookie", value: "a=b" },
  { name: "x-long", value: "v".repeat(900) },
  { name: "Upper", value: "\r\n" },
];

/** What a client says: mostly sense, with every frame of the protocol in it. */
class Speaker {
  readonly #random: Random;
  readonly #encoder = new HpackEncoder();
  #nextId = 1;

  constructor(random: Random) {
    this.#random = random;
  }

  conversation(): Buffer {
    const random = this.#random;
    const frames = [connectionPreface, frame(frameType.settings, 0, 0, Buffer.alloc(0))];
    for (let count = random.int(25); count > 0; count--) frames.push(...this.#say());
    return Buffer.concat(frames);
  }

  #say(): readonly Buffer[] {
    const random = this.#random;
    const id = random.once(8) ? random.int(20) : Math.max(1, this.#nextId - 2 * random.int(3));
    const flags = random.pick([0, 0, frameFlag.endStream, random.int(256)]);
    switch (random.int(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.#headers();
      case 4:
      case 5:
        return [frame(frameType.data, flags, id, random.bytes(random.pick([0, 1, 10, 300, 1_200])))];
      case 6:
        return [
          frame(frameType.windowUpdate, 0, random.pick([0, id]), uint32(random.pick([0, 1, 1_000, 0x7fff_ffff]))),
        ];
      case 7:
        return [frame(frameType.rstStream, 0, id, uint32(random.int(15)))];
      case 8: {
        const entry = Buffer.concat([
          Buffer.of(0, random.int(10)),
          uint32(random.pick([0, 1, 100, 16_384, 0xffff_ffff])),
        ]);
        return [frame(frameType.settings, random.once(4) ? 1 : 0, 0, random.once(4) ? Buffer.alloc(0) : entry)];
      }
      case 9:
        return [frame(frameType.ping, random.int(2), 0, random.bytes(8))];
      case 10:
        return [frame(frameType.priority, 0, id, Buffer.concat([uint32(random.int(20)), Buffer.of(1)]))];
      default:
        return [frame(random.int(16), flags, id, random.bytes(random.int(30)))];
    }
  }

  #headers(): readonly Buffer[] {
    const random = this.#random;
    const fields = [...requestFields, ...Array.from({ length: random.int(5) }, () => random.pick(otherFields))];
    const out = Buffer.alloc(fields.reduce((sum, { name, value }) => sum + fieldBound(name, value), 8));
    let end = this.#encoder.begin(out, 0);
    for (const field of fields) end = this.#encoder.field(out, end, field);
    const block = out.subarray(0, end);
    const id = this.#nextId;
    this.#nextId += 2;
    const endStream = random.once(2) ? frameFlag.endStream : 0;
    if (!random.once(4)) return [frame(frameType.headers, endStream | frameFlag.endHeaders, id, block)];
    const cut = random.int(block.length + 1);
    return [
      frame(frameType.headers, endStream, id, block.subarray(0, cut)),
      frame(frameType.continuation, frameFlag.endHeaders, id, block.subarray(cut)),
    ];
  }
}

type Heard = { readonly events: readonly string[]; readonly output: string };

/** A server that answers some requests, and writes down what it is told. */
function listen(parts: readonly Buffer[]): Heard {
  const events: string[] = [];
  const output: Buffer[] = [];
  let over = false;
  const note = (text: string): void => {
    assert.ok(!over, "nothing is told after the connection's end");
    events.push(text);
  };
  const answer = (stream: Http2Stream<undefined>): void => {
    if (stream.id % 3 === 0) return;
    session.sendHeaders(stream, [{ name: ":status", value: "200" }], stream.id % 3 === 1);
    if (stream.id % 3 === 2) session.sendData(stream, Buffer.alloc(500), 0, 500, true);
  };
  const told: SessionEvents<undefined> = {
    onHeaders: (stream, block, endStream) => {
      note(`headers ${stream.id} ${JSON.stringify(block)} ${endStream}`);
      // Crumbs of a cookie count as the one field that they are put together to.
      const crumbs = block.filter(({ name }) => name === "cookie").length;
      assert.ok(block.length - Math.max(0, crumbs - 1) <= limits.headerCount);
      answer(stream);
    },
    onTrailers: (stream, block) => note(`trailers ${stream.id} ${JSON.stringify(block)}`),
    onData: (stream, bytes, start, end) => {
      note(`data ${stream.id} ${bytes.latin1Slice(start, end)}`);
      if (stream.id % 5 !== 0) session.consume(stream, end - start);
    },
    onEnd: (stream) => note(`end ${stream.id}`),
    onReset: (stream, code) => note(`reset ${stream.id} ${code}`),
    onWritable: (stream) => note(`writable ${stream.id}`),
    onHeadersTooLarge: (stream, endStream) => note(`too large ${stream.id} ${endStream}`),
    onEnding: () => note("ending"),
    onGoaway: (id, code) => note(`goaway ${id} ${code}`),
    onConnectionError: (code, reason) => {
      note(`connection error ${code} ${reason}`);
      over = true;
    },
    onDirty: () => {},
    onOutput: (buffer, start, end) => {
      output.push(Buffer.from(buffer.subarray(start, end)));
      return true;
    },
  };
  const session: Http2Session<undefined> = new Http2Session(told, { role: "server", limits, now: () => 0 });
  session.start();
  for (const part of parts) {
    // What was read is gone by the next read.
    const copy = Buffer.from(part);
    session.receive(copy, 0, copy.length);
    copy.fill(0xee);
    assert.ok(session.streams.size <= limits.maxConcurrentStreams, "no more streams than allowed");
    assert.equal(session.dead, over);
  }
  session.flush();
  return { events, output: Buffer.concat(output).toString("latin1") };
}

const largestAnswerBytes = 20_000;

function assertAlike(bytes: Buffer, random: Random): Heard {
  const whole = listen([bytes]);
  assert.deepEqual(listen(pieces(bytes, random)), whole);
  assert.ok(whole.output.length <= largestAnswerBytes + 2 * bytes.length, "what is sent is bounded by what came");
  return whole;
}

const laws: Readonly<Record<string, Law>> = {
  "a conversation is understood alike however it is cut, and nothing is told after its end": (random) => {
    assertAlike(new Speaker(random).conversation(), random);
  },
  "so is a damaged one": (random) => {
    assertAlike(damage(new Speaker(random).conversation(), random), random);
  },
  "noise behind a preface never throws": (random) => {
    const opening = [connectionPreface, frame(frameType.settings, 0, 0, Buffer.alloc(0))];
    assertAlike(Buffer.concat([...opening.slice(0, 1 + random.int(2)), random.bytes(random.int(200))]), random);
  },
};

runLaws(laws, readFuzzOptions());
