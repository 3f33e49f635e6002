import assert from "node:assert/strict";
import { test } from "node:test";
import { outdated } from "../../tools/deploy.ts";

test("the files below deploy/ are what src/install/ makes", () => {
  assert.deepEqual(outdated(), [], "run `npm run manifests`");
});
