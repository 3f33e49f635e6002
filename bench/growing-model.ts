import { noteTouched } from "../src/base/record-changes.ts";
import { nothingRetained } from "../src/compile/compile-options.ts";
import type { Configuration } from "../src/control/control-state.ts";
import type { Cluster } from "../src/ir/cluster.ts";
import { bySpecificity } from "../src/ir/hostname.ts";
import type { PlaneReport, PlaneUpdate } from "../src/ir/plane.ts";
import type { HttpRule, VirtualHost } from "../src/ir/routing-model.ts";
import { SecretTable } from "../src/ir/secret-table.ts";
import { defaultTrafficSettings } from "../src/ir/traffic-settings.ts";
import type { CompiledStatus, MergedStatus, ObjectStatus } from "../src/status/condition.ts";
import { createSnapshot } from "../src/store/create-snapshot.ts";
import { gateway, http, httpRule, match, virtualHost } from "../test/ir/model.ts";

const services = 500;
const group = "gateway.networking.k8s.io";
const secrets = new SecretTable(new Map());
const snapshot = createSnapshot([]);

/** A model as the compiler makes it turn by turn: a route more each time, and every part that did not change the same object. */
export class GrowingModel {
  readonly #hosts: number;
  readonly #clusters: PlaneUpdate["routing"]["clusters"];
  readonly #endpoints: PlaneUpdate["endpoints"];
  #rules: Readonly<Record<string, HttpRule>> = {};
  #virtualHosts: readonly VirtualHost[] = [];
  #statuses: readonly ObjectStatus[] = [];
  #count = 0;
  #generation = 0;

  /** `hosts`: 1, or any more for a host of its own for each route. */
  constructor(routes: number, hosts: number) {
    this.#hosts = hosts;
    const all = Array.from({ length: services }, (_, index) => clusterOf(`service-${index}`));
    this.#clusters = Object.fromEntries(all.map((cluster) => [cluster.key, cluster]));
    this.#endpoints = Object.fromEntries(
      all.map(({ endpoints }, index) => [endpoints, [{ address: `192.0.2.${1 + (index % 250)}`, port: 8000 + index }]]),
    );
    for (let index = 0; index < routes; index++) this.#add();
    this.#virtualHosts = this.#virtualHosts.toSorted((a, b) => bySpecificity(a.hostname, b.hostname));
  }

  grow(): { readonly update: PlaneUpdate; readonly compiled: CompiledStatus } {
    this.#add();
    this.#virtualHosts = this.#virtualHosts.toSorted((a, b) => bySpecificity(a.hostname, b.hostname));
    const owner = { ...gateway([http("web", "", this.#virtualHosts)], []), httpRules: this.#rules };
    const routing = { gateways: [owner], clusters: this.#clusters };
    const update = { generation: ++this.#generation, routing, endpoints: this.#endpoints, secrets };
    return { update, compiled: [this.#gatewayStatus(), ...this.#statuses] };
  }

  configuration(update: PlaneUpdate, report: PlaneReport, status: MergedStatus): Configuration<MergedStatus> {
    const { routing, endpoints } = update;
    const concluded = { status, findings: [], dataPlanes: [], retained: nothingRetained, freshUntilMs: Infinity };
    const result = { routing, endpoints, secrets, ...concluded };
    return { generation: update.generation, snapshot, result, report, status, findings: [] };
  }

  #add(): void {
    const index = this.#count++;
    const name = `r${index}`;
    const service = httpRule(`service-${index % services}`);
    const rule = { ...httpRule(name), backends: service.backends };
    const rules = { ...this.#rules, [rule.key]: rule };
    noteTouched(rules, this.#rules, [rule.key]);
    this.#rules = rules;
    const path = match({ path: { kind: "prefix", value: `/team-${index % 50}/app-${index}` } });
    const host = virtualHost(this.#hosts === 1 ? "app.example.com" : `app-${(index * 7919) % 100_003}.example.com`, [
      [path, rule],
      [match({ path: { kind: "exact", value: `/exact-${index}` }, method: "GET" }), rule],
    ]);
    const [only] = this.#virtualHosts;
    if (this.#hosts > 1 || only === undefined) this.#virtualHosts = [...this.#virtualHosts, host];
    else
      this.#virtualHosts = [
        { ...only, entries: only.entries.toSpliced((index * 7919) % (index + 1), 0, ...host.entries) },
      ];
    this.#statuses = [...this.#statuses, routeStatus(name)];
  }

  #gatewayStatus(): ObjectStatus {
    const conditions = [pending("Accepted"), pending("Programmed")];
    const listener = { name: "web", supportedKinds: [], attachedRoutes: this.#count, conditions };
    const ref = { group, kind: "Gateway", namespace: "infra", name: "g" };
    const body = {
      shape: "gateway",
      listeners: [listener],
      addresses: [],
      attachedListenerSets: 0,
      conditions,
    } as const;
    return { ref, generation: 1, body };
  }
}

function routeStatus(name: string): ObjectStatus {
  const parents = [
    { parentRef: { name: "g", namespace: "infra" }, conditions: [pending("Accepted"), pending("ResolvedRefs")] },
  ];
  return {
    ref: { group, kind: "HTTPRoute", namespace: "shop", name },
    generation: 1,
    body: { shape: "route", parents },
  };
}

function pending(type: string) {
  const status = type === "Programmed" ? "Unknown" : "True";
  return {
    type,
    status,
    reason: type === "Programmed" ? "Pending" : type,
    message: "",
    observedGeneration: 1,
  } as const;
}

function clusterOf(name: string): Cluster {
  const key = `shop/${name}:80`;
  return {
    ...{ key, namespace: "shop", name, port: 80, endpoints: key, protocol: "http1" },
    from: { kind: "Service", namespace: "shop", name, pointer: "" },
    traffic: { ...defaultTrafficSettings, loadBalancing: "leastRequest" },
  };
}
