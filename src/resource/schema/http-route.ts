import { z } from "zod";
import { durationMs } from "../../base/duration.ts";
import type { DeepReadonly } from "../deep-readonly.ts";
import { type HttpRouteFilter, httpRouteFilters, urlPath } from "./http-filter.ts";
import { listOf, mapBy, setOf } from "./list.ts";
import { backendRefFields, commonRouteFields, portRule } from "./object-reference.ts";
import { repeated, rule } from "./rule.ts";
import { sessionPersistence } from "./session-persistence.ts";
import { duration, headerName, headerValue, hostname, quote, sectionName, text } from "./text.ts";

const forbiddenInPath = [
  { part: "//", where: "has" },
  { part: "/./", where: "has" },
  { part: "/../", where: "has" },
  { part: "%2f", where: "has" },
  { part: "%2F", where: "has" },
  { part: "#", where: "has" },
  { part: "/..", where: "ends with" },
  { part: "/.", where: "ends with" },
] as const;

/** Spec: HTTPPathMatch. */
const pathMatch = z
  .object({
    type: z.enum(["Exact", "PathPrefix", "RegularExpression"]).default("PathPrefix"),
    value: text({ max: 1024 }).default("/"),
  })
  .check(
    rule(({ type, value }, report) => {
      if (type === "RegularExpression") return;
      if (!value.startsWith("/")) {
        report(
          ["value"],
          `must begin with "/", but it is ${quote(value)}`,
          value === "" ? 'Write `"/"`.' : `Write ${quote(`/${value}`)}.`,
        );
        return;
      }
      const odd = forbiddenInPath.find(({ part, where }) =>
        where === "has" ? value.includes(part) : value.endsWith(part),
      );
      if (odd !== undefined) {
        report(
          ["value"],
          `${odd.where} ${quote(odd.part)}, which a normalised request path never contains: ${quote(value)}`,
          `Write the path without ${quote(odd.part)}.`,
        );
      } else if (!urlPath.test(value)) {
        report(
          ["value"],
          `has characters that a URL path cannot contain: ${quote(value)}`,
          "Percent-encode them, or write `type: RegularExpression` for a pattern.",
        );
      }
    }),
  );

const valueMatchType = z.enum(["Exact", "RegularExpression"]).default("Exact");

/** Spec: HTTPHeaderMatch. */
const headerMatch = z.object({ type: valueMatchType, name: headerName, value: headerValue });

/** Spec: HTTPQueryParamMatch. */
const queryParamMatch = z.object({ type: valueMatchType, name: headerName, value: text({ min: 1, max: 1024 }) });

