import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { checkInvariants } from "../../src/ir/invariants.ts";
import { compileCase, goldenCases, goldenFiles } from "./golden-case.ts";

describe("golden cases", () => {
  for (const golden of goldenCases) {
    test(`${golden.name} compiles to its golden files`, async () => {
      for (const [name, text] of Object.entries(await goldenFiles(golden))) {
        assert.equal(
          text,
          readFileSync(join(golden.folder, name), "utf8"),
          `${name}: if this is right, run \`npm run golden\``,
        );
      }
    });

    test(`${golden.name} keeps the invariants of the model`, async () => {
      assert.deepEqual(checkInvariants((await compileCase(golden)).routing), []);
    });
  }
});
