/**
 * Runs all fuzzers, one after the other: `node test/fuzz/run.ts [--runs N] [--seed N]`. Prints what each prints, and closes with
 * the sum, `N passed, N failed`.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const fuzzers = ["http1", "llhttp", "heads", "http2", "hpack", "client-hello", "proxy-protocol"] as const;
const summary = /^(\d+) passed, (\d+) failed$/;

let passed = 0;
let failed = 0;
for (const name of fuzzers) {
  console.log(`${name}:`);
  const started = performance.now();
  const child = spawn(process.execPath, [new URL(`./${name}.ts`, import.meta.url).pathname, ...process.argv.slice(2)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  let counted = false;
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(`  ${line}`);
    const counts = summary.exec(line);
    if (counts === null) continue;
    counted = true;
    passed += Number(counts[1]);
    failed += Number(counts[2]);
  }
  // A fuzzer that ended without a word about it has failed.
  if ((await exit) !== 0 && !counted) failed++;
  console.log(`  ${Math.round((performance.now() - started) / 1000)} s`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
