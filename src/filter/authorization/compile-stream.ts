import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { StreamAdmission } from "../../ir/authorization.ts";
import type { Resource } from "../../resource/kinds.ts";
import { compileAuthorizationPolicy } from "./compile-policy.ts";

type Spec = Resource<"SecurityPolicy">["spec"];

/** What lets in requests by what stands in them: a stream has none. */
const forRequests = ["apiKeyAuth", "basicAuth", "extAuth", "jwt", "oidc"] as const satisfies readonly (keyof Spec)[];

/**
 * Compiles a SecurityPolicy for streams, of which nothing but the client's address is known. `refused`, with a finding: it asks
 * for more, and must not be left out. `undefined`: it says nothing about who may come in. Spec: SecurityPolicy of Envoy Gateway.
 */
export function compileStreamAdmission(
  spec: Spec,
  use: "connections" | "datagrams",
  scopeOf: (field: string) => FeatureScope,
): StreamAdmission | "refused" | undefined {
  const { authorization } = spec;
  const refuse = (pointer: string, field: string, what: string): "refused" => {
    scopeOf(pointer).report("policy-not-for-streams", field, {
      message: `${what}, and nothing but the client's address is known of a stream: the streams that the policy applies to are closed.`,
      fix: "Give the streams a policy of their own with authorization by clientCIDRs, or attach this one to routes of requests.",
    });
    return "refused";
  };
  const unfit = forRequests.find((field) => spec[field] !== undefined);
  if (unfit !== undefined) return refuse(`/${unfit}`, "", `${unfit} is about requests`);
  if (authorization === undefined) return undefined;
  if (use === "datagrams") return refuse("/authorization", "", "The addresses of datagrams can be made up");
  for (const [index, { operation, principal, cel }] of (authorization.rules ?? []).entries()) {
    if (
      operation !== undefined ||
      cel !== undefined ||
      principal?.jwt !== undefined ||
      principal?.headers !== undefined
    ) {
      return refuse("/authorization", `/rules/${index}`, "The rule is about requests");
    }
  }
  const [filter] = compileAuthorizationPolicy(authorization, scopeOf("/authorization"));
  if (typeof filter !== "object" || filter.kind !== "authorization") return "refused";
  return {
    rules: filter.rules.map(({ action, clientCidrs = [] }) => ({ action, clientCidrs })),
    defaultAction: filter.defaultAction,
  };
}
