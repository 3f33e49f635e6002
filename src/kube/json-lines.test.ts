import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineTooLongError, readLines } from "./json-lines.ts";

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const end = start + (sizes[turn % sizes.length] ?? 1);
    yield bytes.subarray(start, end);
    start = end;
  }
}

test("readLines: however the bytes are cut, the lines are the same", async () => {
  const line = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replaceAll("\n", ""));
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(line), sizes, async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""));
      const expected = lines.filter((text) => text !== "").map((text) => Buffer.from(text).toString());
      assert.deepEqual(await Array.fromAsync(readLines(chunksOf(bytes, cuts), 1000)), expected);
    }),
  );
});

test("readLines: a line above the limit is an error, whole or in parts, and an unfinished one is no line", async () => {
  const read = (text: string, size: number) => Array.fromAsync(readLines(chunksOf(Buffer.from(text), [size]), 5));
  assert.deepEqual(await read("12345\n12345\n12", 3), ["12345", "12345"]);
  await assert.rejects(read("123456\n", 100), LineTooLongError);
  await assert.rejects(read("123456", 1), LineTooLongError);
});
