/** Many routes attached and removed: when `attachedRoutes` is right, and how often statuses are written for it. */
import { setTimeout as sleep } from "node:timers/promises";
import { at, nameOf } from "../../test/cluster/api-object.ts";
import { gatewayApi, type Scene } from "../../test/cluster/feature.ts";
import { benchRoute, edgeManifest, gatewayName } from "./bench-objects.ts";
import { round } from "./distribution.ts";
import { type Options, option, type Result, type Scenario } from "./scenario.ts";
import { StatusWrites } from "./status-writes.ts";

const lookMs = 50;

/** How many routes each object took at the end, once the count has come to rest. */
const restMs = 2_000;

async function attachedRoutes(scene: Scene): Promise<number> {
  const gateway = await scene.cluster.find(scene.named("Gateway", gatewayName));
  return Number(at(gateway, "status", "listeners", 0, "attachedRoutes") ?? -1);
}

/** Milliseconds until the count is right. */
async function untilRight(scene: Scene, count: number, timeoutMs: number): Promise<number | undefined> {
  const startMs = performance.now();
  while ((await attachedRoutes(scene)) !== count) {
    if (performance.now() - startMs > timeoutMs) return undefined;
    await sleep(lookMs);
  }
  return performance.now() - startMs;
}

async function run(scene: Scene, options: Options): Promise<Result> {
  const count = option(options, "routes");
  const concurrency = option(options, "concurrency");
  const timeoutMs = option(options, "timeout-seconds") * 1000;
  await scene.applyReady(edgeManifest);
  const objects = Array.from({ length: count }, (_, index) =>
    benchRoute({ index, namespace: scene.namespace, gatewayNamespace: scene.namespace }),
  );
  await using writes = await StatusWrites.start(scene.cluster, [
    { apiVersion: gatewayApi, kind: "Gateway", namespace: scene.namespace },
    { apiVersion: gatewayApi, kind: "HTTPRoute", namespace: scene.namespace },
  ]);
  const faults: string[] = [];
  const phase = async (what: string, wanted: number, act: () => Promise<void>) => {
    const before = { gateway: writes.of("Gateway"), routes: writes.of("HTTPRoute") };
    const startMs = performance.now();
    await act();
    const actMs = performance.now() - startMs;
    const rightMs = await untilRight(scene, wanted, timeoutMs);
    if (rightMs === undefined) faults.push(`${what}: attachedRoutes was not ${wanted} within ${timeoutMs / 1000} s`);
    await sleep(restMs);
    return {
      actSeconds: round(actMs / 1000),
      rightAfterMs: Math.round(rightMs ?? timeoutMs),
      gatewayWrites: writes.of("Gateway") - before.gateway,
      routeWrites: writes.of("HTTPRoute") - before.routes,
    };
  };
  const attached = await phase("attaching", count, () => scene.cluster.create(objects, concurrency));
  const names = objects.map((object) => nameOf(object));
  const removed = await phase("removing", 0, () => scene.cluster.remove(names, concurrency));
  const gatewayWrites = attached.gatewayWrites + removed.gatewayWrites;
  return {
    rows: [
      { what: "routes", value: String(count) },
      { what: "created in", value: `${attached.actSeconds} s` },
      { what: "attachedRoutes right after the last creation", value: `${attached.rightAfterMs} ms` },
      { what: "deleted in", value: `${removed.actSeconds} s` },
      { what: "attachedRoutes right after the last deletion", value: `${removed.rightAfterMs} ms` },
      { what: "status writes to the Gateway", value: String(gatewayWrites), reference: "311" },
      { what: "status writes to routes", value: String(attached.routeWrites + removed.routeWrites) },
    ],
    figures: { routes: count, attached, removed, gatewayWrites },
    faults,
  };
}

export const attach: Scenario = {
  does: "many routes attached and removed: when attachedRoutes is right, and how many status writes it took",
  options: {
    routes: { initial: 1000, help: "routes to attach" },
    concurrency: { initial: 8, help: "requests to the API server at a time" },
    "timeout-seconds": { initial: 120, help: "waits no longer for the right number" },
  },
  run,
};
