/** Routes added one at a time, each polled until it is served. */
import { nameOf } from "../../test/cluster/api-object.ts";
import type { Scene } from "../../test/cluster/feature.ts";
import { benchRoute, edgeManifest, hostOf } from "./bench-objects.ts";
import { distributionOf, renderDistribution, round } from "./distribution.ts";
import { Connection, poll } from "./load.ts";
import { type Options, option, type Result, type Scenario } from "./scenario.ts";
import { openAddress } from "./serves.ts";

/** A route that is not served by then never will be. */
const giveUpMs = 30_000;
const toldFaults = 10;

async function run(scene: Scene, options: Options): Promise<Result> {
  const count = option(options, "routes");
  const everyMs = option(options, "every-ms");
  const endMs = performance.now() + option(options, "limit-seconds") * 1000;
  await scene.applyReady(edgeManifest);
  const address = await openAddress(scene);
  await using asked = new Connection(address);
  await using earlier = new Connection(address);
  const faults: string[] = [];
  let wrong = 0;
  const blame = (fault: string): void => {
    wrong++;
    if (faults.length < toldFaults) faults.push(fault);
  };
  const sinceSent: number[] = [];
  const sinceStored: number[] = [];
  let unserved = 0;
  const startMs = performance.now();
  let index = 0;
  for (; index < count && performance.now() < endMs; index++) {
    const mark = String(index);
    const object = benchRoute({ index, namespace: scene.namespace, gatewayNamespace: scene.namespace });
    const { name: _, ...path } = await scene.cluster.path(nameOf(object));
    const sentMs = performance.now();
    let storedMs = Number.POSITIVE_INFINITY;
    const creation = scene.cluster.client.create(path, object).then(() => {
      storedMs = performance.now();
    });
    const servedMs = await poll({
      everyMs,
      timeoutMs: giveUpMs,
      look: async () => {
        const other = Math.floor(Math.random() * index);
        const [answer, otherAnswer] = await Promise.all([
          asked.ask({ host: hostOf(index) }),
          index > 0 ? earlier.ask({ host: hostOf(other) }) : undefined,
        ]);
        if (otherAnswer && (otherAnswer.status !== 200 || otherAnswer.headers["x-route"] !== String(other))) {
          blame(`route ${other}, served before: ${otherAnswer.status} of route ${otherAnswer.headers["x-route"]}`);
        }
        if (answer.status === 200 && answer.headers["x-route"] === mark) return true;
        if (answer.status !== 404) blame(`route ${index}: ${answer.status} of route ${answer.headers["x-route"]}`);
        return false;
      },
    });
    await creation;
    if (servedMs === undefined) {
      unserved++;
      continue;
    }
    sinceSent.push(servedMs - sentMs);
    sinceStored.push(Math.max(0, servedMs - storedMs));
  }
  const seconds = (performance.now() - startMs) / 1000;
  const sent = distributionOf(sinceSent);
  const stored = distributionOf(sinceStored);
  if (unserved > 0) faults.push(`${unserved} routes were not served within ${giveUpMs / 1000} s`);
  return {
    rows: [
      { what: "routes added", value: `${index} in ${round(seconds)} s` },
      {
        what: "from sending it until it is served",
        value: renderDistribution(sent, "ms"),
        reference: "16.6, max 74.6",
      },
      { what: "from the API server's answer until it is served", value: renderDistribution(stored, "ms") },
      { what: "wrong answers", value: String(wrong), reference: "0" },
      { what: "never served", value: String(unserved) },
    ],
    figures: { routes: index, seconds: round(seconds), sinceSentMs: sent, sinceStoredMs: stored, wrong, unserved },
    faults,
  };
}

export const routes: Scenario = {
  does: "routes added one at a time, each polled until it is served",
  options: {
    routes: { initial: 3000, help: "routes to add" },
    "every-ms": { initial: 5, help: "between two polls" },
    "limit-seconds": { initial: 600, help: "adds no more after this" },
  },
  run,
};
