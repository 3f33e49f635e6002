/** Many routes in many namespaces, with routes and endpoints changing: memory, CPU, and when each change is served. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiObject, at } from "../../test/cluster/api-object.ts";
import { echoBackend } from "../../test/cluster/backends.ts";
import { eachOf } from "../../test/cluster/cluster.ts";
import { gatewayApi, type Scene } from "../../test/cluster/feature.ts";
import { dataPlaneProcesses } from "../../test/cluster/pod-process.ts";
import { benchRoute, edgeManifest, gatewayName, hostOf, routeRules } from "./bench-objects.ts";
import { controllerProcesses } from "./controllers.ts";
import { distributionOf, renderDistribution, round } from "./distribution.ts";
import { Connection, poll } from "./load.ts";
import { type Options, option, type Result, type Scenario } from "./scenario.ts";
import { openAddress } from "./serves.ts";
import { type Usage, UsageMeter } from "./usage.ts";

const servicesPerNamespace = 10;
const concurrency = 16;
const everyMs = 5;
/** A change that is not served by then never will be. */
const giveUpMs = 30_000;
/** Until all routes are served. */
const settleMs = 300_000;
/** The last service is the one whose endpoints change. */
const movedService = servicesPerNamespace - 1;

const namespaceOf = (index: number, namespaces: number): string => `bench-scale-${index % namespaces}`;
const serviceOf = (index: number, namespaces: number): string =>
  `service-${Math.floor(index / namespaces) % servicesPerNamespace}`;

function serviceObjects(namespace: string, name: string, podAddress: string): readonly ApiObject[] {
  return [
    {
      ...{ apiVersion: "v1", kind: "Service", metadata: { name, namespace } },
      spec: { ports: [{ name: "http", port: 8080, targetPort: 3000 }] },
    },
    {
      ...{ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", addressType: "IPv4" },
      metadata: { name, namespace, labels: { "kubernetes.io/service-name": name } },
      endpoints: endpointsAt(podAddress),
      ports: [{ name: "http", port: 3000, protocol: "TCP" }],
    },
  ];
}

function endpointsAt(address: string): readonly unknown[] {
  return [{ addresses: [address], conditions: { ready: true } }];
}

type Pod = { readonly name: string; readonly address: string };

async function echoPods(scene: Scene): Promise<readonly [Pod, Pod]> {
  const found = await scene.cluster.list(
    { apiVersion: "v1", kind: "Pod", namespace: scene.namespace },
    "app in (echo, other)",
  );
  const [first, second] = found.map((pod) => ({
    name: pod.metadata.name,
    address: String(at(pod, "status", "podIP") ?? ""),
  }));
  if (first === undefined || second === undefined) throw new Error("the two echo pods are not there");
  return [first, second];
}

async function run(scene: Scene, options: Options): Promise<Result> {
  const count = option(options, "routes");
  const namespaces = option(options, "namespaces");
  const durationMs = option(options, "minutes") * 60_000;
  await scene.applyReady(`${echoBackend("other")}\n---\n${edgeManifest}`);
  const pods = await echoPods(scene);
  const names = Array.from({ length: namespaces }, (_, index) => namespaceOf(index, namespaces));
  const begin = performance.now();
  await removeNamespaces(scene, names);
  await scene.cluster.apply(names.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })));
  try {
    const services = names.flatMap((namespace) =>
      Array.from({ length: servicesPerNamespace }, (_, index) =>
        serviceObjects(namespace, `service-${index}`, pods[0].address),
      ),
    );
    await scene.cluster.create(services.flat(), concurrency);
    await scene.cluster.create(
      Array.from({ length: count }, (_, index) => routeOf(scene, index, namespaces)),
      concurrency,
    );
    const createdMs = performance.now() - begin;
    const settledMs = await untilSettled(scene, count);
    const processes = {
      controller: await controllerProcesses(scene),
      dataPlane: await dataPlaneProcesses(scene.cluster, { namespace: scene.namespace, name: gatewayName }),
    };
    const meters = {
      controller: new UsageMeter(processes.controller),
      dataPlane: new UsageMeter(processes.dataPlane),
    };
    const [routeMs, endpointMs] = await Promise.all([
      changeRoutes(scene, { count, namespaces, durationMs, everyMs: option(options, "route-every-ms") }),
      changeEndpoints(scene, { pods, namespaces, durationMs, everyMs: option(options, "endpoint-every-ms") }),
    ]);
    const usage = { controller: meters.controller.stop(), dataPlane: meters.dataPlane.stop() };
    const routeTimes = distributionOf(routeMs.served);
    const endpointTimes = distributionOf(endpointMs.served);
    return {
      rows: [
        { what: "routes, namespaces, Services", value: `${count}, ${namespaces}, ${services.length}` },
        { what: "created in", value: `${round(createdMs / 1000)} s` },
        { what: "all served after", value: `${round(settledMs / 1000)} s more` },
        {
          what: "a route changed every",
          value: `${option(options, "route-every-ms")} ms, for ${durationMs / 60_000} min`,
        },
        { what: "from a change of a route until it is served", value: renderDistribution(routeTimes, "ms") },
        { what: "an endpoint changed every", value: `${option(options, "endpoint-every-ms")} ms` },
        { what: "from a change of endpoints until it is served", value: renderDistribution(endpointTimes, "ms") },
        ...usage.controller.map((one) => usageRow("controller", one, "513 MiB")),
        ...usage.dataPlane.map((one) => usageRow("data plane", one, "46 MiB")),
      ],
      figures: { count, namespaces, createdMs, settledMs, routeTimes, endpointTimes, usage },
      faults: [...routeMs.faults, ...endpointMs.faults],
    };
  } finally {
    await scene.cluster.remove(names.map((name) => ({ apiVersion: "v1", kind: "Namespace", name })));
  }
}

