/**
 * What a changed folder costs the requests that are being served, and how soon a change is in force. Starts `sluice run` on
 * a folder of its own, asks one kept connection without pause and writes files meanwhile.
 *
 *     node bench/reload.ts [--routes 2000] [--megabytes 15] [--changes 100] [--perSecond 10]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: {
    routes: { type: "string", default: "2000" },
    megabytes: { type: "string", default: "15" },
    changes: { type: "string", default: "100" },
    perSecond: { type: "string", default: "10" },
  },
});

const api = "gateway.networking.k8s.io/v1";
const gateway = `apiVersion: ${api}
kind: GatewayClass
metadata: { name: sluice }
spec: { controllerName: sluice.dev/gateway-controller }
---
apiVersion: ${api}
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: sluice
  listeners: [{ name: http, protocol: HTTP, port: 80 }]
`;

/** A route that answers by itself: the host of its redirect tells which version is in force. */
function route(name: string, path: string, version: number): string {
  return `apiVersion: ${api}
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { value: ${path} } }]
      filters: [{ type: RequestRedirect, requestRedirect: { hostname: v${version}.example.com } }]
`;
}

const routes = (count: number, version: number): string =>
  Array.from({ length: count }, (_, index) => route(`r${index}`, `/team-${index % 50}/app-${index}`, version)).join(
    "---\n",
  );

