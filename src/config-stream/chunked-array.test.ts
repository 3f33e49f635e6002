import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyDelta, deltaOf } from "./delta.ts";
import { digestOf } from "./digest.ts";

const large = (length: number) =>
  Array.from({ length }, (_, index) => ({ name: `element-${index}`, note: "x".repeat(40) }));

test("digestOf: large arrays made from one another have the digests of those made from nothing", () => {
  const edit = fc.record({
    at: fc.nat(),
    remove: fc.nat(90),
    insert: fc.array(fc.record({ name: fc.string(), note: fc.constant("y".repeat(50)) }), { maxLength: 90 }),
  });
  fc.assert(
    fc.property(fc.nat(900), fc.array(edit, { minLength: 1, maxLength: 12 }), (length, edits) => {
      let current: unknown[] = large(length);
      let held: unknown = structuredClone(current);
      assert.equal(digestOf(held), digestOf(current));
      for (const { at, remove, insert } of edits) {
        const before = current;
        current = current.toSpliced(at % (current.length + 1), remove, ...insert);
        const delta = deltaOf(before, current);
        if (delta !== undefined) held = applyDelta(held, JSON.parse(JSON.stringify(delta)));
        const fresh = digestOf(structuredClone(current));
        assert.equal(digestOf(current), fresh);
        assert.equal(digestOf(held), fresh);
      }
    }),
  );
});

test("digestOf: order, repetition and absence count in large arrays", () => {
  const all = large(500);
  const others = [
    all.toReversed(),
    all.slice(1),
    all.slice(0, -1),
    [...all, all[499]],
    all.with(250, { name: "other", note: "" }),
    all.with(0, all[1]!).with(1, all[0]!),
  ];
  const digests = new Set([all, ...others].map((value) => digestOf(value)));
  assert.equal(digests.size, 1 + others.length);
});

test("digestOf: an element more in an array of 6,000 looks at few others", () => {
  let looks = 0;
  // What has a text as short as this is not remembered: each look at it is counted.
  const element = (index: number) => {
    const get = () => {
      looks++;
      return index;
    };
    return Object.defineProperty({}, "n", { get, enumerable: true });
  };
  const before = Array.from({ length: 6_000 }, (_, index) => element(index));
  digestOf(before);
  assert.ok(looks >= 6_000);
  looks = 0;
  const after = before.toSpliced(3_000, 0, element(7_000));
  const delta = deltaOf(before, after)!;
  digestOf(after);
  digestOf(applyDelta(before, delta));
  assert.ok(looks > 0 && looks < 1_500, `${looks} looks`);
});
