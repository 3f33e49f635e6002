import { type Kind, kindNames, type Resource } from "../resource/kinds.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { CompileOptions } from "./compile-options.ts";
import type { CompiledRoute, GatewayContext, Route, RouteKind } from "./contract.ts";

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
  /** Forgets the routes that the compilation since `begin` did not ask for. */
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
    },
    route(route, gateway, make) {
      const key = JSON.stringify([gateway.namespace, gateway.name, gateway.backendClientCertificate ?? null]);
      const compiled = known.get(route)?.get(key) ?? make();
      const byGateway = used.get(route);
      if (byGateway) byGateway.set(key, compiled);
      else used.set(route, new Map([[key, compiled]]));
      return compiled;
    },
    end() {
      known = used;
      used = new Map();
    },
  };
}
