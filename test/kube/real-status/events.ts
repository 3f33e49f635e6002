import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { EventRecorder } from "../../../src/kube/events.ts";
import type { KubeClient, KubeObject, ResourcePath } from "../../../src/kube/kube-client.ts";
import { ObjectEvents } from "../../../src/status/writer/object-events.ts";
import { Controller } from "./controller.ts";
import type { Check } from "./leaders.ts";
import { controllerName, namespace } from "./manifests.ts";
import { until } from "./until.ts";

const kubectl = (...args: string[]) => promisify(execFile)("kubectl", args).then(({ stdout }) => stdout);

/** Events of what is wrong with the manifests, as kubectl shows them. */
export async function proveEvents(client: KubeClient, check: Check): Promise<void> {
  const controller = new Controller(client);
  await controller.source.start();
  controller.turn();
  const { began: events } = new ObjectEvents().take({
    findings: controller.result?.findings ?? [],
    status: controller.status,
    snapshot: controller.source.state.snapshot,
  });
  const errors: unknown[] = [];
  const record = async () => {
    const results: string[] = [];
    const recorder = new EventRecorder({
      client,
      controller: controllerName,
      instance: "real-status",
      warnAfterMs: 0,
      onResult: (result) => results.push(result),
      onError: (error) => errors.push(error),
    });
    recorder.start();
    recorder.observe({ began: events, ended: [] });
    await until("events sent", () => results.length === events.length);
    await recorder.stop();
    return results;
  };
  const results = await record();
  check(
    results.every((result) => result === "sent"),
    `${results.length} events sent ${errors.join(" ")}`,
  );
  const route = await kubectl("-n", namespace, "describe", "httproute", "lost");
  const shown = route.slice(route.indexOf("\nEvents:"));
  console.log(shown.trim());
  check(
    /Warning +BackendNotFound .*gone/.test(shown) || /Warning +\w+ .*gone/.test(shown),
    "kubectl describe shows a finding of a route",
  );
  const gateway = await kubectl("-n", namespace, "describe", "gateway", "edge");
  check(/Normal +Programmed .*198\.51\.100\.1/.test(gateway), "kubectl describe shows where a Gateway is served");
  const list = async () =>
    (await client.list({ group: "events.k8s.io", version: "v1", plural: "events", namespace })).items.length;
  const before = await list();
  await record();
  check((await list()) === before, "after a restart no event is there twice");
  const [first] = (await client.list({ group: "events.k8s.io", version: "v1", plural: "events", namespace })).items;
  if (!first) throw new Error("there are no events");
  const { name } = first["metadata"] as { name: string };
  const series = { count: 7, lastObservedTime: "2026-01-01T00:00:00.000000Z" };
  const path: ResourcePath = { group: "events.k8s.io", version: "v1", plural: "events", namespace, name };
  await client.patch(path, { series }, { type: "merge", fieldManager: "sluice" });
  check(
    /\(x7 over /.test(await kubectl("-n", namespace, "describe", kindNameOf(first))),
    "kubectl describe shows how often",
  );
  await controller.close();
}

function kindNameOf(event: KubeObject): string {
  const { kind, name } = event["regarding"] as { kind: string; name: string };
  return `${kind.toLowerCase()}/${name}`;
}
