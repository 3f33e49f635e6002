import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Dechunker } from "./dechunker.ts";

/** A chunked body of these chunks with these trailer lines. */
function chunked(chunks: readonly string[], trailers: readonly string[]): Buffer {
  const parts = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  return Buffer.from(`${parts.join("")}0\r\n${trailers.map((line) => `${line}\r\n`).join("")}\r\n`, "latin1");
}

const chunk = fc.string({ unit: fc.constantFrom("a", "\r", "\n", "0", ";"), minLength: 1, maxLength: 40 });
const trailer = fc.constantFrom("x-sum: 7", "X-More:8", "x-empty:");

test("Dechunker: content and trailers come out whole however the bytes are cut", () => {
  const dechunker = new Dechunker("backend");
  fc.assert(
    fc.property(
      fc.array(chunk, { maxLength: 8 }),
      fc.array(trailer, { maxLength: 3 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
      (chunks, trailers, cuts) => {
        const bytes = chunked(chunks, trailers);
        dechunker.reset();
        let content = "";
        const sink = {
          onContent: (source: Buffer, start: number, end: number) => {
            content += source.latin1Slice(start, end);
          },
        };
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          assert.equal(dechunker.done, false);
          const until = Math.min(bytes.length, at + cuts[cut % cuts.length]!);
          assert.equal(dechunker.push(bytes, at, until, sink), until);
          at = until;
        }
        assert.equal(dechunker.done, true);
        assert.equal(content, chunks.join(""));
        assert.deepEqual(
          dechunker.trailers.map(({ name, value }) => `${name}: ${value}`),
          trailers.map((line) => line.replace(/^([^:]*):\s*/, (_, name: string) => `${name.toLowerCase()}: `)),
        );
      },
    ),
  );
});

test("Dechunker: a fault is told, and what stands behind the body is left alone", () => {
  const dechunker = new Dechunker("backend");
  const sink = { onContent: () => {} };
  assert.ok(dechunker.push(Buffer.from("x\r\n"), 0, 3, sink) < 0);
  dechunker.reset();
  const bytes = Buffer.concat([chunked(["abc"], []), Buffer.from("HTTP/1.1")]);
  assert.equal(dechunker.push(bytes, 0, bytes.length, sink), bytes.length - 8);
});
