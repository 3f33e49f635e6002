/**
 * CPU that forwarding one UDP datagram and its answer costs: the embedded plane beside nginx (stream) and Envoy.
 *
 *   npm run bench -- udp [--rounds 5] [--seconds 4] [--clients 64] [--only sluice] [--stream-module FILE]
 *
 * Each client is one session and has one datagram of 64 bytes under way. Every proxy has one core to itself; load and
 * upstream share the other core. The figure is user and system time of the proxy's processes divided by the datagrams that
 * were answered; rounds are interleaved and the median is quoted. Compare inside one run only.
 *
 * Needs Linux, and nginx with its stream module and taskset (Debian: `apt-get install nginx-light libnginx-mod-stream`).
 * Without the module, nginx is left out.
 */
import { type ChildProcess, execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { parseArgs } from "node:util";
import { BenchFolder, cpuSeconds, envoyPeer, freePort, pinned, stop } from "./proxy-bench.ts";
import { debianStreamModule, envoyStream, nginxStream, sluiceStream } from "./stream-peers.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    clients: { type: "string", default: "64" },
    only: { type: "string", default: "" },
    "stream-module": { type: "string", default: debianStreamModule },
  },
});
using folder = new BenchFolder();
const script = new URL("./udp-load.ts", import.meta.url).pathname;
const upstreamPort = await freePort();
const echo = pinned(1, process.execPath, [script, "--echo", String(upstreamPort)]);

const peers: readonly (readonly [name: string, start: (port: number) => ChildProcess | undefined])[] = [
  ["sluice", (port) => sluiceStream({ protocol: "UDP", port, upstreamPort })],
  ["nginx", (port) => nginxStream(folder, flags["stream-module"], { protocol: "UDP", port, upstreamPort })],
  ...envoyPeer((port) => envoyStream(folder, { protocol: "UDP", port, upstreamPort })).map(
    ({ name, start }) => [name, (port: number) => start(port, upstreamPort)] as const,
  ),
];

/** Resolves when a datagram is answered; fails after ten seconds. */
async function answering(port: number): Promise<void> {
  const socket = createSocket("udp4");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("message", () => resolve());
  socket.on("error", () => {});
  const ask = setInterval(() => socket.send("?", port, "127.0.0.1"), 50);
  const deadline = setTimeout(() => reject(new Error(`nothing answers on UDP port ${port}`)), 10_000);
  try {
    await promise;
  } finally {
    clearInterval(ask);
    clearTimeout(deadline);
    socket.close();
  }
}

function load(port: number, seconds: number): { readonly answered: number; readonly lost: number } {
  const args = [script, "--port", String(port), "--clients", flags.clients, "--seconds", String(seconds)];
  return JSON.parse(execFileSync("taskset", ["-c", "1", process.execPath, ...args], { encoding: "utf8" }));
}

const figures = new Map<string, { readonly cpuUs: number[]; lost: number }>();
try {
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const [name, start] of peers) {
      if (flags.only !== "" && !flags.only.split(",").includes(name)) continue;
      const port = await freePort();
      const child = start(port);
      if (child === undefined) continue;
      try {
        await answering(port);
        load(port, 1);
        const before = cpuSeconds(child.pid as number);
        const { answered, lost } = load(port, Number(flags.seconds));
        const cpuUs = ((cpuSeconds(child.pid as number) - before) * 1e6) / answered;
        const row = figures.get(name) ?? { cpuUs: [], lost: 0 };
        row.cpuUs.push(cpuUs);
        row.lost += lost;
        figures.set(name, row);
        console.log(
          `round ${round + 1} ${name.padEnd(8)} ${cpuUs.toFixed(1)} µs CPU a datagram and answer, ${answered} answered, ${lost} lost`,
        );
      } finally {
        await stop(child);
      }
    }
  }
} finally {
  await stop(echo);
}
const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
const reference = median(figures.get("nginx")?.cpuUs ?? []);
console.log("\n| proxy | CPU µs a datagram and answer (median) | beside nginx | lost |\n| --- | --- | --- | --- |");
for (const [name, { cpuUs, lost }] of figures) {
  console.log(`| ${name} | ${median(cpuUs).toFixed(1)} | ${(median(cpuUs) / reference).toFixed(2)} | ${lost} |`);
}
