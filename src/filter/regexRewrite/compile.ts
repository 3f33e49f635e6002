import { compileReplacement } from "../../base/regex/replacement.ts";
import type { HttpRouteFilterSpec } from "../../compile/route/filter-scope.ts";
import type { PartScope } from "../../compile/route/part-scope.ts";
import type { Filter, RegexSubstitution } from "../../ir/filter.ts";

type UrlRewrite = NonNullable<HttpRouteFilterSpec["urlRewrite"]>;
type HostSource = NonNullable<Extract<Filter, { readonly kind: "regexRewrite" }>["host"]>;

/** Compiles `HTTPRouteFilter.spec.urlRewrite`; `undefined`, with a finding, when a part of it cannot be used. */
export function compileRegexRewrite(config: UrlRewrite, scope: PartScope): Filter | undefined {
  const pathAt = "/path/replaceRegexMatch";
  const path = config.path && compileSubstitution(config.path.replaceRegexMatch, scope, pathAt);
  const host = config.hostname && compileHost(config.hostname, scope);
  if ((config.path && path === undefined) || (config.hostname && host === undefined)) return undefined;
  return {
    kind: "regexRewrite",
    sees: "normalPath",
    ...(path === undefined ? {} : { path }),
    ...(host === undefined ? {} : { host }),
    tellsHost: config.appendXForwardedHost ?? true,
  };
}

function compileHost(hostname: NonNullable<UrlRewrite["hostname"]>, scope: PartScope): HostSource | undefined {
  switch (hostname.type) {
    case "Header":
      return { from: "header", name: (hostname.header ?? "").toLowerCase() };
    case "PathRegex": {
      const substitution = compileSubstitution(hostname.pathRegex, scope, "/hostname/pathRegex");
      return substitution && { from: "path", ...substitution };
    }
    case "Backend":
      return scope.mistake("/hostname/type", {
        message: "hostname.type is Backend, but a filter does not know which of the rule's backends is asked.",
        fix: "Write a URLRewrite filter with the backend's hostname at its backendRef.",
      });
  }
}

function compileSubstitution(
  config: RegexSubstitution | undefined,
  scope: PartScope,
  field: string,
): RegexSubstitution | undefined {
  if (config === undefined) return undefined;
  const compiled = compileReplacement(config.pattern, config.substitution);
  if (compiled.kind === "replacement") return { pattern: config.pattern, substitution: config.substitution };
  return scope.mistake(field, {
    message: `The replacement of ${JSON.stringify(config.pattern)} cannot be used: ${compiled.message}.`,
    fix: compiled.fix,
  });
}
