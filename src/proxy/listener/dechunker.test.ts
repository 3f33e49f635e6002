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
  const dechunker = new Dechunker();
  fc.assert(
    fc.property(
      fc.array(chunk, { maxLength: 8 }),
      fc.array(trailer, { maxLength: 3 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
      (chunks, trailers, cuts) => {
        const bytes = chunked(chunks, trailers);
        dechunker.reset();
        let content = "";
        let ends = 0;
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const until = Math.min(bytes.length, at + cuts[cut % cuts.length]!);
          dechunker.push(bytes, at, until, (source, start, end, last) => {
            assert.equal(ends, 0, "nothing follows what was called the last");
            content += source.latin1Slice(start, end);
            if (last) ends++;
          });
          at = until;
        }
        assert.equal(content, chunks.join(""));
        assert.equal(dechunker.trailers, trailers.map((line) => `${line}\r\n`).join(""));
        if (trailers.length > 0) assert.equal(ends, 0, "trailers follow");
      },
    ),
  );
});

test("Dechunker: the end goes with the last content when it came with it", () => {
  const dechunker = new Dechunker();
  dechunker.reset();
  const bytes = chunked(["abc", "de"], []);
  const pieces: (readonly [string, boolean])[] = [];
  dechunker.push(bytes, 0, bytes.length, (source, start, end, last) =>
    pieces.push([source.latin1Slice(start, end), last]),
  );
  assert.deepEqual(pieces, [
    ["abc", false],
    ["de", true],
  ]);
});
