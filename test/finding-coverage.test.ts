import assert from "node:assert/strict";
import { test } from "node:test";
import { retiredFindings } from "../src/finding/catalogue/retired.ts";
import { catalogue } from "../src/finding/catalogue.ts";

// That each is made by the code in some test, the test run itself sees: tools/unit.ts.
test("codes of findings are unique, also those that are no longer made", () => {
  const codes = [...Object.values(catalogue), ...Object.values(retiredFindings)].map(({ code }) => code);
  assert.deepEqual(
    codes.filter((code, index) => codes.indexOf(code) !== index),
    [],
  );
});
