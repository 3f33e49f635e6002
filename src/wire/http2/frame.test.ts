import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { errorCode, type FrameHeader, FrameReader, maxFrameBytes, writeFrameHeader } from "./frame.ts";

type Seen = FrameHeader & { readonly payload: string };

function reader(): { seen: Seen[]; reader: FrameReader } {
  const seen: Seen[] = [];
  return {
    seen,
    reader: new FrameReader({
      onFrame: (header, bytes, start, end) => seen.push({ ...header, payload: bytes.latin1Slice(start, end) }) && 0,
    }),
  };
}

function frame(header: Omit<FrameHeader, "length">, payload: string): Buffer {
  const out = Buffer.alloc(9 + payload.length);
  out.latin1Write(payload, writeFrameHeader(out, 0, { ...header, length: payload.length }));
  return out;
}

test("FrameReader gives the same frames however the bytes are cut", () => {
  const header = fc.record(
    {
      type: fc.nat(20),
      flags: fc.nat(255),
      streamId: fc.nat(0x7fffffff),
      payload: fc.string({ unit: "binary-ascii", maxLength: 40 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(
      fc.array(header, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      (frames, cuts) => {
        const bytes = Buffer.concat(frames.map((one) => frame(one, one.payload)));
        const { seen, reader: cut } = reader();
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = Math.min(bytes.length, at + (cuts[i % cuts.length] as number));
          assert.equal(cut.push(bytes, at, end), 0);
          at = end;
        }
        assert.deepEqual(
          seen,
          frames.map((one) => ({ length: one.payload.length, ...one })),
        );
      },
    ),
  );
});

test("FrameReader takes a frame of the largest size in two halves and refuses a larger one by its header", () => {
  const { seen, reader: fits } = reader();
  const largest = frame({ type: 0, flags: 0, streamId: 1 }, "x".repeat(maxFrameBytes));
  assert.equal(fits.push(largest, 0, 5000), 0);
  assert.equal(fits.push(largest, 5000, largest.length), 0);
  assert.equal(seen[0]?.length, maxFrameBytes);

  const header = Buffer.alloc(9);
  writeFrameHeader(header, 0, { length: maxFrameBytes + 1, type: 0, flags: 0, streamId: 1 });
  assert.equal(reader().reader.push(header, 0, 9), errorCode.frameSizeError);
  const { reader: halves } = reader();
  assert.equal(halves.push(header, 0, 4), 0);
  assert.equal(halves.push(header, 4, 9), errorCode.frameSizeError);
});

test("FrameReader masks the reserved bit of the stream identifier and stops at the handler's error", () => {
  const bytes = frame({ type: 3, flags: 0, streamId: 0 }, "abcd");
  bytes[5] = 0x80;
  const { seen, reader: one } = reader();
  one.push(bytes, 0, bytes.length);
  assert.equal(seen[0]?.streamId, 0);
  let calls = 0;
  const stops = new FrameReader({
    onFrame: () => {
      calls++;
      return errorCode.protocolError;
    },
  });
  assert.equal(stops.push(Buffer.concat([bytes, bytes]), 0, bytes.length * 2), errorCode.protocolError);
  assert.equal(calls, 1);
});
