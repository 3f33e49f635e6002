import assert from "node:assert/strict";
import { test } from "node:test";
import { planeKeys, ticketKeyLifeMs } from "../config-stream/plane-keys.ts";
import type { PlaneState } from "../config-stream/protocol.ts";
import type { ConnectedProxy } from "../config-stream/proxy-connection.ts";
import type { Cluster } from "../ir/cluster.ts";
import { defaultListenerSettings } from "../ir/listener-settings.ts";
import type { PlaneUpdate } from "../ir/plane.ts";
import type { GatewayModel, HttpRule } from "../ir/routing-model.ts";
import { type SecretMaterial, SecretTable } from "../ir/secret-table.ts";
import { defaultTrafficSettings } from "../ir/traffic-settings.ts";
import { createLogger } from "../telemetry/log.ts";
import { RemotePlane } from "./remote-plane.ts";

const from = { kind: "Gateway", namespace: "shop", name: "web", pointer: "" };

const clusterOf = (name: string, rest: Partial<Cluster> = {}): Cluster => ({
  key: name,
  from,
  namespace: "shop",
  name,
  port: 80,
  endpoints: `${name}:endpoints`,
  protocol: "http1",
  traffic: { ...defaultTrafficSettings, connectTimeoutMs: 1000 },
  ...rest,
});

/** A Gateway whose only rule forwards to a cluster and mirrors to another, with a certificate of its own. */
function gatewayOf(name: string, hash = "h1"): GatewayModel {
  const rule: HttpRule = {
    key: `rule ${name}`,
    from,
    namespace: "shop",
    name,
    ruleIndex: 0,
    ruleName: "",
    routeKind: "HTTPRoute",
    labels: {},
    filters: [
      {
        from,
        filter: { kind: "requestMirror", cluster: `mirror-${name}`, fraction: { numerator: 1, denominator: 1 } },
      },
    ],
    backends: [{ from, weight: 1, filters: [], target: { kind: "cluster", cluster: `app-${name}` } }],
    timeouts: { requestMs: 0, backendRequestMs: 0, silence: "bounded" },
  };
  return {
    key: `shop/${name}`,
    namespace: "shop",
    name,
    from,
    labels: {},
    addresses: [],
    httpRules: { [rule.key]: rule },
    listeners: [
      {
        key: `Gateway/shop/${name}/https`,
        name: "https",
        from,
        port: 443,
        hostname: "",
        settings: defaultListenerSettings,
        hash,
        protocol: "HTTPS",
        filters: [],
        virtualHosts: [],
        tls: {
          mode: "terminate",
          certificates: [{ key: `tls-${name}`, fingerprint: "f", names: [] }],
          minVersion: "TLSv1.2",
        },
      },
    ],
  };
}

function updateOf(gateways: readonly GatewayModel[], generation = 1): PlaneUpdate {
  const names = gateways.map(({ name }) => name);
  const clusters = names.flatMap((name) => [
    clusterOf(`app-${name}`, {
      tls: { hostname: "x", ca: [{ kind: "bundle", key: `ca-${name}`, fingerprint: "f" }], subjectAltNames: [] },
    }),
    clusterOf(`mirror-${name}`),
  ]);
  const secrets = names.flatMap((name): [string, SecretMaterial][] => [
    [`tls-${name}`, { kind: "certificate", chainPem: `chain ${name}`, keyPem: `key ${name}` }],
    [`ca-${name}`, { kind: "ca", bundlePem: `bundle ${name}` }],
  ]);
  return {
    generation,
    routing: { gateways, clusters: Object.fromEntries(clusters.map((cluster) => [cluster.key, cluster])) },
    endpoints: Object.fromEntries(clusters.map(({ endpoints }) => [endpoints, []])),
    secrets: new SecretTable(new Map(secrets)),
  };
}

const log = createLogger({ write: (line) => lines.push(line) });
const lines: string[] = [];

/** A server without a network. */
class FakeServer {
  readonly published: [string, PlaneState][] = [];
  retained: ReadonlySet<string> = new Set();
  connected: ConnectedProxy[] = [];
  stopped = false;
  #listener: () => void = () => {};

  publish(dataPlane: string, state: PlaneState): void {
    this.published.push([dataPlane, state]);
  }
  retain(dataPlanes: ReadonlySet<string>): void {
    this.retained = dataPlanes;
  }
  proxies(): readonly ConnectedProxy[] {
    return this.connected;
  }
  subscribe(listener: () => void): () => void {
    this.#listener = listener;
    return () => {};
  }
  stopServing(): void {
    this.stopped = true;
  }
  tell(...connected: ConnectedProxy[]): void {
    this.connected = connected;
    this.#listener();
  }
  last(dataPlane: string): PlaneState | undefined {
    return this.published.findLast(([key]) => key === dataPlane)?.[1];
  }
}

