import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { CompiledFeature } from "../../compile/policy/policy-features.ts";
import type { ConcurrencyRule } from "../../ir/rate-limit.ts";
import type { Resource } from "../../resource/kinds.ts";
import { compileSelectors, makeCounter, nameApart } from "../rateLimit/compile.ts";

type Concurrency = NonNullable<Resource<"BackendTrafficPolicy">["spec"]["concurrency"]>;

/** What a client gets that has too many requests open, where the policy names no status. */
const tooManyRequests = 429;

/** Compiles `BackendTrafficPolicy.spec.concurrency`, a field of our own. */
export function compileConcurrency({ rules, statusCode }: Concurrency, scope: FeatureScope): CompiledFeature {
  const compiled = rules.map((rule, index): ConcurrencyRule | undefined => {
    const field = `/rules/${index}`;
    const selectors = compileSelectors(rule.clientSelectors ?? [], `${field}/clientSelectors`, scope);
    if (selectors === undefined) return undefined;
    const counter = makeCounter("concurrency", selectors, rule.shared === true, field, scope);
    return { counter, selectors, requests: rule.requests };
  });
  if (compiled.includes(undefined)) return "refused";
  const known = nameApart(compiled.filter((rule) => rule !== undefined));
  return [{ kind: "concurrency", status: statusCode ?? tooManyRequests, rules: known }];
}
