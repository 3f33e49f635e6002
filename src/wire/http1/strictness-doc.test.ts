import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { renderStrictnessTable } from "./strictness-doc.ts";

describe("docs/reference/http-strictness.md", () => {
  it("holds the table of faults as it is", () => {
    const page = readFileSync(new URL("../../../docs/reference/http-strictness.md", import.meta.url), "utf8");
    const table = page.split("<!-- table -->\n")[1]?.split("\n<!-- /table -->")[0];
    assert.equal(table, renderStrictnessTable());
  });
});
