import assert from "node:assert/strict";
import { test } from "node:test";
import { annotationsOf, labelsOf, nameOf, objectsOf, placeOf, specOf, textsOf } from "./written-object.ts";

test("parts of an object are read as they are written", () => {
  const object = {
    metadata: { name: "a", namespace: "n", labels: { x: "1", y: 2 }, annotations: { z: "3" } },
    spec: { rules: [] },
  };
  assert.deepEqual([nameOf(object), placeOf(object)], ["n/a", { namespace: "n", name: "a" }]);
  assert.deepEqual([labelsOf(object), annotationsOf(object), specOf(object)], [{ x: "1" }, { z: "3" }, { rules: [] }]);
  assert.deepEqual([objectsOf([{}, 1, null, []]), textsOf(["a", 1])], [[{}], ["a"]]);
});

test("what is not as it should be is empty", () => {
  for (const broken of [{}, { metadata: 1, spec: [] }, { metadata: { labels: [], annotations: "x", name: {} } }]) {
    assert.deepEqual(
      [nameOf(broken), labelsOf(broken), annotationsOf(broken), specOf(broken)],
      ["default/", {}, {}, {}],
    );
  }
  assert.deepEqual([objectsOf("x"), textsOf(undefined)], [[], []]);
});
