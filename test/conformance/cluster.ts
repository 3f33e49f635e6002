import { type ChildProcess, execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { copyFile, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { end, insideOnce, Rig, type SuiteVersion } from "./rig.ts";

const run = promisify(execFile);
const repository = join(import.meta.dirname, "../..");

/**
 * Where the controller runs: in pods that `sluice install` makes, with a data plane for each Gateway; or as one process
 * beside the cluster that serves the Gateways itself.
 */
export const clusterShapes = ["in-cluster", "single-process"] as const;
export type ClusterShape = (typeof clusterShapes)[number];

/** The name that the suite expects. */
export const gatewayClassName = "gateway-conformance";
/** Of `sluice install`. */
const namespace = "sluice-system";
/** Free for a controller outside the cluster to bind; see README.md. */
const gatewayAddresses = "198.19.128.0/17";

const acceptedTimeoutMs = 60_000;
const stopGraceMs = 10_000;

export type ClusterOptions = {
  /** Of the rig. Two of different names do not know of each other. */
  readonly name: string;
  readonly shape: ClusterShape;
  readonly suite?: SuiteVersion;
  /** Where the logs of everything are left when the cluster is stopped. Absent: they go with the rig. */
  readonly logs?: string;
  /** Pods of the controller, in-cluster. Default 1. */
  readonly replicas?: number;
  /** Further images, and what stands for them. Words are split at spaces. */
  readonly images?: Readonly<Record<string, string>>;
  /** Further arguments of `sluice install` or `sluice controller`, by shape. */
  readonly args?: readonly string[];
  /** Use the rig of this name when it is up, and leave it up. */
  readonly reuse?: boolean;
};

/** A rig with Sluice in it, and a GatewayClass that it has accepted. */
export type Cluster = {
  readonly rig: Rig;
  readonly kubeconfig: string;
  readonly gatewayClassName: string;
  /** Of the controller's Deployment, in-cluster. */
  readonly namespace: string;
  /** Where the rig keeps its files, such as `node/pids/NAMESPACE_POD_CONTAINER`. */
  readonly state: string;
  /** The controller, single-process. */
  readonly controller: ChildProcess | undefined;
  /** Ends everything that was started. Safe to call twice. */
  stop(): Promise<void>;
};

/**
 * Starts a rig and Sluice in it, and waits until the GatewayClass is accepted. What has been started is stopped again when
 * that fails. Needs root, or namespaces of `rig.sh once`; the rig has to be built.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const rig = new Rig(options.name, options.suite ?? "1.7");
  const found = insideOnce || (options.reuse === true && (await isUp(rig)));
  let controller: ChildProcess | undefined;
  const stop = once(async () => {
    if (controller !== undefined) await end(controller, stopGraceMs);
    if (options.logs !== undefined) await rig.collectLogs(options.logs);
    if (!insideOnce && options.reuse !== true) await rig.run("down");
  });
  try {
    if (!found) await rig.run("up");
    const [state, kubeconfig] = await Promise.all([rig.run("state"), rig.run("kubeconfig")]);
    const entry = await compile(join(state, "sluice"));
    await rig.mapImages({ sluice: `${process.execPath} ${entry}`, ...options.images });
    if (options.shape === "in-cluster") await install(rig, entry, options);
    else controller = await startController(rig, entry, options);
    await gatewayClassAccepted(rig, controller);
    return { rig, kubeconfig, gatewayClassName, namespace, state, controller, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const classOption = ["--set", `gatewayClass.name=${gatewayClassName}`];

/** The program as the package and the image have it, in a folder of its own: what is judged is what users run. */
async function compile(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const project = join(repository, "tsconfig.build.json");
  await run(join(repository, "node_modules/.bin/tsc"), ["-p", project, "--outDir", join(folder, "dist")]);
  await copyFile(join(repository, "package.json"), join(folder, "package.json"));
  await symlink(join(repository, "node_modules"), join(folder, "node_modules"));
  return join(folder, "dist/main.js");
}

async function isUp(rig: Rig): Promise<boolean> {
  return !/ -$/m.test(await rig.run("status"));
}

async function install(rig: Rig, entry: string, { replicas = 1, args = [] }: ClusterOptions): Promise<void> {
  const flags = [...classOption, "--set", `replicas=${replicas}`, ...args];
  await rig.run("exec", process.execPath, entry, "install", ...flags);
}

/** Our own kinds and the GatewayClass come from what `sluice install` would apply. */
async function startController(rig: Rig, entry: string, { logs, args = [] }: ClusterOptions): Promise<ChildProcess> {
  const { stdout } = await run(process.execPath, [entry, "install", "--dry-run", "-o", "json", ...classOption]);
  const { items } = JSON.parse(stdout) as { items: readonly { kind: string }[] };
  await rig.apply(items.filter(({ kind }) => kind === "CustomResourceDefinition" || kind === "GatewayClass"));
  const folder = logs ?? (await rig.run("state"));
  await mkdir(folder, { recursive: true });
  const log = createWriteStream(join(folder, "controller.log"));
  const flags = ["--plane", "embedded", "--gateway-addresses", gatewayAddresses, "--log-format", "json", ...args];
  const child = rig.exec(process.execPath, [entry, "controller", ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  return child;
}

async function gatewayClassAccepted(rig: Rig, controller: ChildProcess | undefined): Promise<void> {
  const path = '-ojsonpath={.status.conditions[?(@.type=="Accepted")].status}';
  for (const end = Date.now() + acceptedTimeoutMs; Date.now() < end; await sleep(200)) {
    if (controller !== undefined && controller.exitCode !== null)
      throw new Error(`sluice controller ended with ${controller.exitCode}; see controller.log`);
    if ((await rig.run("kubectl", "get", "gatewayclass", gatewayClassName, path)) === "True") return;
  }
  throw new Error(`GatewayClass ${gatewayClassName} was not accepted in ${acceptedTimeoutMs / 1000} s`);
}

/** The same promise for every call. */
function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= action();
    return done;
  };
}
