import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { primeFrom } from "../../../base/prime.ts";
import { hash32 } from "../../../base/text-hash.ts";
import { MaglevTable } from "./maglev-table.ts";

const any = () => true;
const table = (names: readonly string[], size = 65_537) => new MaglevTable(names, (name) => name, size);
const keys = Array.from({ length: 20_000 }, (_, index) => hash32(`key-${index}`));
const names = (count: number) => Array.from({ length: count }, (_, index) => `10.1.${index >> 8}.${index & 255}:8080`);

test("MaglevTable: every endpoint has an equal share, to one part in a hundred", () => {
  const made = table(names(50));
  const counts = new Map<string, number>();
  for (let slot = 0; slot < 65_537; slot++) {
    const name = made.find(slot, any)!;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  assert.equal(counts.size, 50);
  assert.ok(Math.max(...counts.values()) / Math.min(...counts.values()) < 1.01);
});

test("MaglevTable: an endpoint that goes takes few keys of others along, whichever it is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), (count, pick) => {
      const all = names(count);
      const gone = all[pick % count]!;
      const before = table(all);
      const after = table(all.filter((name) => name !== gone));
      const moved = keys.filter(
        (key) => before.find(key, any) !== gone && before.find(key, any) !== after.find(key, any),
      );
      assert.ok(moved.length < keys.length * 0.04, `${moved.length} of ${keys.length} moved, of ${count} endpoints`);
    }),
    { numRuns: 20 },
  );
});

test("MaglevTable: an endpoint that does not fit gives its keys to the others and moves no other key", () => {
  const all = names(10);
  const made = table(all);
  const out = all[3]!;
  const takers = new Set<string>();
  for (const key of keys) {
    const before = made.find(key, any)!;
    const during = made.find(key, (name) => name !== out)!;
    if (before === out) takers.add(during);
    else assert.equal(during, before);
  }
  assert.equal(takers.size, 9);
});

test("MaglevTable: does not depend on the order of the endpoints, and finds nothing where nothing fits", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(names(12), { minLength: 1 }), fc.nat(), (some, key) => {
      const size = primeFrom(1_009);
      assert.equal(table(some, size).find(key, any), table(some.toSorted(), size).find(key, any));
      assert.equal(
        table(some, size).find(key, () => false),
        undefined,
      );
    }),
  );
  assert.equal(table([]).find(1, any), undefined);
});
