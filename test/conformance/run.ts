/**
 * The official judge: the Gateway API conformance suite, all gateway profiles, on a real API server. Builds what it needs
 * into the user's cache folder, starts the rig and Sluice in it, runs the suite, prints the table of profiles, and ends
 * everything again. The last line is `N passed, N failed`; a test that was skipped has not passed.
 *
 *   npm run conformance -- [--suite 1.7|1.6] [--shape in-cluster|single-process] [--run-test NAME] [--repeat N]
 *                          [--report FILE] [--logs FOLDER] [--keep]
 *
 * With root the rig is network namespace `rig-conformance` (NAME in the environment: another, for several at once);
 * without, all of it runs in namespaces of its own (`rig.sh once`). Exit status 3: the machine lacks what is named.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Cluster, clusterShapes, startCluster } from "./cluster.ts";
import { profileTable } from "./profile-table.ts";
import { end, exited, insideOnce, Rig, suiteVersions } from "./rig.ts";
import { printFailures, runSuite, type SuiteRun } from "./suite-run.ts";

const script = join(import.meta.dirname, "rig.sh");
const suiteGraceMs = 5_000;

const { values } = parseArgs({
  options: {
    suite: { type: "string", default: "1.7" },
    shape: { type: "string", default: "in-cluster" },
    "run-test": { type: "string" },
    repeat: { type: "string", default: "1" },
    report: { type: "string" },
    logs: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});
const suite = choice("--suite", values.suite, suiteVersions);
const shape = choice("--shape", values.shape, clusterShapes);
const repeat = Math.max(1, Number(values.repeat) || 1);
const isRoot = process.getuid?.() === 0;
const name = process.env["NAME"] ?? (isRoot || insideOnce ? "conformance" : `conformance-${process.pid}`);

/** Ended, last one first, when a signal comes. */
const running: (() => Promise<unknown>)[] = [];
let interrupted = false;

function choice<T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found !== undefined) return found;
  console.error(`${flag} must be ${allowed.join(" or ")}`);
  process.exit(2);
}

/** Runs a program in the foreground. */
async function foreground(args: readonly string[]): Promise<number> {
  const child = spawn(script, args, { stdio: "inherit", env: { ...process.env, NAME: name, SUITE: suite } });
  // unshare holds SIGTERM back; with it, all that it started is gone.
  running.push(() => end(child, 0));
  const status = await exited(child);
  running.pop();
  return status;
}

/** Without root: this program again, where a rig is up. */
async function runInOnce(): Promise<number> {
  if (values.keep) {
    console.error("--keep needs root: without, the rig ends with the program that it was made for");
    return 2;
  }
  const status = await foreground(["once", process.execPath, import.meta.filename, ...process.argv.slice(2)]);
  // Where unshare was killed, nobody was left to do this.
  await rm(await new Rig(name, suite).run("state"), { recursive: true, force: true });
  return status;
}

async function runOnCluster(): Promise<number> {
  const logs = values.logs === undefined ? await mkdtemp(join(tmpdir(), "sluice-conformance-")) : resolve(values.logs);
  await mkdir(logs, { recursive: true });
  const total: Counts = { passed: 0, failed: 0 };
  let cluster: Cluster | undefined;
  try {
    console.log(`Starting the rig and Sluice, ${shape}`);
    cluster = await startCluster({ name, shape, suite, logs, reuse: values.keep });
    running.push(cluster.stop);
    for (let round = 1; round <= repeat && !interrupted; round++) {
      const { passed, failed } = await runRound(cluster, round, logs);
      total.passed += passed;
      total.failed += failed;
    }
  } catch (error) {
    total.failed++;
    console.log(error instanceof Error ? error.message : error);
  } finally {
    await cluster?.stop();
  }
  if (values.keep) console.log(`The rig is still up: NAME=${name} ${script} kubectl get gateways -A; … down`);
  if (total.failed > 0 || values.logs !== undefined) console.log(`Logs: ${logs}`);
  else await rm(logs, { recursive: true });
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 || interrupted ? 1 : 0;
}

type Counts = { passed: number; failed: number };

async function runRound(cluster: Cluster, round: number, logs: string): Promise<Counts> {
  const folder = repeat === 1 ? logs : join(logs, `run-${round}`);
  await mkdir(folder, { recursive: true });
  const which = repeat === 1 ? "" : `, run ${round} of ${repeat}`;
  console.log(`\nGateway API v${suite} suite, ${shape}${which}`);
  const started = (child: ChildProcess): void => {
    running.push(() => end(child, suiteGraceMs));
  };
  const done = await runSuite(cluster, { runTest: values["run-test"], folder, started });
  running.pop();
  if (values.report !== undefined && done.report !== undefined && round === repeat) {
    const file = resolve(values.report);
    await mkdir(dirname(file), { recursive: true });
    await copyFile(join(folder, "report.yaml"), file);
  }
  return summarize(done);
}

function summarize({ results, status, report, seconds }: SuiteRun): Counts {
  printFailures(results);
  // One test alone says nothing about a profile.
  if (report !== undefined && values["run-test"] === undefined) console.log(`\n${profileTable(report)}`);
  const passed = results.filter(({ outcome }) => outcome === "passed").length;
  const failed = results.length - passed;
  console.log(
    `${passed} of ${results.length} tests passed in ${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`,
  );
  if (status === 0 || failed > 0) return { passed, failed };
  // The suite can also fail before its tests, or be ended in the middle of them.
  console.log(`The suite ended with exit status ${status}; see suite.log.`);
  return { passed, failed: 1 };
}

async function main(): Promise<number> {
  if (insideOnce) return runOnCluster();
  const built = await foreground(["build"]);
  if (built !== 0) return built;
  return isRoot ? runOnCluster() : runInOnce();
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, async () => {
    if (interrupted) return;
    interrupted = true;
    for (const stop of running.toReversed()) await stop().catch(() => {});
  });

process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  console.log("0 passed, 1 failed");
  return 1;
});
