/** Runs a program of ours where a cluster with Sluice is: in the rig's network, with KUBECONFIG set. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClusterShape, startCluster } from "../conformance/cluster.ts";
import { end, exited, insideOnce, Rig } from "../conformance/rig.ts";
import { peerImage } from "./backends.ts";

const script = join(import.meta.dirname, "../conformance/rig.sh");
const peer = join(import.meta.dirname, "peer.ts");
const endGraceMs = 10_000;

/** Set for the program that runs inside. */
const mark = "SLUICE_TEST_CLUSTER";

export type Inside = {
  readonly rig: Rig;
  readonly className: string;
  readonly controllerNamespace: string;
  readonly shape: ClusterShape;
};

/** What the program has around it; `undefined` when it is not inside yet. */
export function findInside(): Inside | undefined {
  const text = process.env[mark];
  if (text === undefined) return undefined;
  const { name, ...rest } = JSON.parse(text) as Omit<Inside, "rig"> & { readonly name: string };
  return { ...rest, rig: new Rig(name, "1.7") };
}

export type InsideOptions = {
  /** The program, which asks {@link findInside}, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  /** Of the rig, where `NAME` does not give another. */
  readonly name: string;
  readonly shape: ClusterShape;
  /** Of the controller. Default: 1. */
  readonly replicas?: number;
  /** Further arguments of `sluice install`, or of the controller where it is one process. */
  readonly install?: readonly string[];
  /** Where the cluster's logs are left; absent: left, and named, when the program failed. */
  readonly logs?: string;
  /** Use the rig of this name when it is up, and leave it up. Needs root. */
  readonly keep: boolean;
};

/** Builds the rig, starts it with Sluice, runs the program in it, and ends everything again. The program's exit status. */
export async function runInside(options: InsideOptions): Promise<number> {
  if (!insideOnce) {
    const built = await foreground(["build"]);
    if (built !== 0) return built;
    if (process.getuid?.() !== 0) {
      return foreground(["once", process.execPath, options.program, ...options.args]);
    }
  }
  const { shape, replicas = 1, install = [], keep } = options;
  const name = process.env["NAME"] ?? options.name;
  const logs = options.logs ?? (await mkdtemp(join(tmpdir(), `sluice-${options.name}-`)));
  const images = { [peerImage]: `${process.execPath} ${peer}` };
  const cluster = await startCluster({ name, shape, replicas, args: install, logs, images, reuse: keep });
  let status = 1;
  const stop = async (): Promise<void> => {
    await cluster.stop();
    if (status === 0 && options.logs === undefined) await rm(logs, { recursive: true });
    else console.error(`Logs: ${logs}`);
  };
  try {
    const inside = {
      ...{ name: cluster.rig.name, shape },
      ...{ className: cluster.gatewayClassName, controllerNamespace: cluster.namespace },
    };
    const child = cluster.rig.exec(process.execPath, [options.program, ...options.args], {
      ...{ stdio: "inherit", env: { [mark]: JSON.stringify(inside) } },
    });
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void end(child, endGraceMs));
    status = await exited(child);
  } finally {
    await stop();
  }
  return status;
}

async function foreground(args: readonly string[]): Promise<number> {
  const child = spawn(script, args, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void end(child, endGraceMs));
  return exited(child);
}
