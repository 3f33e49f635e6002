import { sameJson } from "../../base/same-json.ts";
import type { Finding } from "../../finding/finding.ts";
import type { Cluster, ClusterKey } from "../../ir/cluster.ts";
import type { GatewayModel } from "../../ir/routing-model.ts";
import { findListenerPolicies, type GatewayPolicies } from "../client-traffic/listener-policies.ts";
import type { CompileContext } from "../contract.ts";
import { allListeners, type CompiledGateway } from "../gateway/gateway.ts";
import { gatewayStatus } from "../gateway/gateway-status.ts";
import { isServable, type ListenerDraft } from "../listener/listener.ts";
import { type CompiledTracing, compileGatewayTracing } from "../policy/compile-tracing.ts";
import type { PolicyEffect } from "../policy/policy-effect.ts";
import type { Report, ReportTable } from "../report/report-table.ts";
import { Cell } from "./cell.ts";
import type { ClusterTable } from "./cluster-table.ts";
import { GatewayRoutes } from "./gateway-routes.ts";
import { type HostChange, ListenerRoutes } from "./listener-routes.ts";
import type { PolicyEffects } from "./policy-effects.ts";
import type { TrackedSnapshot } from "./tracked-snapshot.ts";
import { UnreachableRules } from "./unreachable-rules.ts";

/** One Gateway of ours with its listeners and what routes make of them, from one compilation to the next. */
export class GatewayState {
  readonly routes: GatewayRoutes;
  readonly #clusters: ClusterTable;
  readonly #reports: ReportTable;
  readonly #unreachable: UnreachableRules;
  readonly #effects: PolicyEffects;
  readonly #tracing = new Cell<CompiledTracing>();
  readonly #policies = new Cell<GatewayPolicies>();
  /** What the policies on the listeners come to now. */
  #effectsInForce: readonly PolicyEffect[] = [];
  #listenersByKey = new Map<string, ListenerRoutes>();
  #listeners = new Map<ListenerDraft, ListenerRoutes>();
  /** Those that are to be opened, by port; on one port in order of precedence. */
  #served: ReadonlySet<ListenerDraft> = new Set();
  /** Clusters that do not come from routes. */
  #held: readonly ReadonlyMap<ClusterKey, Cluster>[] = [];
  #hostChanges: HostChange[] = [];
  #gateway: CompiledGateway | undefined;
  #isNew = true;
  #report: Report | undefined;

  constructor(clusters: ClusterTable, reports: ReportTable, effects: PolicyEffects) {
    this.#clusters = clusters;
    this.#effects = effects;
    this.#reports = reports;
    this.routes = new GatewayRoutes(clusters);
    this.#unreachable = new UnreachableRules(reports);
  }

