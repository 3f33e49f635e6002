/**
 * Loaded into every process of a test run (`tools/unit.ts`): notes the names of the findings that the code under test makes,
 * in a file of the folder SLUICE_FINDINGS_MADE. Findings that a test makes for itself do not count.
 */
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";

const folder = process.env["SLUICE_FINDINGS_MADE"];
const declaration = "export function makeFinding(name: FindingName, detail: FindingDetail): Finding {";
/** Where findings pass through on their way from whoever makes them. */
const passedThrough = /\/src\/(finding\/catalogue|compile\/report\/report)\.ts/;

if (folder !== undefined) {
  const made = new Set<string>();
  (globalThis as { noteFinding?: (name: string) => void }).noteFinding = (name) => {
    if (!made.has(name) && isMadeByCode(new Error().stack ?? "")) made.add(name);
  };
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith("/src/finding/catalogue.ts")) return loaded;
      const source = String(loaded.source);
      if (!source.includes(declaration)) throw new Error("makeFinding is declared in other words than this expects");
      return { ...loaded, source: source.replace(declaration, `${declaration} globalThis.noteFinding(name);`) };
    },
  });
  process.on("exit", () => {
    if (made.size > 0) appendFileSync(join(folder, String(process.pid)), `${[...made].join("\n")}\n`);
  });
}

/** Whether the first function on the stack that is not a mere way station belongs to the sources and is no test. */
function isMadeByCode(stack: string): boolean {
  const caller = stack
    .split("\n")
    .slice(2)
    .find((line) => !passedThrough.test(line));
  return caller?.includes("/src/") === true && !caller.includes(".test.ts");
}
