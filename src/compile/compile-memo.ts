import type { ListenerKey } from "../ir/routing-model.ts";
import { type Kind, kindNames, type Resource } from "../resource/kinds.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { CompileOptions } from "./compile-options.ts";
import type { CompiledRoute, GatewayContext, Route, RouteKind } from "./contract.ts";
import type { KnownHosts } from "./virtual-host.ts";

/**
 * Keeps compiled routes from one compilation to the next. A route's compilation reads the route, the Gateway's context, the
 * options (without the clock) and objects of other kinds, never other routes: so it is kept only while all of those are the
 * very same, and any other change empties the memo. One memo serves one sequence of compilations.
 */
export type CompileMemo = {
  /** Gets ready for a compilation: forgets everything when something that routes may read has changed. */
  begin(snapshot: Snapshot, options: CompileOptions): void;
  /** The route as compiled before for the same Gateway, else what `make` gives. */
  route(route: Route, gateway: GatewayContext, make: () => CompiledRoute): CompiledRoute;
  /** The virtual hosts of a listener as built before, to be brought up to date in place. */
  hosts(listener: ListenerKey): KnownHosts;
  /** Forgets the routes and listeners that the compilation since `begin` did not ask for. */
  end(): void;
};

const routeKinds: readonly Kind[] = [
  "HTTPRoute",
  "GRPCRoute",
  "TLSRoute",
  "TCPRoute",
  "UDPRoute",
] satisfies readonly RouteKind[];

type CompiledByGateway = Map<string, CompiledRoute>;

export function createCompileMemo(): CompileMemo {
  let world: readonly Resource[] = [];
  let settings = "";
  let known = new Map<Route, CompiledByGateway>();
  let used = new Map<Route, CompiledByGateway>();
  let knownHosts = new Map<ListenerKey, KnownHosts>();
  let usedHosts = new Map<ListenerKey, KnownHosts>();
  return {
    begin(snapshot, options) {
      const nextWorld = kindNames.filter((kind) => !routeKinds.includes(kind)).flatMap((kind) => snapshot.list(kind));
      const { nowMs: _, ...stable } = options;
      const nextSettings = JSON.stringify(stable);
      const same =
        settings === nextSettings &&
        world.length === nextWorld.length &&
        nextWorld.every((resource, place) => resource === world[place]);
      if (!same) known = new Map();
      world = nextWorld;
      settings = nextSettings;
      used = new Map();
      usedHosts = new Map();
    },
    route(route, gateway, make) {
      const key = `${gateway.namespace}/${gateway.name} ${gateway.backendClientCertificate ?? ""}`;
      const compiled = known.get(route)?.get(key) ?? make();
      const byGateway = used.get(route);
      if (byGateway) byGateway.set(key, compiled);
      else used.set(route, new Map([[key, compiled]]));
      return compiled;
    },
    hosts(listener) {
      // Hosts are told apart by the identity of their compiled routes, so they need no check against the world.
      const hosts = knownHosts.get(listener) ?? new Map();
      usedHosts.set(listener, hosts);
      return hosts;
    },
    end() {
      known = used;
      used = new Map();
      knownHosts = usedHosts;
      usedHosts = new Map();
    },
  };
}
