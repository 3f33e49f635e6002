import assert from "node:assert/strict";
import { test } from "node:test";
import { isLaterVersion, liveObjectOf } from "./live-object.ts";

test("isLaterVersion: compares as numbers, however long, and knows nothing of other texts", () => {
  assert.equal(isLaterVersion("10", "9"), true);
  assert.equal(isLaterVersion("9", "10"), false);
  assert.equal(isLaterVersion("7", "7"), false);
  assert.equal(isLaterVersion("90071992547409930", "90071992547409929"), true);
  for (const other of ["", "0", "07", "abc", "-1"]) {
    assert.equal(isLaterVersion(other, "5"), false);
    assert.equal(isLaterVersion("5", other), false);
  }
});

test("liveObjectOf: an answer without uid or version is no object", () => {
  const path = { group: "", version: "v1", plural: "services", name: "cart" };
  const metadata = { uid: "u", resourceVersion: "5" };
  assert.deepEqual(liveObjectOf(path, { metadata, status: 1 }), { path, ...metadata, status: 1 });
  for (const answer of [{}, { metadata: 1 }, { metadata: { uid: "u" } }, { metadata: { resourceVersion: "5" } }]) {
    assert.equal(liveObjectOf(path, answer), undefined);
  }
});
