import { type ChildProcess, execFile, type SpawnOptions, spawn } from "node:child_process";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const script = join(import.meta.dirname, "rig.sh");

/** Starting takes about 10 s on two cores. */
const verbTimeoutMs = 180_000;
/** `kubectl get -o json` of everything. */
const outputLimit = 256 << 20;

/** A release of the official suite, together with the CRDs of the same version. */
export const suiteVersions = ["1.7", "1.6"] as const;
export type SuiteVersion = (typeof suiteVersions)[number];

/** True in namespaces that `rig.sh once` made: a rig is up in them, and ends with them. */
export const insideOnce = process.env["RIG_ONCE"] !== undefined;

/** One rig: what `rig.sh` does, from a program. Its methods reject with what the script said. */
export class Rig {
  readonly name: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(name: string, suite: SuiteVersion) {
    this.name = insideOnce ? (process.env["NAME"] ?? name) : name;
    this.#env = { ...process.env, NAME: this.name, SUITE: suite };
  }

  /** Runs a verb of `rig.sh` to its end; resolves to its standard output, without the last line break. */
  async run(verb: string, ...args: readonly string[]): Promise<string> {
    const done = run(script, [verb, ...args], { env: this.#env, timeout: verbTimeoutMs, maxBuffer: outputLimit });
    const { stdout } = await done.catch((error: { message: string; stderr?: string }) => {
      throw new Error(`rig.sh ${verb}: ${error.stderr?.trim() || error.message}`);
    });
    return stdout.trimEnd();
  }

  /** `kubectl apply` of these objects, server-side and as their only manager. */
  async apply(objects: readonly unknown[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
    const args = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
    const child = this.spawn("kubectl", args, { stdio: ["pipe", "ignore", "pipe"] });
    child.stdin?.on("error", () => {}).end(list);
    let problem = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      problem += chunk.toString();
    });
    const code = await exited(child);
    if (code !== 0) throw new Error(`kubectl apply: ${problem.trim()}`);
  }

  /** Starts a verb; for `exec`, `kubectl` and `conformance` the child is that program itself. */
  spawn(verb: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return spawn(script, [verb, ...args], { ...options, env: { ...this.#env, ...options.env } });
  }

  /** Starts a program in the rig's network namespace, with `KUBECONFIG` set. A signal to the child reaches it. */
  exec(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return this.spawn("exec", [command, ...args], options);
  }

  /** Copies the logs of the control plane, and of every container that there has been, into a folder. */
  async collectLogs(folder: string): Promise<void> {
    const state = await this.run("state");
    await mkdir(folder, { recursive: true });
    const wanted = (path: string): boolean => !/\/(etcd|pki|pods|pids)$/.test(path);
    await cp(state, folder, { recursive: true, filter: wanted }).catch((error: Error) => {
      console.error(`logs: ${error.message}`);
    });
  }

  /** As many images as are given stand for these commands from now on. Words of a command are split at spaces. */
  async mapImages(images: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(images).map(([image, command]) => `${image}=${command}`);
    if (lines.length > 0) await this.run("image", ...lines);
  }
}

/** Exit code of a child, 128 and more where a signal ended it. */
export async function exited(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return child.exitCode;
  if (child.signalCode !== null) return 128;
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("exit", (code) => resolve(code ?? 128));
  });
}

/** SIGTERM, and SIGKILL to a child that is still there after `graceMs`. */
export async function end(child: ChildProcess, graceMs: number): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await exited(child).catch(() => 0);
  clearTimeout(timer);
}
