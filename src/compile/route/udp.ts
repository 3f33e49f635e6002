import type { StreamRule } from "../../ir/routing-model.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { BackendScope } from "../backend/backend-scope.ts";
import { compileStreamRules } from "./stream-rules.ts";

/** Compiles a UDPRoute, whose backends are UDP ports. Spec: UDPRouteSpec. */
export function compileUdpRoute(route: Resource<"UDPRoute">, scope: BackendScope): readonly StreamRule[] {
  return compileStreamRules(route, scope, "udp");
}
