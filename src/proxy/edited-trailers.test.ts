import assert from "node:assert/strict";
import { test } from "node:test";
import { EditedTrailers } from "./edited-trailers.ts";

test("EditedTrailers: none that a filter claims, in whatever spelling, and none at all where one claims all", () => {
  const claims = (claimed: readonly (readonly string[] | "all")[], name: string): boolean =>
    new EditedTrailers(claimed).claims(Buffer.from(name), name.length);
  assert.equal(claims([["x-user"], ["x-sum"]], "X_Sum"), true);
  assert.equal(claims([["x-user"]], "x-sum"), false);
  assert.equal(claims([[], "all"], "x-sum"), true);
});
