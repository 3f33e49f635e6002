/** The real programs that limits are judged with: Debian's Redis and Envoy's rate limit service. */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Of `github.com/envoyproxy/ratelimit`, which has no releases. */
const serviceVersion = "v1.4.1-0.20260122083618-3fb702589d36";
const installTimeoutMs = 600_000;

/** A port that nobody has right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Debian's Redis, installed when there is none. `undefined`: it cannot be had. */
export function findRedis(): string | undefined {
  const isThere = (): boolean => spawnSync("redis-server", ["--version"]).status === 0;
  if (isThere()) return "redis-server";
  spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore", timeout: installTimeoutMs });
  const args = ["install", "-y", "-qq", "--no-install-recommends", "redis-server"];
  // Its own service is none of ours: a container has nothing to start it with.
  spawnSync("apt-get", args, { stdio: "ignore", timeout: installTimeoutMs });
  return isThere() ? "redis-server" : undefined;
}

/** Envoy's rate limit service, built once. `undefined`: there is no Go. */
export async function findRateLimitService(): Promise<string | undefined> {
  const folder = join(
    process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"),
    "sluice",
    `ratelimit-${serviceVersion}`,
  );
  const program = join(folder, "service_cmd");
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  for (const go of ["go", "/usr/local/go/bin/go"]) {
    const args = [
      "install",
      "-trimpath",
      "-ldflags",
      "-s -w",
      `github.com/envoyproxy/ratelimit/src/service_cmd@${serviceVersion}`,
    ];
    const built = await run(go, args, {
      env: { ...process.env, GOBIN: folder, CGO_ENABLED: "0", GOFLAGS: "" },
      timeout: installTimeoutMs,
    }).then(
      () => true,
      () => false,
    );
    if (built && existsSync(program)) return program;
  }
  return undefined;
}

/** A program on a port, that can be killed and started again. */
export class Program implements AsyncDisposable {
  readonly port: number;
  readonly #command: readonly [file: string, ...args: string[]];
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;

  constructor(port: number, command: readonly [string, ...string[]], env: NodeJS.ProcessEnv = {}) {
    this.port = port;
    this.#command = command;
    this.#env = env;
  }

  /** Resolves when the port is listened on. */
  async start(): Promise<void> {
    const [file, ...args] = this.#command;
    const child = spawn(file, args, { stdio: "ignore", env: { ...process.env, ...this.#env } });
    this.#child = child;
    for (let attempt = 0; attempt < 300; attempt++) {
      if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}`);
      if (await this.#isListening()) return;
      await new Promise((later) => setTimeout(later, 50));
    }
    throw new Error(`${file} does not listen on ${this.port}`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #isListening(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, "127.0.0.1");
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
  }
}

export async function startRedis(file: string, ...more: readonly string[]): Promise<Program> {
  const port = await freePort();
  const redis = new Program(port, [file, "--port", `${port}`, "--bind", "127.0.0.1", "--save", "", ...more]);
  await redis.start();
  return redis;
}

/** The same over TLS alone, with this certificate. */
export async function startSecureRedis(file: string, cert: string, key: string): Promise<Program> {
  const port = await freePort();
  const tls = ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no"];
  const args = ["--port", "0", "--tls-port", `${port}`, "--bind", "127.0.0.1", "--save", "", ...tls];
  const redis = new Program(port, [file, ...args]);
  await redis.start();
  return redis;
}

/** A folder with the service's configuration; all limits come with the questions. */
export class ServiceFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "sluice-ratelimit-"));

  constructor(domain: string) {
    const folder = join(this.path, "ratelimit", "config");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "domain.yaml"), `domain: ${domain}\n`);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export async function startRateLimitService(file: string, folder: ServiceFolder, redis: Program): Promise<Program> {
  const [port, http, debug] = [await freePort(), await freePort(), await freePort()];
  const service = new Program(port, [file], {
    USE_STATSD: "false",
    LOG_LEVEL: "error",
    REDIS_SOCKET_TYPE: "tcp",
    REDIS_URL: `127.0.0.1:${redis.port}`,
    RUNTIME_ROOT: folder.path,
    RUNTIME_SUBDIRECTORY: "ratelimit",
    HOST: "127.0.0.1",
    PORT: `${http}`,
    GRPC_HOST: "127.0.0.1",
    GRPC_PORT: `${port}`,
    DEBUG_HOST: "127.0.0.1",
    DEBUG_PORT: `${debug}`,
  });
  await service.start();
  return service;
}
