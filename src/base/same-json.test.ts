import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalJson } from "./canonical-json.ts";
import { sameJson } from "./same-json.ts";

test("sameJson: agrees with canonical text on any two values", () => {
  const value = fc.jsonValue();
  const pair = fc.oneof(
    fc.tuple(value, value),
    value.map((one) => [one, JSON.parse(JSON.stringify(one)) as unknown] as const),
    // Near misses: one member more, or another one.
    fc
      .tuple(fc.dictionary(fc.constantFrom("a", "b", "constructor"), fc.constantFrom(1, null, "x")))
      .chain(([one]) =>
        fc
          .dictionary(fc.constantFrom("a", "b", "toString"), fc.constantFrom(1, null, "x"))
          .map((other) => [one, other] as const),
      ),
  );
  fc.assert(fc.property(pair, ([a, b]) => sameJson(a, b) === (canonicalJson(a) === canonicalJson(b))));
});

test("sameJson: an undefined member is absent, and lists are no objects", () => {
  assert.equal(sameJson({ a: 1, b: undefined }, { a: 1 }), true);
  assert.equal(sameJson({ a: 1 }, { a: 1, b: undefined }), true);
  assert.equal(sameJson([], {}), false);
  assert.equal(sameJson({ a: undefined }, { b: undefined }), true);
});
