/**
 * Runs the laws of the HTTP/1.1 codec at length: `node test/fuzz/http1.ts [--runs 50000] [--seed N]`. Prints what failed, with the
 * seed that repeats it, and closes with `N passed, N failed`.
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { laws } from "../wire/http1-laws.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "50000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
const numRuns = Number(values.runs);
const seed = Number(values.seed);

let passed = 0;
let failed = 0;
console.log(`runs of each law: ${numRuns}, seed: ${seed}`);
for (const [title, law] of Object.entries(laws)) {
  const result = fc.check(law as fc.IProperty<unknown>, { numRuns, seed });
  if (result.failed) {
    failed++;
    console.log(`FAILED ${title}\n${fc.defaultReportMessage(result as fc.RunDetails<[unknown]>)}`);
  } else {
    passed++;
    console.log(`ok ${title}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
