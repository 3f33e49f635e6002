import { durationMs } from "../../base/duration.ts";
import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { CompiledFeature } from "../../compile/policy/policy-features.ts";
import type { GlobalLimiter } from "../../ir/rate-limit.ts";
import type { Resource } from "../../resource/kinds.ts";
import { tooManyRequests } from "../localRateLimit/compile.ts";
import { compileLimits } from "../rateLimit/compile.ts";

type RateLimit = NonNullable<Resource<"BackendTrafficPolicy">["spec"]["rateLimit"]>;
type GlobalRateLimit = NonNullable<RateLimit["global"]>;

/** How long a request waits for whoever counts, where the policy does not say. Milliseconds. */
const defaultTimeoutMs = 100;

/** Domain of a rate limit service, where the policy names none. */
const defaultDomain = "sluice";

/** Key of the Secret that holds a password. */
const passwordEntry = "password";

/** Compiles `BackendTrafficPolicy.spec.rateLimit.global`: no rules, no filter. Spec: GlobalRateLimit of Envoy Gateway; who counts is our own. */
export function compileGlobalRateLimit({ global, statusCode }: RateLimit, scope: FeatureScope): CompiledFeature {
  const apiRules = global?.rules ?? [];
  if (global === undefined || apiRules.length === 0) return [];
  const rules = compileLimits(apiRules, "/global/rules", scope);
  const limiter = compileLimiter(global, scope);
  if (rules === undefined || limiter === undefined) return "refused";
  return [
    {
      kind: "globalRateLimit",
      status: statusCode ?? tooManyRequests,
      rules,
      limiter,
      timeoutMs: (global.timeout === undefined ? undefined : durationMs(global.timeout)) || defaultTimeoutMs,
      onFailure: global.onFailure === "Closed" ? "closed" : "open",
    },
  ];
}

/** Who counts; `undefined`, with a finding: nobody, or somebody who cannot be asked. */
function compileLimiter({ service, redis }: GlobalRateLimit, scope: FeatureScope): GlobalLimiter | undefined {
  if (service !== undefined) {
    const cluster = scope.resolveBackend(service.backendRef, "/global/service/backendRef", "grpc");
    return cluster === undefined ? undefined : { kind: "service", cluster, domain: service.domain ?? defaultDomain };
  }
  if (redis !== undefined) {
    const cluster = scope.resolveBackend(redis.backendRef, "/global/redis/backendRef", "tls");
    const { passwordRef, username = "", database = 0 } = redis;
    const password = passwordRef && scope.readSecret(passwordRef, passwordEntry, "/global/redis/passwordRef");
    if (cluster === undefined || (passwordRef !== undefined && password === undefined)) return undefined;
    return { kind: "redis", cluster, database, username, password: password?.key };
  }
  scope.report("global-limit-without-counter", "/global", {
    message: "rateLimit.global has neither service nor redis.",
    fix: "Add `redis` or `service` with the backendRef of whoever counts, or write the rules below `local`.",
  });
  return undefined;
}
