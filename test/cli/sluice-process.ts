import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

export const repository = join(import.meta.dirname, "../..");
const entry = join(repository, "src/main.ts");

/** One line of the log, as `--log-format json` writes it. */
export type LogEvent = {
  readonly event?: string;
  readonly message: string;
  readonly level: string;
  readonly [key: string]: unknown;
};

export type ReadyListener = {
  readonly gateway: string;
  readonly listener: string;
  readonly protocol: string;
  readonly port: number;
  readonly address: string;
  readonly localPort: number;
};

export type Finished = { readonly code: number | null; readonly out: string; readonly err: string };

type Options = {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
  /** Files and connections that the process may have open. Default: as many as this one. */
  readonly openFiles?: number;
  readonly logFormat?: "text" | "json";
};

function start(args: readonly string[], options: Options): ChildProcessByStdio<Writable, Readable, Readable> {
  const env = { ...process.env, NO_COLOR: "", FORCE_COLOR: "", ...options.env };
  const limited =
    options.openFiles === undefined ? [] : ["sh", "-c", `ulimit -n ${options.openFiles}; exec "$@"`, "sh"];
  const [command = "", ...rest] = [...limited, process.execPath, entry, ...args];
  const child = spawn(command, rest, {
    cwd: options.cwd ?? repository,
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A child that does not read its input closes it.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  return child;
}

/** Runs a command to its end. */
export async function sluice(args: readonly string[], options: Options = {}): Promise<Finished> {
  const child = start(args, options);
  const [out, err, [code]] = await Promise.all([read(child.stdout), read(child.stderr), once(child, "close")]);
  return { code, out, err };
}

async function read(stream: Readable): Promise<string> {
  return Buffer.concat(await stream.toArray()).toString();
}

/** A command that serves, with JSON logs; stopped by SIGTERM when it goes out of scope. */
export class SluiceProcess implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #events: LogEvent[] = [];
  readonly #waiters = new Set<() => void>();
  readonly #exit: Promise<number | null>;
  #ended = false;
  out = "";

  private constructor([command = "", ...args]: readonly string[], options: Options) {
    const defaults = ["--log-format", options.logFormat ?? "json", "--admin", "127.0.0.1:0"];
    this.#child = start([command, ...defaults, ...args], options);
    this.#exit = once(this.#child, "close").then(([code]) => {
      this.#ended = true;
      this.#wake();
      return code;
    });
    this.#child.stdout.on("data", (chunk: Buffer) => {
      this.out += chunk.toString();
      this.#wake();
    });
    createInterface({ input: this.#child.stderr }).on("line", (line) => {
      this.#events.push(parseEvent(line));
      this.#wake();
    });
  }

  /** Resolves when the first configuration is in force. */
  static async start(args: readonly string[], options: Options = {}): Promise<SluiceProcess> {
    const sluice = new SluiceProcess(args, options);
    if (options.logFormat !== "text") await sluice.event("ready");
    return sluice;
  }

  /** The first event of that name from the `from`-th on; rejects, with all that was logged, when the process ends without it. */
  async event(name: string, from = 0): Promise<LogEvent> {
    for (;;) {
      const found = this.#events.slice(from).find(({ event }) => event === name);
      if (found) return found;
      if (this.#ended)
        throw new Error(
          `the process ended without "${name}":\n${this.#events.map((e) => JSON.stringify(e)).join("\n")}`,
        );
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  /** Standard output so far, once it contains `part`. */
  async printed(part: string): Promise<string> {
    while (!this.out.includes(part)) {
      if (this.#ended) throw new Error(`the process ended without printing "${part}":\n${this.out}`);
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
    return this.out;
  }

  /** How many events there are so far: what comes later is found with `event(name, count)`. */
  get eventCount(): number {
    return this.#events.length;
  }

  async ready(): Promise<{ readonly listeners: readonly ReadyListener[]; readonly admin: string }> {
    const event = await this.event("ready");
    return { listeners: event["listeners"] as readonly ReadyListener[], admin: String(event["admin"]) };
  }

  /** Local port of the first listener with this port. */
  async localPort(port: number): Promise<number> {
    const { listeners } = await this.ready();
    const found = listeners.find((listener) => listener.port === port);
    if (!found) throw new Error(`no listener of port ${port} is in force: ${JSON.stringify(listeners)}`);
    return found.localPort;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Exit code. */
  exited(): Promise<number | null> {
    return this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGTERM");
    await this.#exit;
  }

  #wake(): void {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }
}

function parseEvent(line: string): LogEvent {
  try {
    return JSON.parse(line) as LogEvent;
  } catch {
    return { message: line, level: "plain" };
  }
}
