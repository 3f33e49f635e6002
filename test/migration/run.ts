/**
 * Puts the requests of every recorded case of ingress-nginx to Sluice, and compares the answers: `npm run check:migration`.
 * Each difference has a name in `src/ingress/differences.ts`, or the run fails.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CaseResult } from "./case-worker.ts";
import { judge, type Verdict } from "./judge.ts";
import { spawnInOwnNetwork } from "./own-network.ts";
import { readTruth, type ServedAs, servedAs, type TruthCase } from "./truth-case.ts";

const help = `Usage: npm run check:migration -- [FLAGS]

  --only NAME      cases of this name (annotation/case), or of this annotation; may be repeated
  --served HOW     ingress: as they are (the default); converted: what sluice migrate convert writes;
                   verified: both, beside what sluice migrate verify says of them
  --processes      start \`sluice run\` for each case, rather than serve it in the process that asks
  --workers N      cases at the same time (default 4)
  -v, --verbose    list every field that differs, also where the difference has a name
  -o json          all of it as JSON
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    served: { type: "string", default: "ingress" },
    processes: { type: "boolean", default: false },
    workers: { type: "string", default: "4" },
    verbose: { type: "boolean", short: "v", default: false },
    output: { type: "string", short: "o", default: "table" },
    help: { type: "boolean", short: "h", default: false },
  },
});

const served = parseServed(values.served);

if (values.help) process.stdout.write(help);
else process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = readTruth().filter(
    ({ name }) => values.only.length === 0 || values.only.some((one) => name === one || name.startsWith(`${one}/`)),
  );
  if (chosen.length === 0) throw new Error(`there is no case ${values.only.join(", ")}`);
  const verdicts = await judgeAll(chosen);
  if (values.output === "json") console.log(JSON.stringify(verdicts, null, 2));
  else printTable(verdicts);
  return verdicts.some(({ kind }) => kind === "wrong") ? 1 : 0;
}

/** Verdicts in the order of the cases; each worker takes the next case when it is done with one. */
async function judgeAll(cases: readonly TruthCase[]): Promise<readonly Verdict[]> {
  const waiting = [...cases];
  const verdicts = new Map<string, Verdict>();
  const workers = Array.from({ length: Math.min(Number(values.workers), cases.length) }, async () => {
    let worker: ChildProcess | undefined;
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      worker ??= await startWorker();
      worker.send(one.name);
      const [result] = (await once(worker, "message")) as [CaseResult];
      const verdict = judge(one, result, served);
      verdicts.set(one.name, verdict);
      if (values.output !== "json") console.log(line(verdict));
    }
    if (worker === undefined) return;
    worker.disconnect();
    await once(worker, "exit");
  });
  await Promise.all(workers);
  return cases.map(({ name }) => verdicts.get(name) as Verdict);
}

async function startWorker(): Promise<ChildProcess> {
  const worker = spawnInOwnNetwork(join(import.meta.dirname, "case-worker.ts"), [
    served,
    values.processes ? "own" : "shared",
  ]);
  const ended = once(worker, "exit").then(() => {
    throw new Error("a worker ended before it was ready; namespaces need root, or user namespaces");
  });
  await Promise.race([once(worker, "message"), ended]);
  ended.catch(() => {});
  return worker;
}

function parseServed(text: string): ServedAs {
  const found = servedAs.find((each) => each === text);
  if (found === undefined) throw new Error(`--served is one of ${servedAs.join(", ")}`);
  return found;
}

function line({ name, kind, differences, mismatches, faults }: Verdict): string {
  const unnamed = mismatches.filter(({ difference }) => difference === undefined);
  const shown = values.verbose ? mismatches : unnamed;
  const fields = shown.map(
    ({ request, field, recorded, seen, difference }) =>
      `    ${request}: ${field}: recorded ${recorded}, seen ${seen}${difference ? ` (${difference})` : ""}`,
  );
  const verdict = kind === "wrong" ? "WRONG" : kind === "named" ? `named: ${differences.join(", ")}` : "equal";
  return [`${name}  ${verdict}`, ...faults.map((fault) => `    ${fault}`), ...fields].join("\n");
}

function printTable(verdicts: readonly Verdict[]): void {
  const groups = Map.groupBy(verdicts, ({ name }) => name.split("/")[0] as string);
  const count = (list: readonly Verdict[], wanted: Verdict["kind"]): number =>
    list.filter(({ kind }) => kind === wanted).length;
  const cell = (value: string | number): string => String(value).padStart(6);
  const row = (name: string, list: readonly Verdict[]): string =>
    `${name.padEnd(30)}${(["equal", "named", "wrong"] as const).map((kind) => cell(count(list, kind))).join("")}`;
  console.log(`\n${"annotation".padEnd(30)}${["equal", "named", "WRONG"].map(cell).join("")}`);
  for (const [name, list] of groups) console.log(row(name, list));
  console.log(row("all", verdicts));
  const wrong = count(verdicts, "wrong");
  console.log(`\n${verdicts.length - wrong} passed, ${wrong} failed`);
}
