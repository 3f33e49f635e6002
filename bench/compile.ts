/** Time to validate and compile 5,000 routes, and to compile again after one of them changed. */
import { parseArgs } from "node:util";
import { compile } from "../src/compile/compile.ts";
import { createCompileMemo } from "../src/compile/compile-memo.ts";
import { type CompileOptions, nothingRetained } from "../src/compile/compile-options.ts";
import type { Resource } from "../src/resource/kinds.ts";
import { validateObject } from "../src/resource/validate-object.ts";
import { createSnapshot } from "../src/store/create-snapshot.ts";

const { values: flags } = parseArgs({
  options: { routes: { type: "string", default: "5000" }, rounds: { type: "string", default: "9" } },
});
const count = Number(flags.routes);
const rounds = Number(flags.rounds);
const namespaces = 50;
const gatewayApi = "gateway.networking.k8s.io/v1";

const options: CompileOptions = {
  controllerName: "sluice.dev/gateway-controller",
  adoptClasses: false,
  flags: [],
  retained: nothingRetained,
  nowMs: 0,
  stubBackends: false,
  selfSigned: false,
  allowExternalName: false,
  supportedFeatures: [],
  supportedProtocols: ["HTTP", "HTTPS"],
};

const route = (i: number, value: string): unknown => ({
  apiVersion: gatewayApi,
  kind: "HTTPRoute",
  metadata: { name: `route-${i}`, namespace: `team-${i % namespaces}` },
  spec: {
    parentRefs: [{ name: "edge", namespace: "default" }],
    hostnames: [`app-${i % 500}.example.com`],
    rules: [
      {
        matches: [
          { path: { type: "PathPrefix", value } },
          { path: { type: "Exact", value: `${value}/exact` }, method: "GET" },
        ],
        filters: [
          { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-route", value: String(i) }] } },
        ],
        backendRefs: [
          { name: `service-${i % 20}`, port: 80, weight: 90 },
          { name: `service-${(i + 1) % 20}`, port: 80, weight: 10 },
        ],
      },
    ],
  },
});

const objects: unknown[] = [
  {
    apiVersion: gatewayApi,
    kind: "GatewayClass",
    metadata: { name: "sluice" },
    spec: { controllerName: options.controllerName },
  },
  {
    apiVersion: gatewayApi,
    kind: "Gateway",
    metadata: { name: "edge", namespace: "default" },
    spec: {
      gatewayClassName: "sluice",
      listeners: [{ name: "http", protocol: "HTTP", port: 80, allowedRoutes: { namespaces: { from: "All" } } }],
    },
  },
];
for (let n = 0; n < namespaces; n++) {
  objects.push({ apiVersion: "v1", kind: "Namespace", metadata: { name: `team-${n}` } });
  for (let s = 0; s < 20; s++) {
    objects.push(
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: `service-${s}`, namespace: `team-${n}` },
        spec: { ports: [{ port: 80, targetPort: 8080 }] },
      },
      {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: {
          name: `service-${s}-a`,
          namespace: `team-${n}`,
          labels: { "kubernetes.io/service-name": `service-${s}` },
        },
        addressType: "IPv4",
        ports: [{ name: "", port: 8080, protocol: "TCP" }],
        endpoints: [{ addresses: [`192.0.2.${s + 1}`], conditions: { ready: true } }],
      },
    );
  }
}

const validate = (object: unknown): Resource => {
  const { resource, findings } = validateObject(object);
  if (resource === undefined) throw new Error(findings.map((finding) => finding.message).join("; "));
  return resource;
};

/** Milliseconds of the median of `rounds` runs; `run` is given the round. */
function measure(name: string, run: (round: number) => void): void {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    run(round);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  console.log(
    `${name.padEnd(52)} median ${times[rounds >> 1]?.toFixed(1)} ms, first or worst ${times.at(-1)?.toFixed(1)} ms`,
  );
}

const routes = Array.from({ length: count }, (_, i) => route(i, `/r${i}`));
measure(`validate ${count} routes`, () => {
  for (const object of routes) validate(object);
});
const resources = [...objects, ...routes].map(validate);
const snapshot = createSnapshot(resources);
measure(`compile ${count} routes from nothing`, () =>
  compile(createSnapshot(resources.map((one) => ({ ...one }) as Resource)), options),
);
const memo = createCompileMemo();
measure("compile again, nothing changed", () => compile(snapshot, options, memo));
measure("compile again, one route changed", (round) => {
  const changed = [...resources];
  changed[changed.length - 1 - round] = validate(route(count - 1 - round, `/changed-${round}`));
  compile(createSnapshot(changed), options, memo);
});
const { routing, findings } = compile(snapshot, options);
const entries = routing.gateways
  .flatMap((gateway) =>
    gateway.listeners.flatMap((listener) => ("virtualHosts" in listener ? listener.virtualHosts : [])),
  )
  .reduce((sum, host) => sum + host.entries.length, 0);
console.log(`${entries} entries in the model, ${findings.length} findings`);
