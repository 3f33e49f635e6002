import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { goingAwayFrame, WebSocketBoundary } from "./websocket.ts";

/** A frame with a payload of `length` bytes. */
function frame(opcode: number, length: number, mask: "masked" | "plain"): Buffer {
  const flag = mask === "masked" ? 0x80 : 0;
  const header =
    length < 126
      ? Buffer.of(0x80 | opcode, flag | length)
      : length < 65_536
        ? Buffer.of(0x80 | opcode, flag | 126, length >> 8, length & 255)
        : Buffer.of(0x80 | opcode, flag | 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255);
  return Buffer.concat([header, Buffer.alloc(mask === "masked" ? 4 : 0), Buffer.alloc(length)]);
}

test("WebSocketBoundary is open between frames and nowhere else, however the bytes are cut", () => {
  const length = fc.oneof(fc.nat(200), fc.integer({ min: 65_530, max: 65_600 }));
  const frames = fc.array(
    fc.tuple(fc.constantFrom(0, 1, 2, 9, 10), length, fc.constantFrom("masked" as const, "plain" as const)),
    {
      minLength: 1,
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 70_000 }), (list, step) => {
      const parts = list.map(([opcode, bytes, mask]) => frame(opcode, bytes, mask));
      const ends = new Set<number>([0]);
      let total = 0;
      for (const part of parts) {
        total += part.length;
        ends.add(total);
      }
      const bytes = Buffer.concat(parts);
      const boundary = new WebSocketBoundary();
      for (let at = 0; at < bytes.length; at += step) {
        const end = Math.min(bytes.length, at + step);
        boundary.push(bytes, at, end);
        assert.equal(boundary.open, ends.has(end), `after ${end} bytes`);
      }
    }),
    { numRuns: 200 },
  );
});

test("WebSocketBoundary is not open any more behind a Close frame", () => {
  const boundary = new WebSocketBoundary();
  assert.ok(boundary.open);
  boundary.push(goingAwayFrame, 0, goingAwayFrame.length);
  assert.ok(!boundary.open);
});
