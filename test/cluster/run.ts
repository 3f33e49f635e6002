/**
 * Features that the official conformance suite has no test for, and what it cannot see of provisioning: tests of the same kind,
 * on the same rig. The last line is `N passed, N failed`.
 *
 *   npm run check:cluster -- [--only FEATURE,FEATURE] [--shape in-cluster|single-process] [--logs FOLDER] [--keep]
 *
 * `--keep` uses the rig of this NAME when it is up, and leaves it up, with the objects of features that failed.
 */
import { parseArgs } from "node:util";
import { type ClusterShape, clusterShapes } from "../conformance/cluster.ts";
import { features } from "./features.ts";
import { findInside, runInside } from "./inside.ts";
import { runFeatures } from "./run-features.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    shape: { type: "string", default: "in-cluster" },
    logs: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});

async function main(): Promise<number> {
  const shape = clusterShapes.find((one) => one === values.shape);
  const names = values.only.split(",").filter(Boolean);
  const unknown = names.filter((name) => !features.some((feature) => feature.name === name));
  if (shape === undefined || unknown.length > 0) {
    console.error(shape === undefined ? `--shape is one of ${clusterShapes.join(", ")}` : `no feature ${unknown}`);
    console.error(`Features: ${features.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  const inside = findInside();
  if (inside === undefined) return startInside(shape);
  const { passed, failed, leftOut } = await runFeatures({
    ...inside,
    features: features.filter(({ name }) => names.length === 0 || names.includes(name)),
    keep: values.keep ? "failed" : "nothing",
    print: console.log,
  });
  if (leftOut.length > 0) console.log(`Left out: ${leftOut.join(", ")}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function startInside(shape: ClusterShape): Promise<number> {
  return runInside({
    ...{ program: import.meta.filename, args: process.argv.slice(2), name: "features", shape, keep: values.keep },
    ...(values.logs === undefined ? {} : { logs: values.logs }),
    ...(shape === "in-cluster" ? { install: ["--set", "ingress.classes=nginx", "--set", "ingress.status=true"] } : {}),
  });
}

process.exitCode = await main().catch((error: Error) => {
  console.error(error.stack ?? error.message);
  console.log("0 passed, 1 failed");
  return 1;
});