const proxyOf = (proxy: string, listeners: ConnectedProxy["listeners"], dataPlane = "shop/a"): ConnectedProxy => ({
  dataPlane,
  proxy,
  version: "test",
  sinceMs: 0,
  listeners,
});
const key = "Gateway/shop/a/https";
const programmed = (hash: string) =>
  ({ [key]: { hash, state: "programmed", address: "10.0.0.1", port: 10_443 } }) as const;
const failed = (hash: string) => ({ [key]: { hash, state: "failed", message: "taken", code: "EADDRINUSE" } }) as const;

test("RemotePlane: a data plane gets its Gateways with the clusters, endpoints and keys that they name, and no others", async () => {
  const server = new FakeServer();
  const plane = new RemotePlane({ log, server, addresses: () => [] });
  await plane.apply(updateOf([gatewayOf("a"), gatewayOf("b")]));
  const state = server.last("shop/a");
  assert.deepEqual(
    state?.routing.gateways.map((gateway) => gateway.key),
    ["shop/a"],
  );
  assert.deepEqual(Object.keys(state?.routing.clusters ?? {}), ["app-a", "mirror-a"]);
  assert.deepEqual(Object.keys(state?.endpoints ?? {}), ["app-a:endpoints", "mirror-a:endpoints"]);
  assert.deepEqual(Object.keys(state?.secrets ?? {}).sort(), ["ca-a", "tls-a"]);
  assert.doesNotMatch(JSON.stringify(state), /-b|shop\/b/);
  assert.deepEqual([...server.retained], ["shop/a", "shop/b"]);
  await plane.drain();
  assert.equal(server.stopped, true);
});

test("RemotePlane: Gateways that share a data plane are published together", async () => {
  const server = new FakeServer();
  const plane = new RemotePlane({ log, server, addresses: () => [], dataPlaneOf: () => "infra/shared" });
  await plane.apply(updateOf([gatewayOf("a"), gatewayOf("b")]));
  assert.deepEqual(
    server.last("infra/shared")?.routing.gateways.map((gateway) => gateway.name),
    ["a", "b"],
  );
  await plane.drain();
});

test("RemotePlane: endpoints alone change no other part", async () => {
  const server = new FakeServer();
  const plane = new RemotePlane({ log, server, addresses: () => [] });
  await plane.apply(updateOf([gatewayOf("a")]));
  const before = server.last("shop/a");
  const row = [{ address: "192.0.2.1", port: 80 }];
  plane.updateEndpoints({ "app-a:endpoints": row, "other:endpoints": row });
  const after = server.last("shop/a");
  assert.deepEqual(after?.endpoints, { "app-a:endpoints": row });
  assert.equal(after?.routing, before?.routing);
  assert.equal(after?.secrets, before?.secrets);
  await plane.drain();
});

test("RemotePlane: a listener is programmed when every proxy has confirmed it as it is, and failed when one could not", async () => {
  const server = new FakeServer();
  const plane = new RemotePlane({ log, server, addresses: () => [] });
  let told = 0;
  const unsubscribe = plane.subscribe(() => told++);
  await plane.apply(updateOf([gatewayOf("a")]));
  const row = () => plane.report().listeners[key];
  server.tell(proxyOf("one", {}));
  assert.deepEqual([row(), told], [undefined, 0]);
  server.tell(proxyOf("one", programmed("old")));
  assert.equal(row(), undefined, "another hash confirms nothing");
  server.tell(proxyOf("one", programmed("h1")), proxyOf("two", {}));
  assert.equal(row(), undefined, "the second has not spoken");
  server.tell(proxyOf("one", programmed("h1")), proxyOf("two", failed("h1")));
  assert.deepEqual(row(), { state: "failed", message: "Proxy two: taken", code: "EADDRINUSE" });
  server.tell(proxyOf("one", programmed("h1")), proxyOf("two", programmed("h1")));
  assert.deepEqual(row(), { state: "programmed", address: "10.0.0.1", port: 443 });
  assert.equal(told, 2);
  server.tell(proxyOf("one", programmed("h1")), proxyOf("two", programmed("h1")));
  assert.equal(told, 2, "nothing new is not told");
  server.tell(proxyOf("three", {}));
  assert.equal(row()?.state, "programmed", "a proxy that has just come takes nothing away");
  server.tell(proxyOf("three", failed("old")));
  assert.equal(row()?.state, "programmed", "what was said of another hash is no matter");
  unsubscribe();
  server.tell(proxyOf("three", failed("h1")));
  assert.equal(told, 2);
  await plane.drain();
});

