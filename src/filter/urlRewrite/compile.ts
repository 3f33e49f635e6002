import type { FilterCompiler, FilterField } from "../../compile/route/filter-scope.ts";
import type { PathModifier } from "../../ir/filter.ts";

/** Compiles URLRewrite. Spec: HTTPURLRewriteFilter. */
export const compileUrlRewrite: FilterCompiler<"urlRewrite"> = (config) => ({
  kind: "urlRewrite",
  ...(config.hostname === undefined ? {} : { hostname: config.hostname }),
  ...(config.path === undefined ? {} : { path: compilePathModifier(config.path) }),
});

/**
 * Compiles a path modifier, of a rewrite or of a redirect. A full path that lacks its leading `/` gets one: nothing else
 * can stand in a request line. What follows a `?` in it is a query. Spec: HTTPPathModifier.
 */
export function compilePathModifier(path: NonNullable<FilterField<"urlRewrite">["path"]>): PathModifier {
  if (path.type === "ReplaceFullPath") {
    const [value = "", ...query] = (path.replaceFullPath ?? "/").split("?");
    return { kind: "full", value: absolute(value), query: query.join("?") };
  }
  return { kind: "prefix", value: path.replacePrefixMatch ? absolute(path.replacePrefixMatch) : "" };
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}
