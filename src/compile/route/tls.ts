import type { StreamRule } from "../../ir/routing-model.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { BackendScope } from "../backend/backend-scope.ts";
import { compileStreamRules } from "./stream-rules.ts";

/**
 * Compiles a TLSRoute. A BackendTLSPolicy on the Service gives the cluster its TLS, which a plane uses on listeners that end
 * TLS and ignores on those that pass it through. Spec: TLSRouteSpec.
 */
export function compileTlsRoute(route: Resource<"TLSRoute">, scope: BackendScope): readonly StreamRule[] {
  return compileStreamRules(route, scope, "tls");
}
