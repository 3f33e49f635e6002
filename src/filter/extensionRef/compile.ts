import type { FilterCompiler } from "../../compile/route/filter-scope.ts";

/**
 * Compiles ExtensionRef. No extension kinds exist here, so every one is unknown: the rule answers 500, as the specification
 * demands of a filter that cannot be resolved. Spec: HTTPRouteFilter.type.
 */
export const compileExtensionRef: FilterCompiler<"extensionRef"> = (config, scope) => {
  const name = `${config.kind} ${config.name}${config.group === "" ? "" : ` (${config.group})`}`;
  scope.report("extension-filter-unknown", "", {
    message: `The filter refers to ${name}, an unknown kind of filter; its requests get 500.`,
    fix: "Remove the filter, or use the filters that the Gateway API defines.",
  });
  return { kind: "directResponse", status: 500, reason: `unknown filter ${name}` };
};
