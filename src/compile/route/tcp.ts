import type { StreamRule } from "../../ir/routing-model.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { BackendScope } from "../backend/backend-scope.ts";
import { compileStreamRules } from "./stream-rules.ts";

/** Compiles a TCPRoute. BackendTLSPolicies do not apply: the bytes are the client's. Spec: TCPRouteSpec. */
export function compileTcpRoute(route: Resource<"TCPRoute">, scope: BackendScope): readonly StreamRule[] {
  return compileStreamRules(route, scope, "tcp");
}
