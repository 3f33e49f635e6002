import { type PathRewrite, rewrites } from "../../../ingress/feature/path-rewrite.ts";
import type { LocationSettings } from "../../../ingress/features.ts";
import { groupNames, re2Pattern } from "../../../ingress/nginx-pattern.ts";
import { parseNginxText, variablesOf } from "../../../ingress/snippet/nginx-text.ts";
import { type Filter, noHeaderChanges } from "../../../ir/filter.ts";
import { fixedHeader, templateOf } from "../answer-template.ts";
import { redirectRow } from "../redirect-row.ts";
import { nothingServed, type ServeFeature, type ServeScope, type StagedFilter } from "../serve-feature.ts";
import { wholePathSubstitution } from "../whole-path.ts";

/** The target takes the place of the whole path, with what the expression of the Ingress path captured; a URL redirects. */
export const servePathRewrite: ServeFeature<LocationSettings["pathRewrite"]> = (setting, scope) => {
  const { location, at } = scope;
  if (setting.target === undefined || !rewrites(setting, location.path) || location.target.kind !== "backend") {
    return nothingServed;
  }
  const rewrite = rewriteFilter(setting.target, scope);
  // An expression that cannot be had closes the location already, for its path cannot be compared.
  if (rewrite === undefined) return nothingServed;
  return { ...nothingServed, filters: [rewrite, ...prefixFilters(setting, at("x-forwarded-prefix"))] };
};

function rewriteFilter(target: string, scope: ServeScope): StagedFilter | undefined {
  const { location, report, deny, at } = scope;
  const from = at("rewrite-target");
  const expression = re2Pattern(location.path, { ignoresCase: true });
  if (expression.kind === "error") return undefined;
  const { pattern } = expression;
  const text = parseNginxText(target);
  const names = groupNames(pattern);
  const unknown = variablesOf(text).find((name) => !/^\d$/.test(name) && !names.includes(name));
  if (unknown !== undefined) {
    deny("ingress-rewrite-unusable", "rewrite-target", {
      message: `rewrite-target has $${unknown}, which is no group of ${JSON.stringify(location.path)}.`,
      fix: "Write groups of the path, as $1 or by their names.",
    });
    return undefined;
  }
  if (/^https?:\/\//.test(target)) {
    const location = templateOf(
      text.map((part) => (typeof part === "string" ? part : { variable: numberOf(part.variable, pattern) })),
      {},
      { escaped: true },
    );
    const filter: Filter = {
      kind: "conditionalAnswer",
      rows: [
        redirectRow({
          when: [{ value: { from: "decodedPath" }, test: { kind: "find", value: pattern }, negated: false }],
          status: 302,
          location: [...location, { from: "queryPart" }],
        }),
      ],
    };
    return { stage: "redirect", from, filter };
  }
  if (!target.startsWith("/")) {
    report("ingress-rewrite-relative", "rewrite-target", {
      message: `rewrite-target is ${JSON.stringify(target)}, which does not begin with a slash: where what comes out of it does not, requests get 400.`,
      fix: `Write ${JSON.stringify(`/${target}`)}.`,
    });
  }
  const path = wholePathSubstitution(pattern, target);
  if (path === undefined) return undefined;
  return { stage: "rewrite", from, filter: { kind: "regexRewrite", sees: "decodedPath", path, tellsHost: true } };
}

/** The number of a group; groups that have a name count among the others. */
function numberOf(name: string, pattern: string): string {
  if (/^\d$/.test(name)) return name;
  const before = pattern.slice(0, pattern.indexOf(`(?P<${name}>`));
  return String([...before.matchAll(/\\.|\((?!\?)|\(\?P</g)].filter(([found]) => !found.startsWith("\\")).length + 1);
}

function prefixFilters({ forwardedPrefix }: PathRewrite, from: StagedFilter["from"]): readonly StagedFilter[] {
  if (forwardedPrefix === undefined) return [];
  const request = { ...noHeaderChanges, set: [fixedHeader("x-forwarded-prefix", forwardedPrefix)] };
  return [{ stage: "requestHeaders", from, filter: { kind: "headerMutation", request, response: noHeaderChanges } }];
}