  /** Takes the Gateway as it is now. Listeners that it still has keep their routes until these are placed again. */
  take(gateway: CompiledGateway): void {
    // The connections of its spans show the Gateway's client certificate.
    if (!sameJson(this.#gateway?.context, gateway.context)) this.#tracing.touch();
    this.#policies.touch();
    this.#gateway = gateway;
    this.#isNew = true;
    const before = this.#listenersByKey;
    this.#listenersByKey = new Map();
    this.#listeners = new Map();
    for (const draft of allListeners(gateway)) {
      // Nothing but a listener that was refused has the key of another.
      const key = this.#listenersByKey.has(draft.key) ? `${draft.key} ${draft.pointer}` : draft.key;
      const routes = before.get(key) ?? new ListenerRoutes();
      this.#listenersByKey.set(key, routes);
      this.#listeners.set(draft, routes);
    }
    const servable = allListeners(gateway).filter((draft) => gateway.served && isServable(draft));
    this.#served = new Set(servable.sort((a, b) => a.spec.port - b.spec.port));
  }

  /** The routes of a listener, and whether it is served. */
  listener(draft: ListenerDraft): { readonly routes: ListenerRoutes; readonly isServed: boolean } | undefined {
    const routes = this.#listeners.get(draft);
    return routes && { routes, isServed: this.#served.has(draft) };
  }

  /** Takes in which routes have come and gone. Returns what that means for the backends in use. */
  flush(context: CompileContext, tracked: TrackedSnapshot): ReturnType<GatewayRoutes["flush"]> {
    const gateway = this.#gateway!;
    for (const [draft, routes] of this.#listeners) {
      const changes = routes.flush();
      if (this.#served.has(draft)) this.#hostChanges.push(...changes);
    }
    this.#effect(this.#readPolicies(context, tracked).effects);
    const tracing = this.#tracing.read(tracked, () => compileGatewayTracing(context, gateway.context));
    this.#hold(gateway.served ? [tracing.clusters, ...[...this.#served].map(({ clusters }) => clusters)] : []);
    return this.routes.flush();
  }

  /** The Gateway for the routing model, after its clusters are known; `undefined` when it is not to be served. */
  build(context: CompileContext, tracked: TrackedSnapshot): GatewayModel | undefined {
    const gateway = this.#gateway!;
    const tracing = this.#tracing.read(tracked, () => compileGatewayTracing(context, gateway.context));
    const { listeners } = this.#readPolicies(context, tracked);
    const built = [...this.#served].map((draft) =>
      this.#listeners.get(draft)!.build(listeners.get(draft)!.draft, listeners.get(draft)!.policies),
    );
    const model = this.routes.build(
      gateway,
      built.flatMap(({ listener }) => listener ?? []),
      tracing,
    );
    if (this.#isNew) {
      this.#unreachable.clear();
      this.#hostChanges = hostsOf(model).map((after) => ({ before: undefined, after }));
    }
    this.#unreachable.update(this.#hostChanges, model, context.snapshot);
    this.#hostChanges = [];
    this.#isNew = false;
    this.#say(
      gateway,
      built.flatMap(({ findings }) => findings),
    );
    return gateway.served ? model : undefined;
  }

  /** The Gateway is gone, and its routes with it. */
  forget(tracked: TrackedSnapshot): ReturnType<GatewayRoutes["flush"]> {
    this.#unreachable.clear();
    this.#reports.replace(this.#report, undefined);
    tracked.forget(this.#tracing);
    tracked.forget(this.#policies);
    this.#effect([]);
    this.#hold([]);
    return this.routes.flush();
  }

  #readPolicies(context: CompileContext, tracked: TrackedSnapshot): GatewayPolicies {
    const gateway = this.#gateway!;
    // What is served comes first, in order of precedence on each port.
    const drafts = [...new Set([...this.#served, ...this.#listeners.keys()])];
    return this.#policies.read(tracked, () =>
      findListenerPolicies(context, gateway.resource, { drafts, context: gateway.context }),
    );
  }

  #effect(effects: readonly PolicyEffect[]): void {
    if (sameJson(this.#effectsInForce, effects)) return;
    this.#effects.replace(this.#effectsInForce, effects);
    this.#effectsInForce = effects;
  }

  #say(gateway: CompiledGateway, findings: readonly Finding[]): void {
    const status = gatewayStatus(gateway, (draft) => this.#listeners.get(draft)?.count ?? 0);
    const report = { status, findings };
    if (this.#report !== undefined && sameJson(this.#report, report)) return;
    this.#reports.replace(this.#report, report);
    this.#report = report;
  }

  #hold(clusters: readonly ReadonlyMap<ClusterKey, Cluster>[]): void {
    if (clusters.length === this.#held.length && clusters.every((one, place) => one === this.#held[place])) return;
    for (const one of this.#held) this.#clusters.remove(one);
    for (const one of clusters) this.#clusters.add(one);
    this.#held = clusters;
  }
}

function hostsOf({ listeners }: GatewayModel) {
  return listeners.flatMap((listener) => ("virtualHosts" in listener ? listener.virtualHosts : []));
}
