import { compileCors } from "../../filter/cors/compile.ts";
import { compileExtensionRef } from "../../filter/extensionRef/compile.ts";
import { compileExternalAuth } from "../../filter/externalAuth/compile.ts";
import { compileHeaderModifier } from "../../filter/headerModifier/compile.ts";
import { compileRequestMirror } from "../../filter/requestMirror/compile.ts";
import { compileRequestRedirect } from "../../filter/requestRedirect/compile.ts";
import { compileUrlRewrite } from "../../filter/urlRewrite/compile.ts";
import type { Filter, PlacedFilter } from "../../ir/filter.ts";
import { resolveBackend } from "../backend/backend.ts";
import { type BackendScope, reportIn } from "../backend/backend-scope.ts";
import { sourceOf } from "../report/report.ts";
import { findExtensionFilter } from "./extension-filter.ts";
import type { ApiFilter, ExtensionScope, FilterField, FilterScope } from "./filter-scope.ts";

/** The field that holds the settings of each filter type. */
type FieldOf = {
  RequestHeaderModifier: "requestHeaderModifier";
  ResponseHeaderModifier: "responseHeaderModifier";
  RequestMirror: "requestMirror";
  RequestRedirect: "requestRedirect";
  URLRewrite: "urlRewrite";
  CORS: "cors";
  ExternalAuth: "externalAuth";
  ExtensionRef: "extensionRef";
};

type Row<K extends keyof ApiFilter> = {
  readonly field: K;
  readonly compile: (config: FilterField<K>, scope: ExtensionScope) => Filter | readonly Filter[];
};

/** Every filter type of the API and what compiles it. A missing line is a type error. */
const filterCompilers = {
  RequestHeaderModifier: {
    field: "requestHeaderModifier",
    compile: (config, scope) => compileHeaderModifier("request", config, scope),
  },
  ResponseHeaderModifier: {
    field: "responseHeaderModifier",
    compile: (config, scope) => compileHeaderModifier("response", config, scope),
  },
  RequestMirror: { field: "requestMirror", compile: compileRequestMirror },
  RequestRedirect: { field: "requestRedirect", compile: compileRequestRedirect },
  URLRewrite: { field: "urlRewrite", compile: compileUrlRewrite },
  CORS: { field: "cors", compile: compileCors },
  ExternalAuth: { field: "externalAuth", compile: compileExternalAuth },
  ExtensionRef: { field: "extensionRef", compile: compileExtensionRef },
} satisfies { readonly [K in ApiFilter["type"]]: Row<FieldOf[K]> };

/**
 * Compiles the filters of a rule, a backendRef or a listener, in the user's order. `pointer` is that of the list. Filters of
 * GRPCRoutes and listeners are the same with fewer types. A filter that resolves to nothing usable still stands in the list,
 * as an answer of 500: it must not be skipped. Spec: HTTPRouteRule.filters.
 */
export function compileFilters(
  scope: BackendScope,
  filters: readonly ApiFilter[] | undefined,
  pointer: string,
): readonly PlacedFilter[] {
  return (filters ?? []).flatMap((filter, index) => {
    const at = `${pointer}/${index}`;
    const from = sourceOf(scope.referrer, at);
    return compileFilter(scope, filter, at).map((compiled) => ({ from, filter: compiled }));
  });
}

function compileFilter(scope: BackendScope, filter: ApiFilter, pointer: string): readonly Filter[] {
  // The row's field and its compiler agree by construction; the type system cannot follow that through an index.
  const row = filterCompilers[filter.type] as unknown as Row<"urlRewrite">;
  const config = filter[row.field];
  if (config === undefined) return [];
  const compiled = row.compile(config, extensionScope(scope, `${pointer}/${row.field}`));
  return Array.isArray(compiled) ? compiled : [compiled as Filter];
}

function extensionScope(scope: BackendScope, pointer: string): ExtensionScope {
  const isOfRule = scope.referrer.kind === "HTTPRoute" && !pointer.includes("/backendRefs/");
  const place = isOfRule ? "httpRule" : "elsewhere";
  return { ...filterScope(scope, pointer), findFilter: (ref) => findExtensionFilter(scope, ref, place) };
}

/** What a filter at a JSON pointer of the referrer is compiled with. */
export function filterScope(scope: BackendScope, pointer: string): FilterScope {
  return {
    pointer,
    protocol: scope.referrer.kind === "GRPCRoute" ? "grpc" : "http",
    report: (name, field, text) => reportIn(scope, name, { ...text, pointer: `${pointer}${field}` }),
    resolveBackend: (ref, field, use) => {
      const answer = resolveBackend(scope, ref, { pointer: `${pointer}${field}`, use });
      return answer.kind === "cluster" ? answer.cluster : undefined;
    },
  };
}
