import { sameJson } from "../../base/same-json.ts";
import type { Steps } from "../../base/steps.ts";
import type { GatewayModel, RoutingModel } from "../../ir/routing-model.ts";
import { secretKeys } from "../../ir/secret-keys.ts";
import { SecretTable } from "../../ir/secret-table.ts";
import type { Kind, Resource } from "../../resource/kinds.ts";
import type { ObjectChange } from "../../store/changed-objects.ts";
import { keyOf } from "../../store/create-snapshot.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { CompileOptions } from "../compile-options.ts";
import type { CompileContext, CompileResult, Route, RouteKind } from "../contract.ts";
import { hasRulePolicies } from "../policy/attach-policies.ts";
import { compilePolicies } from "../policy/compile-policies.ts";
import type { PolicyUsage } from "../policy/policy-usage.ts";
import { type Report, ReportTable } from "../report/report-table.ts";
import { createSecretReader, type SnapshotSecrets } from "../tls/snapshot-secrets.ts";
import { Cell } from "./cell.ts";
import { ClusterTable } from "./cluster-table.ts";
import { compileOthers } from "./compile-others.ts";
import { compileSurroundings, type Surroundings } from "./compile-surroundings.ts";
import { EmptyBackends } from "./empty-backends.ts";
import { EndpointRows } from "./endpoint-rows.ts";
import { GatewayState } from "./gateway-state.ts";
import { IngressState } from "./ingress-state.ts";
import { PolicyEffects } from "./policy-effects.ts";
import { type RouteInForce, RouteState } from "./route-state.ts";
import { RuleSecrets } from "./rule-secrets.ts";
import { TrackedSnapshot } from "./tracked-snapshot.ts";

const routeKinds = [
  "HTTPRoute",
  "GRPCRoute",
  "TLSRoute",
  "TCPRoute",
  "UDPRoute",
] as const satisfies readonly RouteKind[];

/**
 * Everything that a compilation has made, each part with the objects that it was made from, so that the next one makes again
 * only what follows from what has changed. A compilation from nothing is the change of all objects. What stays as it was
 * keeps its identity in the results.
 */
export class CompileState {
  readonly #tracked = new TrackedSnapshot();
  readonly #reports = new ReportTable();
  readonly #clusters = new ClusterTable();
  readonly #endpoints = new EndpointRows();
  readonly #emptyBackends = new EmptyBackends(this.#reports);
  readonly #effects = new PolicyEffects();
  readonly #surroundings = new Cell<Surroundings>();
  readonly #policies = new Cell<Report>();
  readonly #others = new Cell<Report>();
  readonly #ingresses = new IngressState(this.#clusters, this.#reports);
  readonly #routes = new Map<string, RouteState>();
  /** Routes that are to be placed, for the first time or again. */
  readonly #due = new Set<RouteState>();
  #gateways = new Map<string, GatewayState>();
  #around: Surroundings | undefined;
  /** There are policies for rules: while there are none, no route asks for them. */
  #hasPolicies = false;
  /** What is in force of the reports that are made as a whole. */
  readonly #said = new Map<Cell<Report> | Cell<Surroundings>, Report>();
  #routing: RoutingModel = { gateways: [], clusters: {} };
  readonly #ruleSecrets = new RuleSecrets();
  #secretTable = new SecretTable(new Map());

  /** How many parts the last compilation made. */
  get partsMade(): number {
    return this.#tracked.recorded;
  }

