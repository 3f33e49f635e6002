/** Programs that the checks judge by: installed once into the user's cache folder, started and stopped by the checks. */
import { type ChildProcess, type SpawnSyncOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { createConnection } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";

const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sluice");
const quietly: SpawnSyncOptions = { stdio: ["ignore", "ignore", "inherit"], timeout: 900_000 };

/** Lines that Apache's own htpasswd writes. `undefined`: it cannot be had here. */
export function findHtpasswd(): ((flags: readonly string[], user: string, password: string) => string) | undefined {
  const isThere = (): boolean => spawnSync("htpasswd", ["-nbs", "a", "b"]).status === 0;
  if (!isThere()) {
    spawnSync("apt-get", ["update", "-qq"], quietly);
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "apache2-utils"], quietly);
  }
  if (!isThere()) return undefined;
  return (flags, user, password) => {
    const made = spawnSync("htpasswd", ["-nb", ...flags, user, password], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(made.stderr);
    return made.stdout.trim();
  };
}

/** oauth2-proxy, built by Go. `undefined`: there is no Go to build it with. */
export function findOauth2Proxy(): string | undefined {
  const version = "v7.15.6";
  const folder = join(cache, `oauth2-proxy-${version}`);
  const program = join(folder, "oauth2-proxy");
  if (existsSync(program)) return program;
  const go = ["go", "/usr/local/go/bin/go"].find((name) => spawnSync(name, ["version"]).status === 0);
  if (go === undefined) return undefined;
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, GOBIN: folder, CGO_ENABLED: "0", GOFLAGS: "" };
  spawnSync(go, ["install", `github.com/oauth2-proxy/oauth2-proxy/v7@${version}`], { ...quietly, env });
  return existsSync(program) ? program : undefined;
}

/** Packages of npm that the checks alone need. `undefined`: they cannot be installed here. */
export function findPackages(name: string, packages: readonly string[]): NodeJS.Require | undefined {
  const folder = join(cache, name);
  const require = createRequire(join(folder, "index.js"));
  const areThere = (): boolean =>
    packages.every((one) => existsSync(join(folder, "node_modules", one.slice(0, one.lastIndexOf("@")))));
  if (!areThere()) {
    mkdirSync(folder, { recursive: true });
    const args = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", ...packages];
    spawnSync("npm", args, quietly);
  }
  return areThere() ? require : undefined;
}

/** A program under way; it is stopped at the end of its block. */
export class RunningProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #output: string[] = [];

  private constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => this.#output.push(String(chunk)));
    }
  }

  /** Starts it and waits until it listens, ten seconds at most. */
  static async start(
    program: string,
    args: readonly string[],
    at: { host: string; port: number },
  ): Promise<RunningProgram> {
    const running = new RunningProgram(program, args);
    for (let attempt = 0; attempt < 100; attempt++) {
      if (await accepts(at)) return running;
      if (running.#child.exitCode !== null) break;
      await new Promise((later) => setTimeout(later, 100));
    }
    await running[Symbol.asyncDispose]();
    throw new Error(`${program} does not listen: ${running.#output.join("").slice(-2_000)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

async function accepts(at: { readonly host: string; readonly port: number }): Promise<boolean> {
  const socket = createConnection(at);
  const outcome = Promise.race([once(socket, "connect").then(() => true), once(socket, "error").then(() => false)]);
  try {
    return await outcome;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
