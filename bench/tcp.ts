/**
 * CPU that forwarding TCP costs, by connection and by megabyte: the embedded plane beside nginx (stream), HAProxy and Envoy.
 *
 *   npm run bench -- tcp [--rounds 5] [--seconds 4] [--connections 64] [--only sluice,haproxy] [--stream-module FILE]
 *
 * First short connections (a request, an answer of 1 KiB, closed), then answers of 4 MiB on connections that stay. Every
 * proxy has one core to itself and one worker; the load (`wrk`) and the upstream (nginx) share the other core. The figure
 * is user and system time of the proxy's processes divided by what wrk counted; rounds are interleaved and the median is
 * quoted. Compare inside one run only.
 *
 * Needs Linux, and nginx with its stream module, haproxy, wrk and taskset (Debian: `apt-get install nginx-light
 * libnginx-mod-stream haproxy wrk`). Without the module, nginx is left out.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchFolder, compare, envoyPeer, type Load, type Peer } from "./proxy-bench.ts";
import { debianStreamModule, envoyStream, haproxyStream, nginxStream, sluiceStream } from "./stream-peers.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    connections: { type: "string", default: "64" },
    only: { type: "string", default: "" },
    "stream-module": { type: "string", default: debianStreamModule },
  },
});
using folder = new BenchFolder();
/** More of them only wait for each other. */
const bulkConnections = 16;
const bulkMiB = 4;
// nginx reads the file as another user.
chmodSync(folder.path, 0o755);
mkdirSync(join(folder.path, "files"));
folder.file("files/bulk", "x".repeat(bulkMiB * 1024 * 1024));

const protocol = "TCP";
const all: readonly Peer[] = [
  { name: "sluice", start: (port, upstreamPort) => sluiceStream({ protocol, port, upstreamPort }) },
  ...(existsSync(flags["stream-module"])
    ? [
        {
          name: "nginx",
          start: (port: number, upstreamPort: number) =>
            nginxStream(folder, flags["stream-module"], { protocol, port, upstreamPort })!,
        },
      ]
    : []),
  { name: "haproxy", start: (port, upstreamPort) => haproxyStream(folder, { protocol, port, upstreamPort }) },
  ...envoyPeer((port, upstreamPort) => envoyStream(folder, { protocol, port, upstreamPort })),
];
const peers = all.filter(({ name }) => flags.only === "" || flags.only.split(",").includes(name));

function wrk(
  target: string,
  {
    seconds,
    count,
    headers,
  }: { readonly seconds: number; readonly count: number; readonly headers: readonly string[] },
): { requests: number; failed: number; p99: string } {
  const out = execFileSync(
    "taskset",
    [
      ...["-c", "1", "wrk", "-t1", `-c${count}`, `-d${seconds}s`, "--latency"],
      ...headers.flatMap((header) => ["-H", header]),
      target,
    ],
    { encoding: "utf8" },
  );
  const [, connect = "0", read = "0", write = "0"] =
    /Socket errors: connect (\d+), read (\d+), write (\d+)/.exec(out) ?? [];
  return {
    requests: Number(/(\d+) requests in/.exec(out)?.[1] ?? 0),
    failed:
      Number(connect) + Number(read) + Number(write) + Number(/Non-2xx or 3xx responses: (\d+)/.exec(out)?.[1] ?? 0),
    p99: /99%\s+(\S+)/.exec(out)?.[1] ?? "?",
  };
}

function connections(port: number, seconds: number): Load {
  const { requests, failed, p99 } = wrk(`http://127.0.0.1:${port}/`, {
    seconds,
    count: Number(flags.connections),
    headers: ["Connection: close"],
  });
  return { requests, failed, latency: `p99 ${p99}` };
}

function megabytes(port: number, seconds: number): Load {
  const { requests, failed, p99 } = wrk(`http://127.0.0.1:${port}/bulk`, {
    seconds,
    count: bulkConnections,
    headers: [],
  });
  return { requests: requests * bulkMiB, failed, latency: `p99 of ${bulkMiB} MiB ${p99}` };
}

const run = { peers, rounds: Number(flags.rounds), seconds: Number(flags.seconds) };
const upstream = `location /bulk { root ${folder.path}/files; }`;
await compare(folder, { ...run, upstream, unit: "connection", load: connections });
console.log("");
await compare(folder, { ...run, upstream, unit: "MiB", load: megabytes });
