import { durationMs } from "../../base/duration.ts";
import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { Filter } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";
import { compileCors } from "./compile.ts";

type CorsPolicy = NonNullable<Resource<"SecurityPolicy">["spec"]["cors"]>;

/** Time that browsers remember a preflight where the policy says nothing, as in HTTPCORSFilter. Seconds. */
const defaultMaxAgeSeconds = 5;

/** Compiles `SecurityPolicy.spec.cors` to the filter of the same meaning. `maxAge` is 5 s unless written. */
export function compileCorsPolicy({ maxAge, ...cors }: CorsPolicy, scope: FeatureScope): readonly Filter[] {
  const ms = maxAge === undefined ? undefined : durationMs(maxAge);
  return [compileCors({ ...cors, maxAge: ms === undefined ? defaultMaxAgeSeconds : Math.floor(ms / 1000) }, scope)];
}
