import type { StreamRule } from "../../ir/routing-model.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { BackendScope } from "../backend/backend-scope.ts";
import { sourceOf } from "../report/report.ts";
import { compileBackends } from "./rule-backends.ts";

type StreamRoute = Resource<"TLSRoute"> | Resource<"TCPRoute"> | Resource<"UDPRoute">;

/** Compiles the rules of a route for byte streams or datagrams: backends and their weights are all that they have. */
export function compileStreamRules(
  route: StreamRoute,
  scope: BackendScope,
  use: "tls" | "tcp" | "udp",
): readonly StreamRule[] {
  const { namespace, name } = route.metadata;
  return route.spec.rules.map((rule, ruleIndex) => {
    const pointer = `/spec/rules/${ruleIndex}`;
    return {
      key: `${route.kind}/${namespace}/${name}/${ruleIndex}`,
      from: sourceOf(route, pointer),
      namespace,
      name,
      ruleIndex,
      ruleName: rule.name ?? "",
      routeKind: route.kind,
      backends: compileBackends(scope, rule.backendRefs, { pointer: `${pointer}/backendRefs`, use }),
    };
  });
}
