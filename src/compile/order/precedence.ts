/** The specification's order of matches as comparable data. Hostnames come first, but those are the virtual hosts' business. */
import type { HttpMatch } from "../../ir/match.ts";
import type { Score, ScoredEntry } from "../contract.ts";
import { compareText } from "./by-name.ts";

/**
 * The place of an HTTPRoute's match: exact path, then regular expression, then prefix; among equals the longest path, a
 * method, the most headers, the most query parameters, the most cookies, the oldest route. Spec: HTTPRouteRule.matches, "MUST prioritize".
 *
 * The specification leaves regular expressions to us. They stand before prefixes, as in Envoy Gateway and nginx: a prefix
 * `/` in the same route would otherwise take every request that the expression was written for.
 */
export function scoreHttpMatch(match: HttpMatch, createdMs: number | undefined): Score {
  return [
    pathRank[match.path.kind],
    match.path.value.length,
    match.method === undefined ? 0 : 1,
    match.headers.length,
    match.query.length,
    match.cookies?.length ?? 0,
    scoreAge(createdMs),
  ];
}

const pathRank = { exact: 2, regex: 1, prefix: 0 } satisfies Record<HttpMatch["path"]["kind"], number>;

/** What a GRPCRoute asks of a method: absent parts match anything. */
export type GrpcMethod = {
  readonly kind: "exact" | "regex";
  readonly service: string | undefined;
  readonly method: string | undefined;
};

/**
 * The place of a GRPCRoute's match: the longest service, the longest method, the most headers, the oldest route; exact
 * names before regular expressions. Spec: GRPCRouteRule.matches.
 */
export function scoreGrpcMatch(method: GrpcMethod | undefined, headers: number, createdMs: number | undefined): Score {
  return [
    method?.kind === "exact" ? 1 : 0,
    method?.service?.length ?? 0,
    method?.method?.length ?? 0,
    headers,
    scoreAge(createdMs),
  ];
}

/** Older is higher. An object without a creation time (one from a file, say) counts as the newest. */
function scoreAge(createdMs: number | undefined): number {
  return createdMs === undefined ? Number.NEGATIVE_INFINITY : -createdMs;
}

/**
 * Order of precedence for `Array.sort`: negative when `a` is to be tried first. Scores first, then `namespace/name` of the
 * route, the place of its rule, the place of the match. Never 0 for two different matches.
 */
export function compareEntries(a: ScoredEntry, b: ScoredEntry): number {
  const length = Math.max(a.score.length, b.score.length);
  for (let i = 0; i < length; i++) {
    const x = a.score[i] ?? 0;
    const y = b.score[i] ?? 0;
    if (x !== y) return x > y ? -1 : 1;
  }
  return (
    compareText(`${a.rule.namespace}/${a.rule.name}`, `${b.rule.namespace}/${b.rule.name}`) ||
    compareText(a.rule.routeKind, b.rule.routeKind) ||
    a.rule.ruleIndex - b.rule.ruleIndex ||
    a.matchIndex - b.matchIndex
  );
}
