import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineReader } from "./line-reader.ts";
import { ProtocolError } from "./protocol.ts";

const sizes = fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 9_000 }));

test("LineReader: gives the lines of a text however its bytes are cut", () => {
  const line = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.nat(40_000).map((length) => "é".repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), fc.array(sizes, { minLength: 1 }), (texts, cuts) => {
      const lines = texts.map((text) => text.replaceAll("\n", ""));
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""));
      const seen: string[] = [];
      const reader = new LineReader(1024 * 1024, (text) => seen.push(text));
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const chunk = bytes.subarray(at, at + cuts[turn % cuts.length]!);
        at += chunk.length;
        reader.push(Buffer.from(chunk));
      }
      assert.deepEqual(seen, lines);
    }),
    { numRuns: 50 },
  );
});

test("LineReader: a line may have the bytes that are allowed, and none more, also in single bytes", () => {
  for (const [bytes, fits] of [
    [100, true],
    [101, false],
  ] as const) {
    const seen: string[] = [];
    const reader = new LineReader(100, (text) => seen.push(text));
    const push = () => {
      for (const byte of Buffer.from(`${"x".repeat(bytes)}\n`)) reader.push(Buffer.of(byte));
    };
    if (fits) push();
    else assert.throws(push, ProtocolError);
    assert.equal(seen.length, fits ? 1 : 0);
  }
});

test("LineReader: what has come in single bytes is held together with what they came in let go of", () => {
  const reader = new LineReader(64 * 1024 * 1024, () => {});
  const chunk = Buffer.alloc(64 * 1024, "x");
  const before = process.memoryUsage();
  for (let n = 0; n < 64; n++) for (let at = 0; at < chunk.length; at++) reader.push(chunk.subarray(at, at + 1));
  const after = process.memoryUsage();
  const grownMiB = (after.arrayBuffers - before.arrayBuffers) / 2 ** 20;
  assert.ok(grownMiB < 16, `${grownMiB} MiB for 4 MiB`);
  reader.push(Buffer.from("\n"));
});