  /** Compiles `snapshot`, in steps. Has to be run to its end: what was left in the middle cannot be gone on with. */
  *compile(snapshot: Snapshot, options: CompileOptions): Steps<CompileResult> {
    const tracked = this.#tracked;
    const changes = tracked.advance(snapshot, options);
    const secrets = createSecretReader(tracked, { retained: tracked.retained, nowMs: options.nowMs }, (ms) =>
      tracked.countsUntil(ms),
    );
    const context: CompileContext = { snapshot: tracked, options, secrets };
    yield;
    const around = this.#readSurroundings(context, secrets);
    const leaving = around === this.#around ? [] : this.#takeSurroundings(around);
    for (const kind of routeKinds) for (const change of changes.get(kind) ?? []) this.#changeRoute(change);
    const hasPolicies = hasRulePolicies(tracked);
    if (hasPolicies !== this.#hasPolicies) for (const state of this.#routes.values()) this.#due.add(state);
    this.#hasPolicies = hasPolicies;
    for (const state of this.#due) {
      yield;
      this.#placeRoute(context, state, around);
    }
    this.#due.clear();

    const ingresses = yield* this.#ingresses.update(context, tracked, around.gateways);
    yield;
    for (const gateway of leaving) this.#emptyBackends.use(gateway.forget(tracked));
    for (const gateway of this.#gateways.values()) {
      yield;
      this.#emptyBackends.use(gateway.flush(context, tracked));
    }
    const clusterChanges = this.#clusters.flush();
    yield;
    const models: GatewayModel[] = [];
    for (const { key } of around.gateways) {
      yield;
      const model = this.#gateways.get(key)?.build(context, tracked);
      if (model !== undefined) models.push(model);
    }
    if (ingresses.gateway !== undefined) models.push(ingresses.gateway);
    const routing = this.#assemble(models);
    const endpoints = this.#endpoints.update(tracked, clusterChanges, this.#clusters.clusters);
    yield;
    if (this.#emptyBackends.update(context, tracked)) this.#policies.touch();
    if (this.#effects.flush()) this.#policies.touch();
    this.#say(this.#policies, () => compilePolicies(context, this.#usage(around)));
    this.#say(this.#others, () => compileOthers(context));
    yield;
    const keys = secretKeys(routing, this.#ruleSecrets.update(routing.gateways));
    return {
      routing,
      endpoints,
      secrets: this.#tableOf(secrets.table(keys)),
      retained: secrets.retained(keys),
      freshUntilMs: Math.min(around.freshUntilMs, ingresses.freshUntilMs),
      dataPlanes: ingresses.dataPlane === undefined ? around.dataPlanes : [...around.dataPlanes, ingresses.dataPlane],
      ...this.#reports.flush(),
    };
  }

  #readSurroundings(context: CompileContext, secrets: SnapshotSecrets): Surroundings {
    return this.#surroundings.read(this.#tracked, () => {
      const made = compileSurroundings(context, secrets);
      this.#tracked.countsUntil(made.freshUntilMs);
      return made;
    });
  }

  /** Every route has to be placed again. Returns the Gateways that are gone: their routes still have to be. */
  #takeSurroundings(around: Surroundings): readonly GatewayState[] {
    const before = this.#gateways;
    this.#gateways = new Map();
    for (const gateway of around.gateways) {
      const state = before.get(gateway.key) ?? new GatewayState(this.#clusters, this.#reports, this.#effects);
      before.delete(gateway.key);
      this.#gateways.set(gateway.key, state);
      state.take(gateway);
    }
    for (const state of this.#routes.values()) state.detach(this.#tracked);
    this.#policies.touch();
    this.#reports.replace(this.#around?.report, around.report);
    this.#around = around;
    return [...before.values()];
  }

  #changeRoute({ before, after }: ObjectChange): void {
    if (before !== undefined) {
      const key = routeKey(before);
      const state = this.#routes.get(key);
      if (state !== undefined) {
        this.#replace(state.inForce, undefined);
        state.forget(this.#tracked);
        this.#due.delete(state);
        this.#routes.delete(key);
      }
    }
    if (after === undefined) return;
    const state = new RouteState(after as Route, (stale) => this.#due.add(stale));
    this.#routes.set(routeKey(after), state);
    this.#due.add(state);
  }

  #placeRoute(context: CompileContext, state: RouteState, around: Surroundings): void {
    const { report, placements, acceptedBy, effects } = state.place(context, this.#tracked, {
      index: around.index,
      hasPolicies: this.#hasPolicies,
    });
    const before = state.inForce;
    const after: RouteInForce = {
      report: before !== undefined && sameJson(before.report, report) ? before.report : report,
      listeners: placements.flatMap(({ gateway, listener, placed }) => {
        const owner = this.#gateways.get(gateway.key);
        const found = owner?.listener(listener);
        if (owner === undefined || found === undefined) return [];
        return [{ routes: found.routes, placed, served: found.isServed ? owner.routes : undefined }];
      }),
      acceptedBy: acceptedBy.flatMap(([gateway, compiled]) => {
        const owner = this.#gateways.get(gateway.key);
        return owner === undefined ? [] : [[owner.routes, compiled] as const];
      }),
      effects: sameJson(before?.effects, effects) ? before!.effects : effects,
    };
    state.inForce = after;
    this.#replace(before, after);
  }

  #replace(before: RouteInForce | undefined, after: RouteInForce | undefined): void {
    this.#reports.replace(before?.report, after?.report);
    this.#effects.replace(before?.effects ?? [], after?.effects ?? []);
    for (const { routes, placed, served } of before?.listeners ?? []) {
      routes.remove(placed);
      served?.changeServed(placed.compiled, -1);
    }
    for (const [routes, compiled] of before?.acceptedBy ?? []) routes.changeAccepted(compiled, -1);
    for (const { routes, placed, served } of after?.listeners ?? []) {
      routes.add(placed);
      served?.changeServed(placed.compiled, 1);
    }
    for (const [routes, compiled] of after?.acceptedBy ?? []) routes.changeAccepted(compiled, 1);
  }

  #assemble(gateways: readonly GatewayModel[]): RoutingModel {
    const before = this.#routing;
    const same =
      before.clusters === this.#clusters.record &&
      before.gateways.length === gateways.length &&
      before.gateways.every((gateway, place) => gateway === gateways[place]);
    if (!same) this.#routing = { gateways, clusters: this.#clusters.record };
    return this.#routing;
  }

  #usage({ gateways }: Surroundings): PolicyUsage {
    return {
      gateways: gateways.map(({ key, context: { namespace, name } }) => ({
        namespace,
        name,
        backends: this.#gateways.get(key)!.routes.backends,
      })),
      effectsOf: (policy) => this.#effects.of(policy),
    };
  }

  #say(cell: Cell<Report>, make: () => Report): void {
    const before = this.#said.get(cell);
    const report = cell.read(this.#tracked, make);
    if (before === report) return;
    this.#reports.replace(before, report);
    this.#said.set(cell, report);
  }

  #tableOf(table: SecretTable): SecretTable {
    const keys = table.keys();
    const before = this.#secretTable;
    const same = before.keys().length === keys.length && keys.every((key) => before.get(key) === table.get(key));
    if (!same) this.#secretTable = table;
    return this.#secretTable;
  }
}

function routeKey(route: Resource): string {
  return `${route.kind satisfies Kind} ${keyOf(route)}`;
}
