/**
 * Memory that routes hold, part by part, in the controller and in a proxy: what the JavaScript heap grows by with each part, after
 * a full collection, by route.
 *
 *     npm run bench -- route-memory [--routes 5000]
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compile } from "../src/compile/compile.ts";
import { createCompileMemo } from "../src/compile/compile-memo.ts";
import { nothingRetained } from "../src/compile/compile-options.ts";
import { parseControllerMessage } from "../src/config-stream/protocol.ts";
import { exportConfiguration } from "../src/control/config-metrics.ts";
import { EmbeddedPlane } from "../src/proxy/embedded-plane.ts";
import type { Resource } from "../src/resource/kinds.ts";
import { validateObject } from "../src/resource/validate-object.ts";
import { mergeStatus } from "../src/status/merge.ts";
import { createSnapshot } from "../src/store/create-snapshot.ts";
import { createTelemetry } from "../src/telemetry/create-telemetry.ts";
import { defaultOptions } from "../test/compile-case.ts";
import { benchRoute, gatewayName } from "./cluster/bench-objects.ts";
import { FollowingProxy, Publisher } from "./stream-ends.ts";

const { values: flags } = parseArgs({ options: { routes: { type: "string", default: "5000" } } });
const routes = Number(flags.routes);
const namespaces = 50;
const services = 10;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
let before = 0;
/** What is kept until the end. */
const kept: unknown[] = [];

function part<T>(what: string, value: T): T {
  kept.push(value);
  for (let round = 0; round < 3; round++) collect();
  const { heapUsed, external } = process.memoryUsage();
  const now = heapUsed + external;
  if (what !== "") {
    console.log(
      `${what.padEnd(34)} ${((now - before) / routes / 1024).toFixed(2).padStart(6)} KiB a route, ${((now - before) / 2 ** 20).toFixed(1)} MiB`,
    );
  }
  before = now;
  return value;
}

function* objects(): Generator<unknown> {
  const api = "gateway.networking.k8s.io/v1";
  const { controllerName } = defaultOptions;
  yield { apiVersion: api, kind: "GatewayClass", metadata: { name: "c", uid: "c" }, spec: { controllerName } };
  yield {
    ...{ apiVersion: api, kind: "Gateway", metadata: { name: gatewayName, namespace: "infra", uid: "g" } },
    spec: {
      gatewayClassName: "c",
      listeners: [{ name: "http", protocol: "HTTP", port: 80, allowedRoutes: { namespaces: { from: "All" } } }],
    },
  };
  for (let index = 0; index < namespaces; index++) {
    const namespace = `team-${index}`;
    yield { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
    for (let at = 0; at < services; at++) {
      const name = `service-${at}`;
      const ports = [{ name: "http", port: 8080, targetPort: 3000 }];
      yield { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec: { ports } };
      yield {
        ...{ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", addressType: "IPv4" },
        metadata: { name, namespace, labels: { "kubernetes.io/service-name": name } },
        endpoints: [{ addresses: ["192.0.2.1"], conditions: { ready: true } }],
        ports: [{ name: "http", port: 3000, protocol: "TCP" }],
      };
    }
  }
  for (let index = 0; index < routes; index++) {
    const namespace = `team-${index % namespaces}`;
    const service = `service-${Math.floor(index / namespaces) % services}`;
    const route = benchRoute({ index, namespace, gatewayNamespace: "infra", service });
    yield { ...route, metadata: { ...route.metadata, uid: `uid-${index}`, generation: 1 } };
  }
}

part("", undefined);
const resources: Resource[] = [];
for (const object of objects()) {
  // As they are read: every object from a text of its own.
  const { resource } = validateObject(JSON.parse(JSON.stringify(object)));
  if (resource === undefined) throw new Error("an object is not valid");
  resources.push(resource);
}
const snapshot = part("objects", createSnapshot(resources));
const memo = createCompileMemo();
const options = { ...defaultOptions, retained: nothingRetained, nowMs: Date.now() };
const result = part("compiled, with its memo", compile(snapshot, options, memo));
const publisher = new Publisher();
part("", [memo, publisher]);
const state = part("parts of data planes", publisher.split({ generation: 1, ...result }));
let line = publisher.publish(state);
part("published, with digests", undefined);
const status = mergeStatus(result.status, { listeners: {}, addresses: {} }, undefined, 0);
part("statuses", status);
const telemetry = createTelemetry({ version: "bench" });
const report = { generation: 1, listeners: {}, addresses: {} };
exportConfiguration(telemetry, { generation: 1, snapshot, result, report, status, findings: [] });
part("metrics", telemetry);
const proxy = new FollowingProxy();
part("", parseControllerMessage);
const held = proxy.take(line);
line = "";
part("proxy: state, with digests", held);
const plane = new EmbeddedPlane({ telemetry, mapPort: () => 0 });
await plane.apply(proxy.update(held, 1));
part("proxy: in force", plane);
console.log(`resident ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB, of ${kept.length} parts`);
await plane.drain(0);
await telemetry.close();
