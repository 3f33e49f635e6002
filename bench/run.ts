/** `npm run bench -- NAME [flags]`: runs one benchmark of this folder; without a name, lists them with what they measure. */
import { readdirSync, readFileSync } from "node:fs";

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts") && file !== "run.ts")
  .map((file) => file.slice(0, -3));
const name = process.argv[2];
if (name !== undefined && names.includes(name)) {
  process.argv.splice(2, 1);
  await import(`./${name}.ts`);
} else {
  console.log("npm run bench -- NAME [flags]\n");
  for (const candidate of names) {
    const summary =
      /^\/\*\*\s*\n?\s*\*?\s*(.+?)(?:\*\/|\n)/.exec(
        readFileSync(new URL(`./${candidate}.ts`, import.meta.url), "utf8"),
      )?.[1] ?? "";
    console.log(`  ${candidate.padEnd(16)} ${summary.trim()}`);
  }
  process.exitCode = name === undefined ? 0 : 2;
}
