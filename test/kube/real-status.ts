/**
 * Proves on a real API server what the tests beside the sources prove on one in memory: statuses, conflicts, leaders, events.
 * Needs a cluster with the experimental CRDs that it may write to, and kubectl in the path:
 *
 *     test/conformance/rig.sh once node test/kube/real-status.ts
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { type KubeClient, KubeError, type KubeObject, type ResourcePath } from "../../src/kube/kube-client.ts";
import { readKubeConfig } from "../../src/kube/kube-config.ts";
import { openKubeClient } from "../../src/kube/open-kube-client.ts";
import { type Kind, kinds } from "../../src/resource/kinds.ts";
import type { MergedStatus, TimedCondition } from "../../src/status/condition.ts";
import { Controller } from "./real-status/controller.ts";
import { proveEvents } from "./real-status/events.ts";
import { proveLeaders } from "./real-status/leaders.ts";
import { controllerName, manifests, namespace, statusKinds } from "./real-status/manifests.ts";
import { until } from "./real-status/until.ts";

const otherName = "other.example/controller";
const kubectl = (...args: string[]) => promisify(execFile)("kubectl", args).then(({ stdout }) => stdout);

let passed = 0;
let failed = 0;

function check(isRight: boolean, what: string): void {
  if (isRight) passed += 1;
  else failed += 1;
  console.log(`${isRight ? "pass" : "FAIL"}  ${what}`);
}

function pathOf(kind: Kind, name: string): ResourcePath {
  const { group, version, plural, scope } = kinds[kind];
  return { group, version, plural, name, ...(scope === "Namespaced" ? { namespace } : {}) };
}

async function openClient(): Promise<KubeClient> {
  return openKubeClient({ access: await readKubeConfig() });
}

type Entry = { readonly controllerName: string; readonly conditions: readonly TimedCondition[] };

const entriesOf = (object: KubeObject): readonly Entry[] =>
  (object["status"] as { parents?: readonly Entry[] } | undefined)?.parents ?? [];

/** What another controller writes, with the care that ours takes: on top of what it has read. */
async function writeAsOther(client: KubeClient, message: string): Promise<number> {
  const path = pathOf("HTTPRoute", "web");
  for (let tries = 1; ; tries++) {
    const object = await client.get(path);
    const { resourceVersion } = object["metadata"] as { resourceVersion: string };
    const entry = {
      controllerName: otherName,
      parentRef: { name: "edge", sectionName: "http" },
      conditions: [
        { type: "Accepted", status: "True", reason: "Accepted", message, lastTransitionTime: "2026-01-01T00:00:00Z" },
      ],
    };
    const others = entriesOf(object).filter((other) => other.controllerName !== otherName);
    const patch = { metadata: { resourceVersion }, status: { parents: [...others, entry] } };
    try {
      await client.patch({ ...path, subresource: "status" }, patch, { type: "merge", fieldManager: "other" });
      return tries;
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 409) throw error;
    }
  }
}

/** The statuses with the conditions of HTTPRoute `web` changed. */
function withWeb(status: MergedStatus, change: Partial<TimedCondition>): MergedStatus {
  return status.map((entry) => {
    if (entry.ref.name !== "web" || entry.body.shape !== "route") return entry;
    const parents = entry.body.parents.map((parent) => ({
      ...parent,
      conditions: parent.conditions.map((condition) => ({ ...condition, ...change })),
    }));
    return { ...entry, body: { ...entry.body, parents } };
  });
}

/** The statuses with another count at every listener of the Gateway. */
function withAttachedRoutes(status: MergedStatus, attachedRoutes: number): MergedStatus {
  return status.map((entry) => {
    if (entry.body.shape !== "gateway") return entry;
    const listeners = entry.body.listeners.map((listener) => ({ ...listener, attachedRoutes }));
    return { ...entry, body: { ...entry.body, listeners } };
  });
}

async function proveStatuses(client: KubeClient): Promise<void> {
  const controller = new Controller(client);
  await controller.start();
  await controller.settled();
  for (const [kind, name] of statusKinds) {
    const status = (await client.get(pathOf(kind, name)))["status"];
    const isOurs = kinds[kind].status === "route" || kinds[kind].status === "policy";
    const text = JSON.stringify(status) ?? "";
    check(
      isOurs ? text.includes(controllerName) : text.includes('"observedGeneration":1'),
      `${kind} ${name} has its status`,
    );
  }
  check(controller.problems.length === 0, `the server takes every status ${JSON.stringify(controller.problems)}`);
  const written = controller.results.filter((result) => result.endsWith("written")).length;
  console.log(`      ${written} writes for ${statusKinds.length} objects`);
  for (let round = 0; round < 3; round++) controller.turn();
  await controller.settled();
  check(
    controller.results.filter((result) => result.endsWith("written")).length === written,
    "nothing is written again",
  );
  await controller.close();

  const next = new Controller(client);
  await next.start();
  await next.settled();
  check(next.results.length === 0, `a new leader writes nothing that stands there ${JSON.stringify(next.results)}`);
  next.turn((status) => withWeb(status, { reason: "not valid!" }));
  await next.settled();
  check(
    next.problems.length === 1 && next.problems[0]?.kind === "refused",
    `what the server refuses is told once: ${JSON.stringify(next.problems[0])?.slice(0, 200)}`,
  );
  check(next.results.filter((result) => result === "HTTPRoute refused").length === 1, "and not tried again");
  await next.close();
}

