import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { CompiledFeature } from "../../compile/policy/policy-features.ts";
import type { Resource } from "../../resource/kinds.ts";
import { compileLimits } from "../rateLimit/compile.ts";

type RateLimit = NonNullable<Resource<"BackendTrafficPolicy">["spec"]["rateLimit"]>;

/** What a client gets that exceeds a limit, where the policy names no status. */
export const tooManyRequests = 429;

/** Compiles `BackendTrafficPolicy.spec.rateLimit.local`: no rules, no filter. Spec: LocalRateLimit of Envoy Gateway. */
export function compileLocalRateLimit({ local, statusCode }: RateLimit, scope: FeatureScope): CompiledFeature {
  const apiRules = local?.rules ?? [];
  if (apiRules.length === 0) return [];
  const rules = compileLimits(apiRules, "/local/rules", scope);
  if (rules === undefined) return "refused";
  return [{ kind: "localRateLimit", status: statusCode ?? tooManyRequests, rules }];
}
