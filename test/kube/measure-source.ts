/**
 * Measures what reading a cluster costs: `node --expose-gc test/kube/measure-source.ts`. The figures of
 * docs/design/0004-kubernetes-source.md come from it. The API server is the one of the tests, in this process.
 */
import { performance } from "node:perf_hooks";
import type { KubeObject } from "../../src/kube/kube-client.ts";
import { type NamespacedName, namespacedName } from "../../src/resource/keys.ts";
import { KindTable } from "../../src/source/kube/kind-table.ts";
import { eventually } from "../plane/eventually.ts";
import { endpointSlice, httpRoute, withSource } from "./kube-fixture.ts";

const routes = 5000;
const events = 2000;

/** As the API server stores them: with what tools write into metadata. */
function stored(object: KubeObject, version: number): KubeObject {
  const { metadata, ...rest } = object;
  return {
    ...rest,
    metadata: {
      ...(metadata as object),
      uid: `00000000-0000-4000-8000-${String(version).padStart(12, "0")}`,
      generation: 1,
      resourceVersion: String(version),
      creationTimestamp: "2026-01-31T12:00:00Z",
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(rest) },
      managedFields: [{ manager: "kubectl", operation: "Apply", fieldsV1: { "f:spec": rest } }],
    },
  };
}

function heapMiB(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

/** CPU time of `run`, which other work on the machine does not change much. Microseconds. */
function cpuMicros(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function measureTable(): void {
  const keys = Array.from({ length: routes }, (_, index) => namespacedName(`team-${index % 50}`, `route-${index}`));
  const routeAt = (index: number, port = 80) => httpRoute(`route-${index}`, `team-${index % 50}`, port);
  const texts = keys.map((_, index) => JSON.stringify(stored(routeAt(index), index + 1)));
  const before = heapMiB();
  const table = new KindTable("HTTPRoute");
  const fill = cpuMicros(() => {
    for (const [index, key] of keys.entries()) table.put(key, JSON.parse(texts[index] ?? ""));
  });
  const perObject = ((heapMiB() - before) * 1024) / routes;
  const bytes = texts.reduce((sum, text) => sum + text.length, 0) / routes / 1024;
  console.log(
    `table: ${routes} routes of ${bytes.toFixed(2)} KiB in ${(fill / 1000).toFixed(0)} ms, ${perObject.toFixed(2)} KiB each`,
  );

  const changed = keys.slice(0, events).map((_, index) => {
    const object = stored(routeAt(index, 8080), routes + index);
    return { ...object, metadata: { ...(object["metadata"] as object), generation: 2 } };
  });
  const change = cpuMicros(() => {
    for (const [index, object] of changed.entries()) table.put(keys[index] as NamespacedName, object);
  });
  console.log(`table: a change ${(change / events).toFixed(0)} µs`);

  const statuses = changed.map((object) => ({ ...object, status: { parents: [{ controllerName: "other" }] } }));
  const status = cpuMicros(() => {
    for (const [index, object] of statuses.entries()) table.put(keys[index] as NamespacedName, object);
  });
  console.log(`table: a status ${(status / events).toFixed(1)} µs`);

  const times = 200;
  const copies = cpuMicros(() => {
    for (const key of keys.slice(0, times)) {
      table.remove(key);
      if (table.index.size === 0) throw new Error("the table is empty");
    }
  });
  console.log(`table: the index of ${routes} after a change ${(copies / times).toFixed(0)} µs`);
}

async function measureSource(): Promise<void> {
  await withSource(
    (server) => {
      server.installCrds("v1.7.0");
      for (let index = 0; index < routes; index++) server.put(httpRoute(`route-${index}`, `team-${index % 50}`));
      server.put(endpointSlice("cart", "10.0.0.1"));
    },
    async ({ server, source }) => {
      let told = 0;
      source.subscribe(() => {
        told += 1;
      });
      const portOf = (index: number) =>
        source.state.snapshot.get("HTTPRoute", `team-${index % 50}`, `route-${index}`)?.spec.rules?.[0]
          ?.backendRefs?.[0]?.port;
      const delays: number[] = [];
      for (let index = 0; index < 200; index++) {
        const startMs = performance.now();
        const before = told;
        server.put(httpRoute(`route-${index}`, `team-${index % 50}`, 8080));
        await eventually(() => told > before);
        if (portOf(index) !== 8080) throw new Error("the change is not in the snapshot");
        delays.push(performance.now() - startMs);
      }
      delays.sort((a, b) => a - b);
      const at = (part: number) => (delays[Math.floor(delays.length * part)] ?? 0).toFixed(2);
      console.log(`source: write to snapshot, ${routes} routes: median ${at(0.5)} ms, 99 % ${at(0.99)} ms`);

      const cpu = process.cpuUsage();
      const startMs = performance.now();
      for (let index = 0; index < events; index++) server.put(httpRoute(`route-${index}`, `team-${index % 50}`, 9090));
      await eventually(() => portOf(events - 1) === 9090);
      const { user, system } = process.cpuUsage(cpu);
      const perEvent = (user + system) / events;
      console.log(
        `source: ${events} changes in ${(performance.now() - startMs).toFixed(0)} ms, ${perEvent.toFixed(0)} µs of CPU each with the server's share, ${told - 200} notifications`,
      );
    },
  );
}

measureTable();
await measureSource();