async function proveForeignEntries(client: KubeClient): Promise<void> {
  await writeAsOther(client, "before");
  const foreign = async () =>
    JSON.stringify(
      entriesOf(await client.get(pathOf("HTTPRoute", "web"))).filter((entry) => entry.controllerName === otherName),
    );
  const before = await foreign();
  const controller = new Controller(client);
  await controller.start();
  await kubectl(
    "-n",
    namespace,
    "patch",
    "httproute",
    "web",
    "--type=json",
    "-p",
    '[{"op":"add","path":"/spec/hostnames","value":["a.example.com"]}]',
  );
  await until("the new generation", async () =>
    entriesOf(await client.get(pathOf("HTTPRoute", "web"))).some(
      (entry) => entry.controllerName === controllerName && entry.conditions[0]?.observedGeneration === 2,
    ),
  );
  check((await foreign()) === before, "another controller's entry is as it was after ours changed");

  const rounds = 200;
  let tries = 0;
  let isOver = false;
  const other = (async () => {
    for (let round = 1; round <= rounds; round++) tries += await writeAsOther(client, `round ${round}`);
    isOver = true;
  })();
  let changes = 0;
  controller.results.length = 0;
  while (!isOver) {
    changes += 1;
    const message = `change ${changes}`;
    controller.turn((status) => withWeb(status, { message }));
    await delay(20);
  }
  await other;
  await controller.settled();
  const entries = entriesOf(await client.get(pathOf("HTTPRoute", "web")));
  const last = (name: string) =>
    entries.filter((entry) => entry.controllerName === name).map(({ conditions }) => conditions[0]?.message);
  const count = (result: string) => controller.results.filter((seen) => seen === `HTTPRoute ${result}`).length;
  console.log(
    `      other: ${rounds} writes in ${tries} tries; ours: ${changes} changes, ${count("written")} writes, ${count("conflict")} conflicts`,
  );
  check(
    JSON.stringify(last(otherName)) === `["round ${rounds}"]`,
    `the second writer's last entry stands: ${last(otherName)}`,
  );
  check(
    JSON.stringify(last(controllerName)) === `["change ${changes}"]`,
    `our last entry stands: ${last(controllerName)}`,
  );

  await kubectl(
    "-n",
    namespace,
    "patch",
    "httproute",
    "web",
    "--type=json",
    "-p",
    '[{"op":"remove","path":"/spec/parentRefs"},{"op":"add","path":"/spec/useDefaultGateways","value":"None"}]',
  );
  await until("our entry cleared", async () =>
    entriesOf(await client.get(pathOf("HTTPRoute", "web"))).every((entry) => entry.controllerName !== controllerName),
  );
  check(
    JSON.stringify(entriesOf(await client.get(pathOf("HTTPRoute", "web"))).map((entry) => entry.controllerName)) ===
      JSON.stringify([otherName]),
    "our entry goes with the parentRef, the other one stays",
  );

  // The Gateway's counts change with every route, its status is written now and then.
  await controller.settled();
  controller.results.length = 0;
  const startMs = performance.now();
  const gatewayAt = (count: number) => controller.turn((status) => withAttachedRoutes(status, count));
  for (let routes = 1; routes <= 1000; routes++) {
    gatewayAt(routes);
    await delay(4);
  }
  for (let routes = 999; routes >= 7; routes--) {
    gatewayAt(routes);
    await delay(4);
  }
  const loadMs = performance.now() - startMs;
  await controller.settled();
  const gateway = (await client.get(pathOf("Gateway", "edge")))["status"] as {
    listeners: { attachedRoutes: number }[];
  };
  const writes = controller.results.filter((result) => result === "Gateway written").length;
  check(
    gateway.listeners[0]?.attachedRoutes === 7 && writes < 311,
    `1,993 changes of attachedRoutes in ${Math.round(loadMs)} ms: ${writes} writes of the Gateway, the last one right`,
  );
  await controller.close();
}

async function main(): Promise<void> {
  const client = await openClient();
  try {
    const apply = spawn("kubectl", ["apply", "-f", "-"], { stdio: ["pipe", "ignore", "inherit"] });
    apply.stdin.end(manifests.join("\n---\n"));
    const [code] = await once(apply, "exit");
    if (code !== 0) throw new Error("the manifests could not be applied");
    await proveStatuses(client);
    await proveForeignEntries(client);
    await proveEvents(client, check);
    await proveLeaders(check);
  } catch (error) {
    check(false, String(error instanceof Error ? error.stack : error));
  } finally {
    await client.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
