/**
 * Time to validate and compile 5,000 and 20,000 routes, and to compile again after a change: `--routes 5000,20000`. What the
 * source does to make its next snapshot is not counted.
 */

import { parseArgs } from "node:util";
import { compile } from "../src/compile/compile.ts";
import { createCompileMemo } from "../src/compile/compile-memo.ts";
import { type CompileOptions, nothingRetained } from "../src/compile/compile-options.ts";
import { defaultIngressOptions } from "../src/ingress/ingress-options.ts";
import { defaultListenerSettings } from "../src/ir/listener-settings.ts";
import type { NamespacedName } from "../src/resource/keys.ts";
import type { Kind, Resource } from "../src/resource/kinds.ts";
import { validateObject } from "../src/resource/validate-object.ts";
import { type KindIndex, keyOf, snapshotOf } from "../src/store/create-snapshot.ts";
import type { Snapshot } from "../src/store/snapshot.ts";

const { values: flags } = parseArgs({
  options: { routes: { type: "string", default: "5000,20000" }, rounds: { type: "string", default: "9" } },
});
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
  ingress: defaultIngressOptions,
  listenerSettings: defaultListenerSettings,
  supportedFeatures: [],
  supportedProtocols: ["HTTP", "HTTPS"],
};

const route = (i: number, value: string, s = i): unknown => ({
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
          { name: `service-${s % 20}`, port: 80, weight: 90 },
          { name: `service-${(s + 1) % 20}`, port: 80, weight: 10 },
        ],
      },
    ],
  },
});

const namespace = (n: number, changed: string): unknown => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: `team-${n}`, labels: { changed } },
});

const service = (n: number, s: number): unknown => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: `service-${s}`, namespace: `team-${n}` },
  spec: { ports: [{ port: 80, targetPort: 8080 }] },
});

/** The endpoints of a Service: one, whose address ends in `last`. */
const slice = (n: number, s: number, last: number): unknown => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: {
    name: `service-${s}-a`,
    namespace: `team-${n}`,
    labels: { "kubernetes.io/service-name": `service-${s}` },
  },
  addressType: "IPv4",
  ports: [{ name: "", port: 8080, protocol: "TCP" }],
  endpoints: [{ addresses: [`192.0.2.${last}`], conditions: { ready: true } }],
});

const configMap = (i: number): unknown => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: `unused-${i}`, namespace: "team-0" },
  data: { "ca.crt": "unused" },
});

const tlsSecret = (i: number): unknown => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "unused", namespace: "team-0" },
  type: "kubernetes.io/tls",
  data: { "tls.crt": Buffer.from(String(i)).toString("base64"), "tls.key": "" },
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
  objects.push(namespace(n, "no"));
  for (let s = 0; s < 20; s++) {
    objects.push(service(n, s), slice(n, s, s + 1));
  }
}

const validate = (object: unknown): Resource => {
  const { resource, findings } = validateObject(object);
  if (resource === undefined) throw new Error(findings.map((finding) => finding.message).join("; "));
  return resource;
};

/** Milliseconds of the median of `rounds` runs; what `prepare` does for a round is not counted. */
function measure<T>(name: string, prepare: (round: number) => T, run: (input: T) => void): void {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const input = prepare(round);
    const start = performance.now();
    run(input);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  console.log(
    `${name.padEnd(52)} median ${times[rounds >> 1]?.toFixed(1)} ms, first or worst ${times.at(-1)?.toFixed(1)} ms`,
  );
}

/** The objects as a source holds them: an index for each kind, of which a change makes that of its own kind anew. */
class Objects {
  #indexes: ReadonlyMap<Kind, KindIndex>;

  constructor(resources: readonly Resource[]) {
    const indexes = new Map<Kind, Map<NamespacedName, Resource>>();
    for (const resource of resources) {
      const index = indexes.get(resource.kind) ?? new Map<NamespacedName, Resource>();
      indexes.set(resource.kind, index.set(keyOf(resource), resource));
    }
    this.#indexes = indexes;
  }

  snapshot(): Snapshot {
    return snapshotOf(this.#indexes);
  }

  put(object: unknown): void {
    const resource = validate(object);
    this.#change(resource, (index) => index.set(keyOf(resource), resource));
  }

  remove(object: unknown): void {
    const resource = validate(object);
    this.#change(resource, (index) => index.delete(keyOf(resource)));
  }

  #change({ kind }: Resource, change: (index: Map<NamespacedName, Resource>) => void): void {
    const index = new Map(this.#indexes.get(kind));
    change(index);
    this.#indexes = new Map([...this.#indexes, [kind, index]]);
  }
}

function run(count: number): void {
  const routes = Array.from({ length: count }, (_, i) => route(i, `/r${i}`));
  const asRead = () => routes;
  measure(`validate ${count} routes`, asRead, (all) => {
    for (const object of all) validate(object);
  });
  const world = new Objects([...objects, ...routes].map(validate));
  const current = () => world.snapshot();
  measure(`compile ${count} routes from nothing`, current, (snapshot) => {
    compile(snapshot, options);
  });
  const memo = createCompileMemo();
  compile(world.snapshot(), options, memo);
  const again = (name: string, change: (round: number) => void): void => {
    const next = (round: number) => {
      change(round);
      return world.snapshot();
    };
    measure(name, next, (snapshot) => {
      compile(snapshot, options, memo);
    });
    console.log(`    parts made: ${memo.partsMade()}`);
  };
  again("  nothing changed", () => {});
  again("  one route changed", (round) => world.put(route(count - 1 - round, `/changed-${round}`)));
  again("  one route sent elsewhere", (round) => world.put(route(round, `/r${round}`, round + 7)));
  again("  a route added", (round) => world.put(route(count + round, `/added-${round}`)));
  again("  a route removed", (round) => world.remove(route(count + round, `/added-${round}`)));
  again("  the endpoints of a Service changed", (round) => world.put(slice(0, 0, round + 100)));
  again("  an unused ConfigMap created", (round) => world.put(configMap(round)));
  again("  an unused TLS Secret changed", (round) => world.put(tlsSecret(round)));
  again("  an unrelated Service added", (round) => world.put(service(0, 100 + round)));
  again("  the labels of a Namespace changed", (round) => world.put(namespace(0, String(round))));
  const { routing, findings } = compile(world.snapshot(), options);
  const entries = routing.gateways
    .flatMap((gateway) =>
      gateway.listeners.flatMap((listener) => ("virtualHosts" in listener ? listener.virtualHosts : [])),
    )
    .reduce((sum, host) => sum + host.entries.length, 0);
  console.log(`${entries} entries in the model, ${findings.length} findings`);
}

for (const count of flags.routes.split(",")) run(Number(count));
