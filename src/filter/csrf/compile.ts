import type { Filter } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";

type CsrfPolicy = NonNullable<Resource<"SecurityPolicy">["spec"]["csrf"]>;

/** Compiles `SecurityPolicy.spec.csrf`. Without shadowFraction all are refused that are to be. */
export function compileCsrf({ additionalOrigins = [], shadowFraction }: CsrfPolicy): readonly Filter[] {
  const shadow = shadowFraction ?? { numerator: 0, denominator: 100 };
  return [{ kind: "csrf", additionalOrigins, shadow }];
}
