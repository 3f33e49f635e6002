import { sameJson } from "../../base/same-json.ts";
import { attachRoute, type RouteAttachment } from "../attach/attach.ts";
import type { GatewayIndex } from "../attach/parent-ref.ts";
import { type PlacedAttachment, placeAttachment } from "../attach/place-attachment.ts";
import type { PlacedRoute } from "../attach/stream-plan.ts";
import type { CompileContext, CompiledRoute, GatewayContext, Route } from "../contract.ts";
import { attachPolicies, type RoutePolicies } from "../policy/attach-policies.ts";
import type { PolicyEffect } from "../policy/policy-effect.ts";
import { findNewerFields } from "../report/field-release.ts";
import type { Report } from "../report/report-table.ts";
import { compileRoute } from "../route/compile-route.ts";
import { Cell } from "./cell.ts";
import type { GatewayRoutes } from "./gateway-routes.ts";
import type { ListenerRoutes } from "./listener-routes.ts";
import type { TrackedSnapshot } from "./tracked-snapshot.ts";

type ForGateway = { readonly cell: Cell<CompiledRoute>; compiled: CompiledRoute };

/** The route with the policies on one listener, and what that was made from. */
type ForListener = { readonly from: readonly unknown[]; readonly cell: Cell<RoutePolicies> };

/** Where a route stands, and what is said of it. */
export type RouteInForce = {
  readonly report: Report;
  /** `served`: the routes of the Gateway, where the listener is served. */
  readonly listeners: readonly {
    readonly routes: ListenerRoutes;
    readonly placed: PlacedRoute;
    readonly served: GatewayRoutes | undefined;
  }[];
  readonly acceptedBy: readonly (readonly [GatewayRoutes, CompiledRoute])[];
  readonly effects: readonly PolicyEffect[];
};

/** A route's attachment with the policies on its rules. */
export type PlacedWithPolicies = PlacedAttachment & { readonly effects: readonly PolicyEffect[] };

/** One route and what has been made of it, each part for as long as what it was made from stays the same. */
export class RouteState {
  readonly route: Route;
  /** What of it is in force now; `undefined` before it has been placed. */
  inForce: RouteInForce | undefined;
  readonly #stale: () => void;
  readonly #attachment: Cell<RouteAttachment>;
  #byGateway = new Map<string, ForGateway>();
  #byListener = new Map<string, ForListener>();
  /** The route with its policies: the same object on all listeners of a Gateway on which it is the same. */
  #withPolicies = new Map<string, CompiledRoute>();

  /** `stale` is called when the route has to be placed again. */
  constructor(route: Route, stale: (state: RouteState) => void) {
    this.route = route;
    this.#stale = () => stale(this);
    this.#attachment = new Cell(this.#stale);
  }

  /** The Gateways are others: it has to be found anew where the route attaches. */
  detach(tracked: TrackedSnapshot): void {
    tracked.forget(this.#attachment);
    this.#attachment.touch();
  }

  /** Says what the route comes to. `hasPolicies`: there are policies for rules, whatever they are attached to. */
  place(
    context: CompileContext,
    tracked: TrackedSnapshot,
    { index, hasPolicies }: { readonly index: GatewayIndex; readonly hasPolicies: boolean },
  ): PlacedWithPolicies {
    const { route } = this;
    const attachment = this.#attachment.read(tracked, () => {
      const made = attachRoute(context, index, route);
      return { ...made, findings: [...made.findings, ...findNewerFields(context, route)] };
    });
    const used = new Map<string, ForGateway>();
    const compiled = attachment.outcomes.map(({ parent: { gateway } }) =>
      this.#compile(context, tracked, gateway.context, used),
    );
    for (const [key, { cell }] of this.#byGateway) if (!used.has(key)) tracked.forget(cell);
    this.#byGateway = used;
    const placed = placeAttachment(attachment, compiled);
    return hasPolicies ? this.#attachPolicies(context, tracked, placed) : this.#withoutPolicies(tracked, placed);
  }

  /** The route is gone. */
  forget(tracked: TrackedSnapshot): void {
    tracked.forget(this.#attachment);
    for (const { cell } of [...this.#byGateway.values(), ...this.#byListener.values()]) tracked.forget(cell);
  }

  #compile(
    context: CompileContext,
    tracked: TrackedSnapshot,
    gateway: GatewayContext,
    used: Map<string, ForGateway>,
  ): CompiledRoute {
    const key = `${gateway.namespace}/${gateway.name} ${gateway.backendClientCertificate ?? ""}`;
    const known = used.get(key) ?? this.#byGateway.get(key);
    const cell = known?.cell ?? new Cell(this.#stale);
    const made = cell.read(tracked, () => compileRoute(this.route, gateway, context));
    const compiled = known !== undefined && sameCompiled(known.compiled, made) ? known.compiled : made;
    used.set(key, { cell, compiled });
    return compiled;
  }

  #withoutPolicies(tracked: TrackedSnapshot, placed: PlacedAttachment): PlacedWithPolicies {
    for (const { cell } of this.#byListener.values()) tracked.forget(cell);
    this.#byListener.clear();
    this.#withPolicies.clear();
    return { ...placed, effects: noEffects };
  }

  #attachPolicies(context: CompileContext, tracked: TrackedSnapshot, placed: PlacedAttachment): PlacedWithPolicies {
    const used = new Map<string, ForListener>();
    const compiledNow = new Map<string, CompiledRoute>();
    const effects: PolicyEffect[] = [];
    const placements = placed.placements.map((placement) => {
      const { listener, gateway } = placement;
      const base = placement.placed.compiled;
      const certificate = gateway.context.backendClientCertificate ?? "";
      const from = [gateway.resource, certificate, listener.owner, base];
      const known = this.#byListener.get(listener.key);
      const isSame = known?.from.every((part, place) => part === from[place]) ?? false;
      if (known !== undefined && !isSame) tracked.forget(known.cell);
      const cell = isSame ? known!.cell : new Cell<RoutePolicies>(this.#stale);
      used.set(listener.key, { from, cell });
      const at = { gateway: gateway.resource, context: gateway.context, draft: listener };
      const made = cell.read(tracked, () => attachPolicies(context, at, this.route, base));
      effects.push(...made.effects);
      const key = `${gateway.key} ${made.isOfListener ? listener.key : ""}`;
      const before = compiledNow.get(key) ?? this.#withPolicies.get(key);
      const compiled = before !== undefined && sameCompiled(before, made.compiled) ? before : made.compiled;
      compiledNow.set(key, compiled);
      return { ...placement, placed: { ...placement.placed, compiled } };
    });
    for (const [key, { cell }] of this.#byListener) if (!used.has(key)) tracked.forget(cell);
    this.#byListener = used;
    this.#withPolicies = compiledNow;
    return { ...placed, placements, effects };
  }
}

const noEffects: readonly PolicyEffect[] = [];

function sameCompiled(a: CompiledRoute, b: CompiledRoute): boolean {
  return (
    a === b ||
    (sameJson(a.entries, b.entries) &&
      sameJson(a.streamRules, b.streamRules) &&
      sameJson(a.findings, b.findings) &&
      sameJson([...a.clusters.values()], [...b.clusters.values()]) &&
      sameJson([...a.backends], [...b.backends]))
  );
}
