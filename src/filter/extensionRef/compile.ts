import type {
  ExtensionFilter,
  ExtensionKind,
  ExtensionScope,
  FilterField,
  FilterObject,
  HttpRouteFilterSpec,
} from "../../compile/route/filter-scope.ts";
import type { PartScope } from "../../compile/route/part-scope.ts";
import type { Filter } from "../../ir/filter.ts";
import { compileCredentialInjection } from "../credentialInjection/compile.ts";
import { compileDirectResponse } from "../directResponse/compile.ts";
import { compileHeaderMutation } from "../headerMutation/compile.ts";
import { compileMiddleware } from "../middleware/compile.ts";
import { compileRegexRewrite } from "../regexRewrite/compile.ts";
import { compileResponseRewrite } from "../responseRewrite/compile.ts";
import { compileExtensionMatches } from "./compile-matches.ts";

/** `undefined`, with a finding: it cannot be honoured. */
type Part<V> = (value: V, scope: PartScope) => Filter | readonly Filter[] | undefined;

/** Every field of an HTTPRouteFilter, in the order in which requests meet them; one that is missing here is a type error. */
const parts: { readonly [F in keyof HttpRouteFilterSpec]-?: Part<NonNullable<HttpRouteFilterSpec[F]>> } = {
  matches: compileExtensionMatches,
  urlRewrite: compileRegexRewrite,
  headerMutation: compileHeaderMutation,
  credentialInjection: compileCredentialInjection,
  responseRewrite: compileResponseRewrite,
  directResponse: compileDirectResponse,
};

/** The kinds of filter objects. `undefined`, with a finding: it cannot be honoured. */
const objects: { readonly [K in ExtensionKind]: (found: FilterObject<K>) => readonly Filter[] | undefined } = {
  HTTPRouteFilter: compileParts,
  Middleware: compileMiddleware,
};

/** Kinds of other gateways that are refused for good, by group and kind, and what does the same here. */
const refusedKinds: Readonly<Record<string, string>> = {
  "gateway.nginx.org/SnippetsFilter":
    "Text of nginx.conf runs in nginx alone. An HTTPRouteFilter has headerMutation, urlRewrite and directResponse; limits and authentication are fields of BackendTrafficPolicy and SecurityPolicy.",
  "gateway.nginx.org/AuthenticationFilter": "A SecurityPolicy that targets the route has basicAuth, jwt and oidc.",
};

/**
 * Compiles ExtensionRef: an HTTPRouteFilter, of Sluice's group or of Envoy Gateway's, or a Middleware of Traefik's, in the
 * referrer's namespace. One that does not exist, or of which any part cannot be honoured, answers 500, as the specification
 * demands of a filter that cannot be resolved. Spec: HTTPRouteFilter.extensionRef.
 */
export function compileExtensionRef(config: FilterField<"extensionRef">, scope: ExtensionScope): readonly Filter[] {
  const name = `${config.kind} ${config.name}${config.group === "" ? "" : ` (${config.group})`}`;
  const refused = (reason: string): readonly Filter[] => [{ kind: "directResponse", status: 500, reason }];
  const found = scope.findFilter(config);
  switch (found) {
    case "unknownKind":
      scope.report("extension-filter-unknown", "", {
        message: `The filter refers to ${name}, an unknown kind of filter; its requests get 500.`,
        fix:
          refusedKinds[`${config.group}/${config.kind}`] ??
          "Remove the filter, or use the filters that the Gateway API defines.",
      });
      return refused(`unknown filter ${name}`);
    case "missing":
      scope.report("extension-filter-missing", "", {
        message: `The filter refers to ${name}, which does not exist; its requests get 500.`,
        fix: "Create it in the route's namespace, or correct the reference.",
      });
      return refused(`filter ${name} does not exist`);
    case "notPermitted":
      // A route names filters of its own namespace alone.
      return refused(`filter ${name} is in another namespace`);
    default:
      return compileObject(found) ?? refused(`filter ${name} cannot be honoured`);
  }
}

function compileObject(found: ExtensionFilter): readonly Filter[] | undefined {
  // The table pairs each kind with its own function; that the two agree is beyond what an index can say.
  return (objects[found.kind] as (found: ExtensionFilter) => readonly Filter[] | undefined)(found);
}

function compileParts({ filter, isServed, partScope }: FilterObject<"HTTPRouteFilter">): readonly Filter[] | undefined {
  if (!isServed) return undefined;
  const compiled = (Object.keys(parts) as (keyof HttpRouteFilterSpec)[]).flatMap((field) => {
    const value = filter.spec[field];
    // The table pairs each field with its own function; that the two agree is beyond what an index can say.
    const compile = parts[field] as Part<unknown>;
    return value === undefined ? [] : [compile(value, partScope(`/spec/${field}`))];
  });
  return compiled.every((one) => one !== undefined) ? compiled.flat() : undefined;
}
