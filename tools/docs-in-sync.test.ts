import assert from "node:assert/strict";
import { test } from "node:test";
import { inSync, pages } from "./docs-in-sync.ts";

for (const page of pages) {
  test(`${page.file}${page.part ? ` (${page.part})` : ""} says what its table says`, () => {
    assert.ok(inSync(page), `${page.file} differs from its table: run \`npm run docs\``);
  });
}
