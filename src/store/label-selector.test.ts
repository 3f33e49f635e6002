import assert from "node:assert/strict";
import { test } from "node:test";
import { type LabelSelector, selectorMatches } from "./label-selector.ts";

const labels = { team: "shop", tier: "web" };
const rows: readonly [title: string, selector: LabelSelector, expected: boolean][] = [
  ["an empty selector", {}, true],
  ["an equal label", { matchLabels: { team: "shop" } }, true],
  ["another value", { matchLabels: { team: "pay" } }, false],
  ["two labels, one of them other", { matchLabels: { team: "shop", tier: "db" } }, false],
  ["a name that every object inherits", { matchLabels: { constructor: "x" } }, false],
  ["In with the value", { matchExpressions: [{ key: "team", operator: "In", values: ["pay", "shop"] }] }, true],
  ["In without the value", { matchExpressions: [{ key: "team", operator: "In", values: ["pay"] }] }, false],
  ["In on an absent label", { matchExpressions: [{ key: "zone", operator: "In", values: [""] }] }, false],
  ["In without values, which the API refuses", { matchExpressions: [{ key: "team", operator: "In" }] }, false],
  ["NotIn with the value", { matchExpressions: [{ key: "team", operator: "NotIn", values: ["shop"] }] }, false],
  ["NotIn on an absent label", { matchExpressions: [{ key: "zone", operator: "NotIn", values: ["a"] }] }, true],
  ["NotIn without values, which the API refuses", { matchExpressions: [{ key: "zone", operator: "NotIn" }] }, false],
  ["Exists on a label", { matchExpressions: [{ key: "team", operator: "Exists" }] }, true],
  ["Exists on an absent label", { matchExpressions: [{ key: "zone", operator: "Exists" }] }, false],
  [
    "Exists with values, which the API refuses",
    { matchExpressions: [{ key: "team", operator: "Exists", values: ["shop"] }] },
    false,
  ],
  ["DoesNotExist on an absent label", { matchExpressions: [{ key: "zone", operator: "DoesNotExist" }] }, true],
  ["DoesNotExist on a label", { matchExpressions: [{ key: "team", operator: "DoesNotExist" }] }, false],
  [
    "an operator that does not exist",
    { matchExpressions: [{ key: "team", operator: "Equals", values: ["shop"] }] },
    false,
  ],
  [
    "labels and expressions together",
    { matchLabels: { team: "shop" }, matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] },
    false,
  ],
];

for (const [title, selector, expected] of rows) {
  test(`selectorMatches: ${title} ${expected ? "matches" : "does not match"}`, () => {
    assert.equal(selectorMatches(selector, labels), expected);
  });
}