/** Spec: HTTPRouteMatch. */
const httpRouteMatch = z.object({
  path: pathMatch.default({ type: "PathPrefix", value: "/" }),
  headers: z.exactOptional(mapBy(headerMatch, ["name"], { max: 16 })),
  queryParams: z.exactOptional(mapBy(queryParamMatch, ["name"], { max: 16 })),
  method: z.exactOptional(z.enum(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"])),
});

/** Spec: HTTPBackendRef. */
const httpBackendRef = z.object({ ...backendRefFields, filters: z.exactOptional(httpRouteFilters) }).check(portRule);

/** Spec: HTTPRouteTimeouts (GEP-1742). */
const timeouts = z.object({ request: z.exactOptional(duration), backendRequest: z.exactOptional(duration) }).check(
  rule(({ request, backendRequest }, report) => {
    const requestMs = durationMs(request ?? "") ?? 0;
    const backendRequestMs = durationMs(backendRequest ?? "") ?? 0;
    if (requestMs > 0 && backendRequestMs > requestMs) {
      report(
        ["backendRequest"],
        `is ${backendRequest}, longer than the timeout of the whole request, ${request}`,
        `Write at most ${request}, or raise request.`,
      );
    }
  }),
);

/** Spec: HTTPRouteRetry (GEP-1731). */
const retry = z.object({
  codes: z.exactOptional(setOf(z.int().min(400).max(599))),
  attempts: z.int().min(0).default(1),
  backoff: z.exactOptional(duration),
});

const httpRouteRule = z
  .object({
    name: z.exactOptional(sectionName),
    matches: listOf(httpRouteMatch, { max: 64 }).default([{ path: { type: "PathPrefix", value: "/" } }]),
    filters: z.exactOptional(httpRouteFilters),
    backendRefs: z.exactOptional(listOf(httpBackendRef, { max: 16 })),
    timeouts: z.exactOptional(timeouts),
    retry: z.exactOptional(retry),
    sessionPersistence: z.exactOptional(sessionPersistence),
  })
  .check(
    rule((value, report) => {
      const filters = value.filters ?? [];
      const backendRefs = value.backendRefs ?? [];
      const redirect = filters.findIndex((filter) => filter.requestRedirect !== undefined);
      if (redirect >= 0 && backendRefs.length > 0) {
        report(
          ["filters", redirect],
          "redirects every request, so backendRefs are never used",
          "Remove backendRefs, or the RequestRedirect filter.",
        );
      }
      const onePrefix = value.matches.length === 1 && value.matches[0]?.path.type === "PathPrefix";
      if (onePrefix) return;
      const why = "replaces the matched prefix, so the rule must have exactly one match, of type PathPrefix";
      const fix = "Split the rule so that each has one PathPrefix match, or use ReplaceFullPath.";
      for (const field of ["requestRedirect", "urlRewrite"] as const) {
        const at = soleIndex(filters, (filter) => replacesPrefix(filter, field));
        if (at !== undefined) report(["filters", at, field, "path"], why, fix);
      }
      const rewrites = (filter: HttpRouteFilter) => replacesPrefix(filter, "urlRewrite");
      const backend = soleIndex(backendRefs, (ref) => soleIndex(ref.filters ?? [], rewrites) !== undefined);
      if (backend !== undefined) {
        const at = soleIndex(backendRefs[backend]?.filters ?? [], rewrites) ?? 0;
        report(["backendRefs", backend, "filters", at, "urlRewrite", "path"], why, fix);
      }
    }),
  );

function replacesPrefix(filter: HttpRouteFilter, field: "requestRedirect" | "urlRewrite"): boolean {
  return filter[field]?.path?.replacePrefixMatch !== undefined;
}

/** Index of the only element that passes; `undefined` when none or several do. The API server's rules ask in this way. */
function soleIndex<T>(list: readonly T[], passes: (item: T) => boolean): number | undefined {
  const first = list.findIndex(passes);
  return first >= 0 && !list.some((item, index) => index > first && passes(item)) ? first : undefined;
}

/** Rule names are unique; all rules together have at most 128 matches. */
export const ruleListRule = rule(
  (rules: readonly { readonly name?: string; readonly matches?: readonly unknown[] }[], report) => {
    const named = rules.map((value, index) => ({ name: value.name, index })).filter(({ name }) => name !== undefined);
    for (const { index, first } of repeated(named, ({ name }) => name ?? "")) {
      report(
        [named[index]?.index ?? 0, "name"],
        `repeats ${quote(named[index]?.name ?? "")}, the name of rules[${named[first]?.index}]`,
        "Give each rule a different name.",
      );
    }
    const matches = rules.reduce((sum, value) => sum + (value.matches?.length ?? 0), 0);
    if (matches > 128)
      report([], `has ${matches} matches in all, more than the 128 allowed`, "Split the route into several.");
  },
);

const defaultRules: z.output<typeof httpRouteRule>[] = [{ matches: [{ path: { type: "PathPrefix", value: "/" } }] }];

/** Spec: HTTPRouteSpec. */
export const httpRouteSpec = z.object({
  ...commonRouteFields,
  hostnames: z.exactOptional(listOf(hostname, { max: 16 })),
  rules: listOf(httpRouteRule, { min: 1, max: 16 }).check(ruleListRule).default(defaultRules),
});

export type HttpRouteSpec = DeepReadonly<z.output<typeof httpRouteSpec>>;
