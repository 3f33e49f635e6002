import type { FilterCompiler } from "../../compile/filter-scope.ts";

/**
 * Compiles ExtensionRef. No extension kinds exist here, so every one is unknown: the rule answers 500, as the specification
 * demands of a filter that cannot be resolved. Spec: HTTPRouteFilter.type.
 */
export const compileExtensionRef: FilterCompiler<"extensionRef"> = (config, scope) => {
  const name = `${config.kind} ${config.name}${config.group === "" ? "" : ` (${config.group})`}`;
  scope.report("extension-filter-unknown", "", {
    message: `The filter refers to ${name}, a kind of filter that is not known here; its requests are answered with 500.`,
    fix: "Remove the filter, or express it with the filters that the API defines.",
  });
  return { kind: "directResponse", status: 500, reason: `unknown filter ${name}` };
};
