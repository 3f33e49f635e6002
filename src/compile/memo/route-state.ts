import { sameJson } from "../../base/same-json.ts";
import { attachRoute, type RouteAttachment } from "../attach/attach.ts";
import type { GatewayIndex } from "../attach/parent-ref.ts";
import { type PlacedAttachment, placeAttachment } from "../attach/place-attachment.ts";
import type { PlacedRoute } from "../attach/stream-plan.ts";
import type { CompileContext, CompiledRoute, GatewayContext, Route } from "../contract.ts";
import { findNewerFields } from "../report/field-release.ts";
import type { Report } from "../report/report-table.ts";
import { compileRoute } from "../route/compile-route.ts";
import { Cell } from "./cell.ts";
import type { GatewayRoutes } from "./gateway-routes.ts";
import type { ListenerRoutes } from "./listener-routes.ts";
import type { TrackedSnapshot } from "./tracked-snapshot.ts";

type ForGateway = { readonly cell: Cell<CompiledRoute>; compiled: CompiledRoute };

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
};

/** One route and what has been made of it, each part for as long as what it was made from stays the same. */
export class RouteState {
  readonly route: Route;
  /** What of it is in force now; `undefined` before it has been placed. */
  inForce: RouteInForce | undefined;
  readonly #stale: () => void;
  readonly #attachment: Cell<RouteAttachment>;
  #byGateway = new Map<string, ForGateway>();

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

  /** Says what the route comes to. */
  place(context: CompileContext, tracked: TrackedSnapshot, index: GatewayIndex): PlacedAttachment {
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
    return placeAttachment(attachment, compiled);
  }

  /** The route is gone. */
  forget(tracked: TrackedSnapshot): void {
    tracked.forget(this.#attachment);
    for (const { cell } of this.#byGateway.values()) tracked.forget(cell);
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
}

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
