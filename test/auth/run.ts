/**
 * The judges of who may come in: every file `*.check.ts` beside this one, against the real program. Ends with
 * `N passed, N failed`.
 *
 *   npm run check:auth [-- PART-OF-A-FILE-NAME]
 */
import { globSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";

const [wanted = ""] = process.argv.slice(2);
const files = globSync("*.check.ts", { cwd: import.meta.dirname })
  .filter((file) => file.includes(wanted))
  .sort()
  .map((file) => join(import.meta.dirname, file));

const count = { passed: 0, failed: 0 };
const stream = run({ files, concurrency: 1, timeout: 300_000 });
stream.on("test:pass", ({ name, details }) => {
  if (details.type === "suite") return;
  count.passed++;
  console.log(`ok      ${name}`);
});
stream.on("test:fail", ({ name, details }) => {
  if (details.type === "suite") return;
  count.failed++;
  console.log(`FAILED  ${name}`);
  console.log(details.error.cause ?? details.error);
});
stream.on("test:stderr", ({ message }) => process.stderr.write(message));
stream.resume();
await new Promise((done) => stream.on("end", done));
if (count.passed + count.failed === 0) {
  console.log(`no check is called ${wanted}`);
  process.exitCode = 1;
}
console.log(`${count.passed} passed, ${count.failed} failed`);
if (count.failed > 0) process.exitCode = 1;
