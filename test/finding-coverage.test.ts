import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { catalogue } from "../src/finding/catalogue.ts";
import type { FindingRow } from "../src/finding/finding.ts";

const root = join(import.meta.dirname, "..");

/** Everything in which a finding is expected: tests, and the golden findings. */
const expectations = [
  ...globSync("{src,test}/**/*.test.ts", { cwd: root }),
  ...globSync("test/**/findings.yaml", { cwd: root }),
]
  .filter((file) => !file.endsWith("finding-coverage.test.ts"))
  .map((file) => readFileSync(join(root, file), "utf8"))
  .join("\n");

describe("the catalogue of findings", () => {
  const rows = Object.entries(catalogue as Record<string, FindingRow>);

  test("codes are unique", () => {
    const codes = rows.map(([, row]) => row.code);
    assert.deepEqual(
      codes.filter((code, i) => codes.indexOf(code) !== i),
      [],
    );
  });

  for (const [name, row] of rows) {
    test(`${row.code} ${name} is produced by a test`, () => {
      const expected = new RegExp(`(?<![\\w-])${name}(?![\\w-])|${row.code}\\b`).test(expectations);
      assert.ok(expected, `no test and no golden case expects ${name}`);
    });
  }
});