function configMaps(bytes: number, version: number): string {
  const one = (index: number) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c${index} }\ndata:\n  version: "${version}"\n${Array.from({ length: 40 }, (_, line) => `  key-${line}: "value ${index} ${line}"\n`).join("")}`;
  const parts: string[] = [];
  for (let size = 0; size < bytes; size += parts.at(-1)!.length + 4) parts.push(one(parts.length));
  return parts.join("---\n");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** One kept connection that asks one request at a time. */
class Asker {
  readonly #socket: Socket;
  #answered: (() => void) | undefined;
  #text = "";

  constructor(socket: Socket) {
    this.#socket = socket.setEncoding("latin1");
    socket.on("data", (part) => {
      this.#text += part;
      if (this.#text.includes("\r\n\r\n")) this.#answered?.();
    });
  }

  /** The version that answered. */
  async ask(): Promise<number> {
    this.#text = "";
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    this.#socket.write("GET /probe HTTP/1.1\r\nhost: a.test\r\n\r\n");
    await answered;
    return Number(/\/\/v([0-9]+)\./.exec(this.#text)?.[1] ?? -1);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/**
 * In Sluice's process: the longest that its main thread works without a look at its sockets, in CPU time, which other
 * processes do not disturb. Answers every message with the longest since the last.
 */
const probe = `
import { isMainThread } from "node:worker_threads";
if (isMainThread) {
  let before = process.threadCpuUsage();
  let worst = 0;
  const look = () => {
    const { user, system } = process.threadCpuUsage(before);
    worst = Math.max(worst, (user + system) / 1000);
    before = process.threadCpuUsage();
  };
  setInterval(look, 1).unref();
  process.on("message", () => { look(); process.send(worst); worst = 0; });
  process.channel.unref();
}`;

class Sluice implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-reload-"));
  #child: ChildProcess | undefined;
  #port = 0;

  /** As editors and deployments do it: a new file takes the place of the old one. */
  write(name: string, text: string): void {
    const path = join(this.folder, name);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }

  async start(): Promise<number> {
    this.write("gateway.yaml", gateway);
    this.write("probe.yaml", route("probe", "/probe", 0));
    this.#port = await freePort();
    const main = join(import.meta.dirname, "../src/main.ts");
    const args = [main, "run", this.folder, "--bind", "127.0.0.1", "--map-port", `80:${this.#port}`, "--admin", "off"];
    const start = performance.now();
    const watched = ["--import", `data:text/javascript,${encodeURIComponent(probe)}`, ...args];
    this.#child = spawn(process.execPath, [...watched, "--access-log", "off", "--quiet"], {
      stdio: ["inherit", "inherit", "inherit", "ipc"],
    });
    for (;;) {
      try {
        (await this.connect()).close();
        return performance.now() - start;
      } catch {
        await sleep(5);
      }
    }
  }

  async connect(): Promise<Asker> {
    const socket = connect(this.#port, "127.0.0.1").setNoDelay();
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new Asker(socket);
  }

  /** Milliseconds of CPU that the main thread has worked at a stretch, at most, since this was last asked. */
  longestWork(): Promise<number> {
    const answer = new Promise<number>((resolve) => this.#child?.once("message", (worst) => resolve(Number(worst))));
    this.#child?.send("tell");
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#child?.once("exit", resolve));
    this.#child?.kill("SIGTERM");
    await gone;
    rmSync(this.folder, { recursive: true });
  }
}

/** Asks until `done`, a request each millisecond; the longest waits are what the work in between held up. */
async function stalls(
  asker: Asker,
  done: () => boolean,
): Promise<{ readonly worstMs: number; readonly over20: number }> {
  let worstMs = 0;
  let over20 = 0;
  while (!done()) {
    const start = performance.now();
    await asker.ask();
    const took = performance.now() - start;
    worstMs = Math.max(worstMs, took);
    if (took > 20) over20++;
    await sleep(1);
  }
  return { worstMs, over20 };
}

/** Writes a file, then marks the end by a new version of the probe, and measures requests until that is in force. */
async function measureStall(name: string, texts: readonly string[]): Promise<void> {
  await using sluice = new Sluice();
  sluice.write("many.yaml", texts[0]!);
  const startMs = await sluice.start();
  const asker = await sluice.connect();
  const watcher = await sluice.connect();
  await asker.ask();
  let version = 0;
  await sluice.longestWork();
  for (const text of texts.slice(1)) {
    const begin = performance.now();
    let over = false;
    const measured = stalls(asker, () => over);
    sluice.write("many.yaml", text);
    sluice.write("probe.yaml", route("probe", "/probe", ++version));
    while ((await watcher.ask()) < version) await sleep(2);
    const liveMs = performance.now() - begin;
    await sleep(300);
    over = true;
    const { worstMs, over20 } = await measured;
    const workMs = await sluice.longestWork();
    console.log(
      `${name}: started in ${startMs.toFixed(0)} ms; in force after ${liveMs.toFixed(0)} ms; requests waited ${worstMs.toFixed(0)} ms at most, ${over20} more than 20 ms; the main thread worked ${workMs.toFixed(0)} ms at a stretch`,
    );
  }
  asker.close();
  watcher.close();
}

/** Changes one small file so often a second, each a new version. */
async function measureDelay(changes: number, perSecond: number): Promise<void> {
  await using sluice = new Sluice();
  await sluice.start();
  const asker = await sluice.connect();
  const writtenAt: number[] = [];
  const delays: number[] = [];
  let seen = 0;
  const begin = performance.now();
  const watching = (async () => {
    while (seen < changes) {
      const version = await asker.ask();
      const now = performance.now();
      for (; seen < version; seen++) delays.push(now - writtenAt[seen]!);
      await sleep(1);
    }
  })();
  for (let change = 1; change <= changes; change++) {
    await sleep(Math.max(0, begin + (change * 1000) / perSecond - performance.now()));
    writtenAt.push(performance.now());
    sluice.write("probe.yaml", route("probe", "/probe", change));
  }
  await watching;
  asker.close();
  delays.sort((a, b) => a - b);
  const at = (part: number) => delays[Math.min(delays.length - 1, Math.floor(part * delays.length))]!.toFixed(0);
  console.log(`${perSecond} changes a second: in force after ${at(0.5)} ms (p50), ${at(0.9)} (p90), ${at(0.99)} (p99)`);
}

const count = Number(flags.routes);
const bytes = Number(flags.megabytes) * 1e6;
await measureDelay(Math.min(20, Number(flags.changes)), 1);
await measureDelay(Number(flags.changes), Number(flags.perSecond));
await measureStall(
  `${count} routes, all changed`,
  [0, 1, 2].map((version) => routes(count, version)),
);
await measureStall(
  `${flags.megabytes} MB of ConfigMaps`,
  [0, 1].map((version) => configMaps(bytes, version)),
);