async function removeNamespaces(scene: Scene, names: readonly string[]): Promise<void> {
  const objects = names.map((name) => ({ apiVersion: "v1", kind: "Namespace", name }));
  await scene.cluster.remove(objects);
  for (const name of objects) await scene.cluster.waitGone(name, settleMs);
}

function routeOf(scene: Scene, index: number, namespaces: number): ApiObject {
  return benchRoute({
    index,
    namespace: namespaceOf(index, namespaces),
    gatewayNamespace: scene.namespace,
    service: serviceOf(index, namespaces),
  });
}

/** Waits until the Gateway counts all routes and the last of them is served. Milliseconds. */
async function untilSettled(scene: Scene, count: number): Promise<number> {
  const startMs = performance.now();
  await scene.cluster.waitFor(
    scene.named("Gateway", gatewayName),
    (gateway) => at(gateway, "status", "listeners", 0, "attachedRoutes") === count,
    { what: `counting ${count} routes`, timeoutMs: settleMs },
  );
  await using connection = new Connection(await openAddress(scene));
  await eachOf([0, count - 1], 1, async (index) => {
    const look = async () => (await connection.ask({ host: hostOf(index) })).status === 200;
    const done = await poll({ everyMs: 50, timeoutMs: settleMs, look });
    if (done === undefined) throw new Error(`route ${index} is not served`);
  });
  return performance.now() - startMs;
}

type Changes = { readonly served: readonly number[]; readonly faults: readonly string[] };

async function changeRoutes(
  scene: Scene,
  {
    count,
    namespaces,
    durationMs,
    everyMs: rhythmMs,
  }: { count: number; namespaces: number; durationMs: number; everyMs: number },
): Promise<Changes> {
  await using connection = new Connection(await openAddress(scene));
  return await changeInRhythm({ durationMs, rhythmMs, what: "a route" }, async (round) => {
    const index = Math.floor(Math.random() * count);
    const mark = `change-${round}`;
    await scene.cluster.merge(
      { apiVersion: gatewayApi, kind: "HTTPRoute", name: `route-${index}`, namespace: namespaceOf(index, namespaces) },
      { spec: { rules: routeRules({ service: serviceOf(index, namespaces), mark }) } },
    );
    return async () => (await connection.ask({ host: hostOf(index) })).headers["x-route"] === mark;
  });
}

/** Moves a Service from one pod to the other and back. */
async function changeEndpoints(
  scene: Scene,
  options: { pods: readonly [Pod, Pod]; namespaces: number; durationMs: number; everyMs: number },
): Promise<Changes> {
  const { pods, namespaces, durationMs, everyMs: rhythmMs } = options;
  await using connection = new Connection(await openAddress(scene));
  const name = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" };
  return await changeInRhythm({ durationMs, rhythmMs, what: "an endpoint" }, async (round) => {
    const namespaceIndex = Math.floor(round / 2) % namespaces;
    const pod = pods[round % 2 === 0 ? 1 : 0];
    const slice = { ...name, name: `service-${movedService}`, namespace: namespaceOf(namespaceIndex, namespaces) };
    await scene.cluster.merge(slice, { endpoints: endpointsAt(pod.address) });
    const host = hostOf(movedService * namespaces + namespaceIndex);
    return async () => {
      const { status, body } = await connection.ask({ host });
      return status === 200 && (JSON.parse(body) as { readonly pod: string }).pod === pod.name;
    };
  });
}

/** Makes a change in a rhythm and polls each until it is served, from the moment at which it was sent. */
async function changeInRhythm(
  { durationMs, rhythmMs, what }: { readonly durationMs: number; readonly rhythmMs: number; readonly what: string },
  change: (round: number) => Promise<() => Promise<boolean>>,
): Promise<Changes> {
  const served: number[] = [];
  const faults: string[] = [];
  const startMs = performance.now();
  for (let round = 0; performance.now() - startMs < durationMs; ) {
    const sentMs = performance.now();
    const look = await change(round);
    const doneMs = await poll({ everyMs, timeoutMs: giveUpMs, look });
    if (doneMs === undefined) faults.push(`change ${round} of ${what} was not served within ${giveUpMs / 1000} s`);
    else served.push(doneMs - sentMs);
    round++;
    await sleep(Math.max(0, startMs + round * rhythmMs - performance.now()));
  }
  return { served, faults };
}

function usageRow(what: string, { name, rss, pss, cpuPercent }: Usage, reference: string) {
  return {
    what: `${what} ${name}`,
    value: `RSS ${rss.last} (max ${rss.max}), PSS ${pss.last} (max ${pss.max}) MiB, ${cpuPercent} % of a core`,
    reference,
  };
}

export const scale: Scenario = {
  does: "many routes in many namespaces, with routes and endpoints changing: memory, CPU and delay",
  options: {
    routes: { initial: 5000, help: "routes" },
    namespaces: { initial: 50, help: "namespaces they are in" },
    minutes: { initial: 2, help: "how long things change" },
    "route-every-ms": { initial: 1000, help: "between two changes of a route" },
    "endpoint-every-ms": { initial: 2000, help: "between two changes of endpoints" },
  },
  run,
};
