/**
 * Runs all tests, and fails when a finding of the catalogue was made by none of them: `npm run unit`. Arguments are handed to
 * the test runner; with any, only a part may run, and findings are not looked at.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { catalogue } from "../src/finding/catalogue.ts";

const tests = ["src/**/*.test.ts", "test/**/*.test.ts", "tools/**/*.test.ts"];
const recorder = new URL("../test/record-findings.ts", import.meta.url).href;

const rest = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "sluice-findings-"));
try {
  const { status } = spawnSync(process.execPath, ["--test", "--test-reporter=spec", ...rest, ...tests], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: "inherit",
    env: {
      ...process.env,
      SLUICE_FINDINGS_MADE: folder,
      // Also for the processes that tests start.
      NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --import=${recorder}`.trim(),
    },
  });
  const missing = rest.length > 0 ? [] : neverMade(folder);
  for (const name of missing) console.error(`no test makes the code report ${name}`);
  process.exitCode = status !== 0 || missing.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function neverMade(made: string): string[] {
  const names = new Set(readdirSync(made).flatMap((file) => readFileSync(join(made, file), "utf8").split("\n")));
  return Object.keys(catalogue).filter((name) => !names.has(name));
}
