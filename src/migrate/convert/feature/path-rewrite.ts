import { type PathRewrite, rewrites } from "../../../ingress/feature/path-rewrite.ts";
import type { JsonObject } from "../../../resource/json.ts";
import { type ConvertedPart, type ConvertFeature, type ConvertScope, nothingConverted } from "../convert-feature.ts";
import { openEnd, ungrouped } from "../path-match.ts";

export const convertPathRewrite: ConvertFeature<PathRewrite> = (setting, scope) => {
  const { path } = scope.location;
  const { target, forwardedPrefix } = setting;
  if (target === undefined || !rewrites(setting, path)) return nothingConverted;
  const prefix =
    forwardedPrefix === undefined
      ? []
      : [
          {
            type: "RequestHeaderModifier",
            requestHeaderModifier: { set: [{ name: "X-Forwarded-Prefix", value: forwardedPrefix }] },
          },
        ];
  const rewritten = /^(?:https?:\/\/|\$scheme)/.test(target)
    ? redirectTo(target, path, scope)
    : rewriteTo(target, path, scope);
  return { ...rewritten, filters: [...rewritten.filters, ...prefix] };
};

/** A target with groups of the path in it needs an expression, one without is the path itself. */
function rewriteTo(target: string, path: string, scope: ConvertScope): ConvertedPart {
  if (!target.includes("$") && target.startsWith("/"))
    return { ...nothingConverted, filters: [urlRewrite({ type: "ReplaceFullPath", replaceFullPath: target })] };
  if (scope.policies !== "none") {
    const replaceRegexMatch = { pattern: wholePath(path), substitution: substitutionOf(target, path) };
    return {
      ...nothingConverted,
      routeFilter: { urlRewrite: { path: { type: "ReplaceRegexMatch", replaceRegexMatch } } },
    };
  }
  const prefix = prefixRewrite(target, path);
  if (prefix === undefined) {
    scope.deny("convert-needs-policies", "rewrite-target", {
      message: `rewrite-target ${JSON.stringify(target)} for ${path} needs an expression, which no filter of the Gateway API has; the rule answers an error.`,
      fix: "Use --policies sluice or --policies envoy-gateway.",
    });
    return nothingConverted;
  }
  tellPrefix(prefix.path, scope);
  return {
    ...nothingConverted,
    path: { type: "PathPrefix", value: prefix.path },
    filters: [urlRewrite({ type: "ReplacePrefixMatch", replacePrefixMatch: prefix.target })],
  };
}

const urlRewrite = (path: JsonObject): JsonObject => ({ type: "URLRewrite", urlRewrite: { path } });

/** nginx sends clients to a target that is a URL, with the query that they came with. */
function redirectTo(target: string, path: string, scope: ConvertScope): ConvertedPart {
  const [, scheme = "", authority = "", rest = ""] = /^(\$scheme|https?):\/\/([^/]*)(.*)$/.exec(target) ?? [];
  const [hostname = "", port] = authority.split(":");
  const prefix = rest.includes("$") ? prefixRewrite(rest, path) : undefined;
  const plain = rest === "" || !rest.includes("$");
  if ((!plain && prefix === undefined) || (hostname.includes("$") && hostname !== "$host")) {
    scope.deny("convert-lost", "rewrite-target", {
      message: `rewrite-target ${JSON.stringify(target)} for ${path} is not converted: redirects put no groups of a path together. The rule answers an error.`,
      fix: "Write rules with RequestRedirect for the paths that there are.",
    });
    return nothingConverted;
  }
  if (prefix !== undefined) tellPrefix(prefix.path, scope);
  const to =
    prefix === undefined
      ? { type: "ReplaceFullPath", replaceFullPath: rest === "" ? "/" : rest }
      : { type: "ReplacePrefixMatch", replacePrefixMatch: prefix.target };
  const requestRedirect = {
    ...(scheme === "$scheme" ? {} : { scheme }),
    ...(hostname === "$host" ? {} : { hostname }),
    ...(port === undefined ? {} : { port: Number(port) }),
    path: to,
    statusCode: 302,
  };
  return {
    ...nothingConverted,
    answers: true,
    path: prefix && { type: "PathPrefix", value: prefix.path },
    filters: [{ type: "RequestRedirect", requestRedirect }],
  };
}

function tellPrefix(path: string, scope: ConvertScope): void {
  scope.report("convert-differs", "rewrite-target", {
    message: `${scope.location.path} is converted to the prefix ${path}: letter case counts, and what only begins with its last part does not fit.`,
    fix: "Nothing, if clients write the path as it is.",
  });
}

/** `/x(/|$)(.*)` with `/y/$2`, and `/x/(.*)` with `/y/$1`, are the prefix `/x` and `/y` in its place. */
function prefixRewrite(target: string, path: string): { readonly path: string; readonly target: string } | undefined {
  const [, own] = /^((?:\/[A-Za-z0-9._~-]+)+)(?:\/\(\.\*\)|\(\/\|\$\)\(\.\*\)|\/\?\(\.\*\))\$?$/.exec(path) ?? [];
  if (own === undefined) return undefined;
  const count = path.includes("(/|$)(.*)") ? 2 : 1;
  const [, before, index] = /^(\/(?:[A-Za-z0-9._~/-]*))\$(\d)$/.exec(target) ?? [];
  if (before === undefined || Number(index) !== count || !before.endsWith("/")) return undefined;
  return { path: own, target: before === "/" ? "/" : before.replace(/\/$/, "") };
}

/** All of a path that the location's expression fits at the beginning of. */
function wholePath(path: string): string {
  return `(?i)^${openEnd(ungrouped(path))}$`.replace(/\$\$$/, "$");
}

/** `$1` is `\1`, `$name` the number of the named group; what no group is called is empty, as in nginx. */
function substitutionOf(target: string, path: string): string {
  const names = [...path.matchAll(/\\.|\((?!\?)|\(\?P?<([A-Za-z_]\w*)>/g)].filter(([text]) => text.startsWith("("));
  return target
    .replaceAll("\\", "\\\\")
    .replaceAll(/\$(?:(\d)|\{?([A-Za-z_]\w*)\}?)/g, (_, digit: string | undefined, name: string | undefined) => {
      const number = digit === undefined ? names.findIndex(([, own]) => own === name) + 1 : Number(digit);
      return number === 0 || number > names.length ? "" : `\\${number}`;
    });
}