test("RemotePlane: what other data planes say of a listener counts for nothing", async () => {
  const server = new FakeServer();
  const plane = new RemotePlane({ log, server, addresses: () => [] });
  await plane.apply(updateOf([gatewayOf("a")]));
  server.tell(proxyOf("liar", programmed("h1"), "shop/b"));
  assert.deepEqual(plane.report().listeners, {});
  await plane.drain();
});

test("RemotePlane.refresh: takes in new addresses, settings and keys", async () => {
  const server = new FakeServer();
  let address = "192.0.2.1";
  let nowMs = 0;
  const plane = new RemotePlane({
    log,
    server,
    addresses: () => [address],
    settings: () => ({ tenantLabel: "team" }),
    keys: (dataPlane, now) => planeKeys(Buffer.alloc(32), dataPlane, now),
    clock: { nowMs: () => nowMs, monotonicMs: () => 0 },
  });
  let told = 0;
  plane.subscribe(() => told++);
  const { addresses } = await plane.apply(updateOf([gatewayOf("a")]));
  assert.deepEqual(addresses, { "shop/a": ["192.0.2.1"] });
  const before = server.last("shop/a");
  assert.equal(before?.settings.tenantLabel, "team");
  address = "192.0.2.2";
  nowMs = ticketKeyLifeMs;
  plane.refresh();
  assert.equal(told, 1);
  assert.deepEqual(plane.report().addresses, { "shop/a": ["192.0.2.2"] });
  assert.deepEqual(server.last("shop/a")?.keys?.ticketKeys.slice(0, 2), before?.keys?.ticketKeys.slice(1));
  await plane.drain();
});

test("RemotePlane: a proxy that never confirms is waited for 30 seconds, told of by name, and counts again when it does", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let nowMs = 0;
  const pass = (ms: number) => {
    nowMs += ms;
    t.mock.timers.tick(ms);
  };
  const server = new FakeServer();
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const plane = new RemotePlane({ log, server, addresses: () => [], clock });
  let told = 0;
  plane.subscribe(() => told++);
  lines.length = 0;
  const row = () => plane.report().listeners[key]?.state;
  await plane.apply(updateOf([gatewayOf("a")]));
  pass(60_000);
  server.tell({ ...proxyOf("one", programmed("h1")), sinceMs: 60_000 }, { ...proxyOf("two", {}), sinceMs: 60_000 });
  pass(29_999);
  assert.deepEqual([row(), plane.late], [undefined, []]);
  pass(1);
  assert.deepEqual([row(), plane.late, told], ["programmed", [{ dataPlane: "shop/a", proxy: "two" }], 1]);
  assert.match(lines.join(""), /"proxy":"two"/);
  assert.doesNotMatch(lines.join(""), /"proxy":"one"/);
  server.tell(proxyOf("one", programmed("h1")), proxyOf("two", failed("h1")));
  assert.deepEqual([row(), plane.late], ["failed", []]);
  await plane.drain();
});

test("RemotePlane: the patience begins anew with every change, and a proxy that is alone is waited for", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let nowMs = 0;
  const pass = (ms: number) => {
    nowMs += ms;
    t.mock.timers.tick(ms);
  };
  const server = new FakeServer();
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const plane = new RemotePlane({ log, server, addresses: () => [], clock });
  const row = () => plane.report().listeners[key]?.state;
  await plane.apply(updateOf([gatewayOf("a")]));
  server.tell(proxyOf("one", programmed("h1")), proxyOf("two", programmed("h1")));
  pass(100_000);
  await plane.apply(updateOf([gatewayOf("a", "h2")], 2));
  server.tell(proxyOf("one", programmed("h2")), proxyOf("two", programmed("h1")));
  assert.deepEqual([row(), plane.late], [undefined, []]);
  pass(30_000);
  assert.equal(row(), "programmed");
  await plane.apply(updateOf([gatewayOf("a", "h3")], 3));
  server.tell(proxyOf("two", {}));
  pass(100_000);
  assert.deepEqual([row(), plane.late.length], [undefined, 1]);
  await plane.drain();
});
