import type { StreamRule } from "../../ir/routing-model.ts";
import { type BackendScope, makeBackendScope } from "../backend/backend-scope.ts";
import type { CompileContext, CompiledRoute, GatewayContext, Route, RouteKind, ScoredEntry } from "../contract.ts";
import { compileGrpcRoute } from "./grpc.ts";
import { compileHttpRoute } from "./http.ts";
import { compileTcpRoute } from "./tcp.ts";
import { compileTlsRoute } from "./tls.ts";
import { compileUdpRoute } from "./udp.ts";

type Rules = { readonly entries: readonly ScoredEntry[]; readonly streamRules: readonly StreamRule[] };

const httpRules = (entries: readonly ScoredEntry[]): Rules => ({ entries, streamRules: [] });
const streamRules = (rules: readonly StreamRule[]): Rules => ({ entries: [], streamRules: rules });

/** What compiles each kind of route. */
const routeCompilers = {
  HTTPRoute: (route, scope) => httpRules(compileHttpRoute(route, scope)),
  GRPCRoute: (route, scope) => httpRules(compileGrpcRoute(route, scope)),
  TLSRoute: (route, scope) => streamRules(compileTlsRoute(route, scope)),
  TCPRoute: (route, scope) => streamRules(compileTcpRoute(route, scope)),
  UDPRoute: (route, scope) => streamRules(compileUdpRoute(route, scope)),
} satisfies { readonly [K in RouteKind]: (route: Extract<Route, { readonly kind: K }>, scope: BackendScope) => Rules };

/**
 * Compiles a route for one Gateway: rules with their matches scored, clusters, and what is wrong. The clusters differ between
 * Gateways only by client certificate. Never throws for what a user wrote.
 */
export function compileRoute(route: Route, gateway: GatewayContext, context: CompileContext): CompiledRoute {
  const scope = makeBackendScope(route, gateway, context);
  // The table's row and the route's kind agree; the type system cannot follow that through an index.
  const compile = routeCompilers[route.kind] as (route: Route, scope: BackendScope) => Rules;
  const rules = compile(route, scope);
  return { ...rules, clusters: scope.clusters, backends: scope.backends, findings: scope.findings };
}
