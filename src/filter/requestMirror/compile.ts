import type { FilterCompiler, FilterField } from "../../compile/route/filter-scope.ts";
import type { Fraction } from "../../ir/filter.ts";

/** Compiles RequestMirror: everything is mirrored unless `percent` or `fraction` says otherwise. Spec: HTTPRequestMirrorFilter. */
export const compileRequestMirror: FilterCompiler<"requestMirror"> = (config, scope) => {
  const fraction = shareOf(config);
  if (fraction.numerator === 0) {
    scope.report("mirror-share-zero", config.percent === undefined ? "/fraction" : "/percent", {
      message: `Nothing is mirrored to ${config.backendRef.name}: the percentage or fraction is 0.`,
      fix: "Raise it, or remove the filter.",
    });
  }
  return {
    kind: "requestMirror",
    cluster: scope.resolveBackend(config.backendRef, "/backendRef", scope.protocol),
    fraction,
  };
};

function shareOf(config: FilterField<"requestMirror">): Fraction {
  if (config.percent !== undefined) return { numerator: config.percent, denominator: 100 };
  if (config.fraction !== undefined) {
    return { numerator: config.fraction.numerator, denominator: config.fraction.denominator };
  }
  return { numerator: 1, denominator: 1 };
}
