/** The API server away under load, with a restart of the controller in the middle; then a restart of the data plane too. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Scene } from "../../test/cluster/feature.ts";
import { dataPlaneProcesses, type PodProcess } from "../../test/cluster/pod-process.ts";
import { benchRoute, edgeManifest, gatewayName, hostOf } from "./bench-objects.ts";
import { controllerProcesses } from "./controllers.ts";
import { renderDistribution } from "./distribution.ts";
import { Load } from "./load.ts";
import { type Options, option, type Result, type Scenario } from "./scenario.ts";
import { openAddress, whenServed } from "./serves.ts";

/** Until things are as they were. */
const recoveryMs = 120_000;

async function run(scene: Scene, options: Options): Promise<Result> {
  const seconds = option(options, "seconds");
  await scene.applyReady(edgeManifest);
  const route = (index: number) => benchRoute({ index, namespace: scene.namespace, gatewayNamespace: scene.namespace });
  await scene.cluster.apply([route(0)]);
  const address = await openAddress(scene);
  const faults: string[] = [];
  if ((await whenServed(address, 0, recoveryMs)) === undefined)
    throw new Error("the route is not served to begin with");
  const controllers = await controllerProcesses(scene);
  const dataPlanes = await dataPlaneProcesses(scene.cluster, { namespace: scene.namespace, name: gatewayName });

  const load = new Load({
    ...{ address, connections: option(options, "connections"), pauseMs: option(options, "pause-ms") },
    next: () => ({ host: hostOf(0) }),
    fault: ({ status, headers }) => (status === 200 && headers["x-route"] === "0" ? undefined : `status ${status}`),
  });
  const awayMs = performance.now();
  await scene.rig.run("stop", "kube-apiserver");
  let restart: number | undefined;
  try {
    await sleep((seconds * 1000) / 2);
    if (option(options, "restart") > 0) for (const { pid } of controllers) process.kill(pid, "SIGKILL");
    await sleep((seconds * 1000) / 2);
    const result = await load.stop();
    faults.push(...result.faults);
    restart = await restartDataPlanes(dataPlanes, () => whenServed(address, 0, recoveryMs));
    if (restart === undefined) faults.push("the data plane did not serve after its restart");
    const back = performance.now();
    await scene.rig.run("start", "kube-apiserver");
    const ready = performance.now();
    await scene.cluster.apply([route(1)]);
    const recovered = await whenServed(address, 1, recoveryMs);
    if (recovered === undefined) faults.push("a new route was not served after the API server was back");
    return {
      rows: [
        { what: "API server away", value: `${Math.round((back - awayMs) / 1000)} s, ${seconds} s of it under load` },
        { what: "requests", value: String(result.requests) },
        { what: "failed", value: String(result.failed), reference: "0" },
        { what: "latency", value: renderDistribution(result.latency, "ms") },
        { what: "data plane killed, served again after", value: `${Math.round(restart ?? Number.NaN)} ms` },
        { what: "API server started in", value: `${Math.round(ready - back)} ms` },
        { what: "new route served after that", value: `${Math.round((recovered ?? Number.NaN) - ready)} ms` },
      ],
      figures: { seconds, ...result, dataPlaneRestartMs: restart, recoveredMs: (recovered ?? Number.NaN) - ready },
      faults,
    };
  } finally {
    await load.stop();
    await scene.rig.run("start", "kube-apiserver").catch(() => undefined);
  }
}

/** Kills them, without a word; milliseconds until they serve again. */
async function restartDataPlanes(
  processes: readonly PodProcess[],
  served: () => Promise<number | undefined>,
): Promise<number | undefined> {
  const startMs = performance.now();
  for (const { pid } of processes) process.kill(pid, "SIGKILL");
  const servedMs = await served();
  return servedMs === undefined ? undefined : servedMs - startMs;
}

export const outage: Scenario = {
  does: "the API server away under load, with a controller restart in the middle, and then one of the data plane",
  options: {
    seconds: { initial: 60, help: "how long the API server is away under load" },
    restart: { initial: 1, help: "1: the controller is killed half way; 0: it waits for the API server all the time" },
    connections: { initial: 8, help: "closed loops" },
    "pause-ms": { initial: 5, help: "of each loop, after each answer" },
  },
  run,
};
