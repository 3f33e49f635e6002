import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { Filter } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";

type Jwt = Resource<"SecurityPolicy">["spec"]["jwt"];
type PassThrough = Extract<Filter, { readonly kind: "oidc" }>["passThrough"];

/** Where `jwt` looks when it is not told. */
const bearer = { name: "authorization", prefix: "Bearer " };

/**
 * Headers of which a token is left to `jwt` of the same policy. None, with a finding, where that does not require a token that
 * is valid: who brings anything at all would come in.
 */
export function compilePassThrough(scope: FeatureScope): PassThrough {
  const jwt = scope.sibling("jwt") as Jwt;
  if (jwt === undefined || jwt.optional === true || jwt.failOpen === true) {
    scope.report("oidc-pass-through-unsafe", "/passThroughAuthHeader", {
      message: `passThroughAuthHeader is true, but ${jwt === undefined ? "the policy has no jwt" : "its jwt takes requests without a valid token"}.`,
      fix: "Add jwt that requires a token (without optional and failOpen), or remove passThroughAuthHeader.",
    });
    return [];
  }
  return jwt.providers.flatMap(({ extractFrom }) => {
    if (extractFrom === undefined) return [bearer];
    return (extractFrom.headers ?? []).map(({ name, valuePrefix = "" }) => ({
      name: name.toLowerCase(),
      prefix: valuePrefix,
    }));
  });
}
