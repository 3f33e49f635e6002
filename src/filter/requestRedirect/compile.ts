import type { FilterCompiler } from "../../compile/route/filter-scope.ts";
import { compilePathModifier } from "../urlRewrite/compile.ts";

/** Compiles RequestRedirect. The status is 302 unless written. Spec: HTTPRequestRedirectFilter. */
export const compileRequestRedirect: FilterCompiler<"requestRedirect"> = (config) => ({
  kind: "requestRedirect",
  status: config.statusCode,
  ...(config.scheme === undefined ? {} : { scheme: config.scheme }),
  ...(config.hostname === undefined ? {} : { hostname: config.hostname }),
  ...(config.port === undefined ? {} : { port: config.port }),
  ...(config.path === undefined ? {} : { path: compilePathModifier(config.path) }),
});
