import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonPieces } from "./json-pieces.ts";

test("jsonPieces: together they are what JSON.stringify makes", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), fc.integer({ min: 1, max: 50 }), (value, length) => {
      assert.equal([...jsonPieces(value, length)].join(""), JSON.stringify(value));
    }),
  );
  const absent = { a: undefined, b: [undefined, 1], c: {} };
  assert.equal([...jsonPieces(absent, 9)].join(""), JSON.stringify(absent));
});

test("jsonPieces: no piece of a large value is large", () => {
  const value = { rules: Array.from({ length: 1000 }, (_, n) => ({ name: `rule ${n}`, labels: { n: String(n) } })) };
  const lengths = [...jsonPieces(value, 100)].map((piece) => piece.length);
  assert.ok(Math.max(...lengths) < 200 && lengths.length > 100);
});
