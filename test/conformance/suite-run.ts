import type { ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packageVersion } from "../../src/cli/version.ts";
import { type Cluster, gatewayClassName } from "./cluster.ts";
import { exited, type Rig } from "./rig.ts";
import { SuiteOutput, type TestResult } from "./suite-output.ts";

const profiles = ["GATEWAY-HTTP", "GATEWAY-GRPC", "GATEWAY-TLS", "GATEWAY-TCP", "GATEWAY-UDP"];

/** A run takes about ten minutes; one in which every test waits for its timeout is ended here. */
const runTimeoutMinutes = 60;

/** Who stands behind a report. Gateway API, conformance/reports/README.md. */
const implementation = [
  "--organization=sluice",
  "--project=sluice",
  "--url=https://sluice.dev",
  "--contact=https://sluice.dev",
  `--version=v${packageVersion()}`,
];

/** For GatewayStaticAddresses: one that can be a Gateway's in every shape of the rig, and one of a documentation network. */
const addresses = ["--usable-address=198.19.200.1", "--unusable-address=192.0.2.1"];

export type SuiteRun = {
  readonly results: readonly TestResult[];
  /** Exit status of the suite. */
  readonly status: number;
  /** What the suite wrote; absent when it ended before. */
  readonly report: string | undefined;
  readonly seconds: number;
};

export type SuiteRunOptions = {
  /** One test alone. */
  readonly runTest: string | undefined;
  /** Where output and report of the suite are left. */
  readonly folder: string;
  readonly started: (suite: ChildProcess) => void;
};

/**
 * Runs the official suite: all gateway profiles, the default timeouts, and as features those that the GatewayClass says in
 * its status. Nothing is exempted. Prints a line as each test begins.
 */
export async function runSuite({ rig }: Cluster, { runTest, folder, started }: SuiteRunOptions): Promise<SuiteRun> {
  const begin = performance.now();
  const reportFile = join(folder, "report.yaml");
  const args = [
    `--conformance-profiles=${profiles.join(",")}`,
    `--report-output=${reportFile}`,
    ...implementation,
    ...addresses,
    ...(runTest === undefined ? [] : [`--run-test=${runTest}`, `--supported-features=${await features(rig)}`]),
  ];
  const env = { TIMEOUT: `${runTimeoutMinutes}m` };
  const suite = rig.spawn("conformance", args, { env, stdio: ["ignore", "pipe", "pipe"] });
  started(suite);
  const output = new SuiteOutput();
  const log = createWriteStream(join(folder, "suite.log"));
  suite.stderr?.pipe(log, { end: false });
  if (suite.stdout === null) throw new Error("the suite has no output");
  for await (const line of createInterface({ input: suite.stdout })) {
    log.write(`${line}\n`);
    const name = output.add(line);
    if (name !== undefined) console.log(`${elapsed(begin).padStart(12)}  ${name}`);
  }
  const status = await exited(suite);
  log.end();
  const results = output.results.filter((result) => counts(result, runTest));
  const report = await readFile(reportFile, "utf8").catch(() => undefined);
  return { results, status, report, seconds: (performance.now() - begin) / 1000 };
}

/** For one test alone the suite asks no GatewayClass. */
async function features(rig: Rig): Promise<string> {
  const path = "-ojsonpath={.status.supportedFeatures[*].name}";
  return (await rig.run("kubectl", "get", "gatewayclass", gatewayClassName, path)).replaceAll(" ", ",");
}

/** Tests of service meshes are skipped, being in none of the profiles, and so are all but a chosen one. */
function counts({ name, outcome, log }: TestResult, runTest: string | undefined): boolean {
  if (runTest !== undefined) return name === runTest;
  return outcome !== "skipped" || !log.some((line) => /suite does not support Mesh/.test(line));
}

function elapsed(begin: number): string {
  const seconds = Math.round((performance.now() - begin) / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** What each test that did not pass said last. */
export function printFailures(results: readonly TestResult[]): void {
  for (const { name, outcome, log } of results)
    if (outcome !== "passed") console.log(`\n${name} ${outcome}\n${log.map((line) => `    ${line}`).join("\n")}`);
}
