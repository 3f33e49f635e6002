/**
 * Behaviour under change, in a cluster: `node bench/cluster/run.ts SCENARIO [--option N] [-o json] [--keep]`; without a name,
 * lists them.
 *
 * Starts the rig of `test/conformance` with the controller in it, two replicas, and runs itself there; `--keep` uses the rig of
 * this NAME when it is up, and leaves it up. The load comes from this one process; every scenario is bounded in time and number,
 * and removes what it made.
 */
import { parseArgs } from "node:util";
import { Cluster } from "../../test/cluster/cluster.ts";
import { Scene } from "../../test/cluster/feature.ts";
import { findInside, type Inside, runInside } from "../../test/cluster/inside.ts";
import { clusterShapes } from "../../test/conformance/cluster.ts";
import { attach } from "./attach.ts";
import { leader } from "./leader.ts";
import { outage } from "./outage.ts";
import { routes } from "./routes.ts";
import { scale } from "./scale.ts";
import { type Options, parseOptions, type Result, renderRows, type Scenario } from "./scenario.ts";
import { toggle } from "./toggle.ts";

const scenarios: Readonly<Record<string, Scenario>> = { routes, attach, toggle, scale, outage, leader };

/** Of the controller: one leads, the other waits. */
const replicas = 2;
/** Thousands of objects take a while to go. */
const removalMs = 300_000;

function usage(): string {
  const lines = Object.entries(scenarios).flatMap(([name, { does, options }]) => [
    `  ${name.padEnd(8)} ${does}`,
    ...Object.entries(options).map(([flag, { initial, help }]) => `             --${flag} ${initial}  ${help}`),
  ]);
  return ["node bench/cluster/run.ts SCENARIO [flags] [-o json]", "", ...lines].join("\n");
}

async function runScenario(name: string, scenario: Scenario, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...parseOptions(scenario),
      output: { type: "string", short: "o", default: "text" },
      shape: { type: "string", default: "in-cluster" },
      keep: { type: "boolean", default: false },
    },
  });
  const text = (flag: string): string => String((values as Readonly<Record<string, unknown>>)[flag]);
  const options = Object.fromEntries(Object.keys(scenario.options).map((flag) => [flag, Number(text(flag))]));
  const inside = findInside();
  if (inside === undefined) {
    const program = { program: import.meta.filename, args: process.argv.slice(2), name: "behaviour" };
    const shape = clusterShapes.find((one) => one === text("shape"));
    if (shape === undefined) throw new Error(`--shape is one of ${clusterShapes.join(", ")}`);
    return runInside({ ...program, shape, replicas, keep: values["keep"] === true });
  }
  const result = await runIn(inside, name, { scenario, options });
  if (text("output") === "json") console.log(JSON.stringify({ scenario: name, options, ...result }, undefined, 2));
  else console.log([`## ${name}: ${scenario.does}`, "", renderRows(result.rows), ...result.faults].join("\n"));
  return result.faults.length === 0 ? 0 : 1;
}

async function runIn(
  inside: Inside,
  name: string,
  { scenario, options }: { readonly scenario: Scenario; readonly options: Options },
): Promise<Result> {
  await using cluster = await Cluster.open();
  const namespace = { apiVersion: "v1", kind: "Namespace", name: `bench-${name}` };
  await cluster.remove([namespace]);
  await cluster.waitGone(namespace, removalMs);
  await cluster.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace.name } }]);
  const scene = new Scene({ ...inside, cluster, namespace: namespace.name });
  try {
    return await scenario.run(scene, options);
  } finally {
    await cluster.remove([namespace]);
    await cluster.waitGone(namespace, removalMs);
  }
}

const [name = "", ...args] = process.argv.slice(2);
const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;
if (scenario === undefined) {
  console.log(usage());
  process.exitCode = name === "" ? 0 : 2;
} else {
  process.exitCode = await runScenario(name, scenario, args);
}
