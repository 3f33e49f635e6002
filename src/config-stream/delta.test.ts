import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyDelta, type Delta, DeltaError, deltaOf } from "./delta.ts";
import { digestOf } from "./digest.ts";

/** JSON values of few distinct parts, so that two of them have much in common; keys may be those of prototypes. */
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, 0, 1, "", "a", "b"),
    fc.array(tie("value"), { maxLength: 6 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__", "constructor", "toString"), tie("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).value;

/** What the other end gets. */
const sent = (delta: Delta): Delta => JSON.parse(JSON.stringify(delta));

const change = (before: unknown, after: unknown): unknown => {
  const delta = deltaOf(before, after);
  return delta === undefined ? before : applyDelta(before, sent(delta));
};

test("applyDelta: makes the second value out of the first, whatever they are, and leaves the first as it was", () => {
  fc.assert(
    fc.property(json, json, (before, after) => {
      const text = JSON.stringify(before);
      assert.deepEqual(change(before, after), after);
      assert.equal(JSON.stringify(before), text);
    }),
    { numRuns: 2000 },
  );
});

test("applyDelta: arbitrary JSON survives too", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
      assert.deepEqual(sent(change(before, after) as Delta), sent(after as Delta));
    }),
  );
});

test("deltaOf: nothing for equal values, and something for others, just as their digests say", () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      assert.equal(deltaOf(a, structuredClone(a)), undefined);
      assert.equal(digestOf(a), digestOf(structuredClone(a)));
      assert.equal(deltaOf(a, b) === undefined, digestOf(a) === digestOf(b));
    }),
    { numRuns: 1000 },
  );
});

test("deltaOf: finds a list's insertions, removals and moves without repeating what stayed", () => {
  const element = fc.integer({ min: 0, max: 1_000_000 }).map((id) => ({ id, text: `element ${id}, and more of it` }));
  fc.assert(
    fc.property(
      fc.uniqueArray(element, { minLength: 20, maxLength: 60, selector: ({ id }) => id }),
      fc.nat(),
      fc.nat(),
      (list, from, to) => {
        const moved = structuredClone(list);
        const [one] = moved.splice(from % moved.length, 1);
        moved.splice(to % moved.length, 0, one!);
        const delta = deltaOf(list, moved);
        assert.ok(JSON.stringify(delta ?? null).length < 250, "one element and its places");
        assert.deepEqual(change(list, moved), moved);
      },
    ),
  );
});

test("deltaOf: a member that is undefined counts as absent", () => {
  assert.equal(deltaOf({ a: 1, b: undefined }, { a: 1 }), undefined);
  assert.equal(digestOf({ a: 1, b: undefined }), digestOf({ a: 1 }));
  assert.deepEqual(change({ a: 1, b: 2 }, { a: 1, b: undefined }), { a: 1 });
  assert.deepEqual(change({ a: 1, b: undefined }, { a: 1, b: 2 }), { a: 1, b: 2 });
});

test("applyDelta: keys of prototypes are data, and no prototype changes", () => {
  const after = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}');
  const changed = change({}, after) as object;
  assert.equal(JSON.stringify(changed), JSON.stringify(after));
  assert.equal(Object.getPrototypeOf(changed), Object.prototype);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  assert.deepEqual(change(after, {}), {});
});

test("applyDelta: what did not change is the very same part", () => {
  const before = { rules: { a: { x: [1] }, b: { x: [2] } }, list: [{ n: 1 }, { n: 2 }, { n: 3 }] };
  const after = structuredClone(before);
  after.rules.b.x = [3];
  after.list.splice(1, 1);
  const changed = change(before, after) as typeof before;
  assert.equal(changed.rules.a, before.rules.a);
  assert.equal(changed.list[0], before.list[0]);
  assert.equal(changed.list[1], before.list[2]);
});

test("deltaOf: one changed rule of 5,000 is a small message", () => {
  const rule = (n: number, weight: number) => ({
    key: `rule-${n}`,
    backends: [{ cluster: `shop/app-${n}:80`, weight }],
  });
  const state = (weight: number) => ({
    rules: Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`rule-${n}`, rule(n, n === 2500 ? weight : 1)])),
    entries: Array.from({ length: 5000 }, (_, n) => ({ rule: `rule-${n}`, path: n === 10 ? `/${weight}` : `/${n}` })),
  });
  const delta = deltaOf(state(1), state(2));
  assert.ok(delta && JSON.stringify(delta).length < 500, JSON.stringify(delta));
});

test("applyDelta: refuses what does not fit", () => {
  const object: Delta = { kind: "object", change: [["a", { kind: "replace", value: 1 }]], remove: [] };
  assert.throws(() => applyDelta([], object), DeltaError);
  assert.throws(() => applyDelta({}, { kind: "array", edits: [] }), DeltaError);
  assert.throws(() => applyDelta([1], { kind: "array", edits: [{ at: 2, remove: 1, insert: [] }] }), DeltaError);
  assert.throws(() => applyDelta({}, { kind: "other" } as unknown as Delta), DeltaError);
});
