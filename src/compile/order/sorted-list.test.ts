import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { SortedList } from "./sorted-list.ts";

it("SortedList: is in order after any changes, few or many, and keeps what it gave before", () => {
  const numbers = fc.uniqueArray(fc.nat(200), { maxLength: 80 });
  fc.assert(
    fc.property(fc.array(numbers, { maxLength: 6 }), (contents) => {
      const list = new SortedList<number>((a, b) => a - b);
      let before: readonly number[] = [];
      for (const next of contents) {
        const given = list.items;
        list.patch(
          before.filter((item) => !next.includes(item)),
          next.filter((item) => !before.includes(item)),
        );
        assert.deepEqual(
          list.items,
          next.toSorted((a, b) => a - b),
        );
        assert.deepEqual(given, before);
        before = list.items;
      }
    }),
  );
});

it("SortedList: gives the same array when what is taken out is put in again", () => {
  const list = new SortedList<number>((a, b) => a - b);
  list.patch([], [2, 1]);
  const before = list.items;
  list.patch([1], [1]);
  assert.equal(list.items, before);
});
