/** The leading controller killed under load: when another leads, and when it writes status and serves changes. */
import { setTimeout as sleep } from "node:timers/promises";
import { nameOf } from "../../test/cluster/api-object.ts";
import { conditionLists, hasConditions, type Scene } from "../../test/cluster/feature.ts";
import { benchRoute, edgeManifest, hostOf } from "./bench-objects.ts";
import { findLease, holderOf, leaderProcess } from "./controllers.ts";
import { renderDistribution } from "./distribution.ts";
import { Load, poll } from "./load.ts";
import { type Options, option, type Result, type Scenario } from "./scenario.ts";
import { openAddress, whenServed } from "./serves.ts";

const giveUpMs = 60_000;
const lookMs = 20;
/** What a user of the cluster is promised. */
const promisedSeconds = 15;

async function run(scene: Scene, options: Options): Promise<Result> {
  await scene.applyReady(edgeManifest);
  const route = (index: number) => benchRoute({ index, namespace: scene.namespace, gatewayNamespace: scene.namespace });
  await scene.cluster.apply([route(0)]);
  const address = await openAddress(scene);
  if ((await whenServed(address, 0, giveUpMs)) === undefined) {
    throw new Error("the route is not served to begin with");
  }
  const load = new Load({
    ...{ address, connections: option(options, "connections"), pauseMs: option(options, "pause-ms") },
    next: () => ({ host: hostOf(0) }),
    fault: ({ status, headers }) => (status === 200 && headers["x-route"] === "0" ? undefined : `status ${status}`),
  });
  const faults: string[] = [];
  const before = holderOf(await findLease(scene));
  const leader = await leaderProcess(scene);
  const killedMs = performance.now();
  process.kill(leader.pid, "SIGKILL");
  await scene.cluster.apply([route(1)]);
  const timings = await Promise.all([
    poll({
      ...{ everyMs: lookMs, timeoutMs: giveUpMs },
      look: async () => ![before, ""].includes(holderOf(await findLease(scene))),
    }),
    poll({
      ...{ everyMs: lookMs, timeoutMs: giveUpMs },
      look: async () => {
        const object = await scene.cluster.find(nameOf(route(1)));
        const lists = object === undefined ? [] : conditionLists(object);
        const accepted = [{ type: "Accepted", status: "True" }] as const;
        return lists.some((conditions) => hasConditions(conditions, accepted, object?.metadata.generation));
      },
    }),
    whenServed(address, 1, giveUpMs),
  ]);
  await sleep(2_000);
  const result = await load.stop();
  faults.push(...result.faults);
  const [elected, written, streamed] = timings.map((atMs) => (atMs === undefined ? undefined : atMs - killedMs));
  for (const [what, ms] of Object.entries({ "a new leader": elected, "a status": written, "a new route": streamed })) {
    if (ms === undefined || ms > promisedSeconds * 1000)
      faults.push(`${what} came after ${ms ?? "more than 60,000"} ms`);
  }
  const after = (ms: number | undefined) => `${ms === undefined ? "more than 60" : (ms / 1000).toFixed(2)} s`;
  const reference = `${promisedSeconds} s`;
  return {
    rows: [
      { what: "another leads after", value: after(elected), reference },
      { what: "a new route has a status after", value: after(written), reference },
      { what: "a new route is served after", value: after(streamed), reference },
      { what: "requests meanwhile", value: String(result.requests) },
      { what: "failed", value: String(result.failed), reference: "0" },
      { what: "latency", value: renderDistribution(result.latency, "ms") },
    ],
    figures: { electedMs: elected, writtenMs: written, streamedMs: streamed, ...result },
    faults,
  };
}

export const leader: Scenario = {
  does: "the leading controller killed under load: when another leads, writes status, and serves changes",
  options: {
    connections: { initial: 8, help: "closed loops" },
    "pause-ms": { initial: 5, help: "of each loop, after each answer" },
  },
  run,
};
