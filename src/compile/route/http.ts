import { durationMs } from "../../base/duration.ts";
import { compileRegex } from "../../base/regex.ts";
import type { HttpMatch, PathMatch } from "../../ir/match.ts";
import type { HttpRule, Retry } from "../../ir/routing-model.ts";
import type { Resource } from "../../resource/kinds.ts";
import { faultOf } from "../../wire/http1/fault.ts";
import { normalizePath } from "../../wire/http1/path.ts";
import { pathLanguage } from "../../wire/http1/path-language.ts";
import { type BackendScope, reportIn } from "../backend/backend-scope.ts";
import { compileSessionPersistence } from "../backend/session-persistence.ts";
import type { ScoredEntry } from "../contract.ts";
import { isAddress } from "../hostname-patterns.ts";
import { keepPathsAnnotation, mayKeepPaths } from "../listener/keep-paths.ts";
import { createdMs } from "../order/age.ts";
import { scoreHttpMatch } from "../order/precedence.ts";
import { sourceOf } from "../report/report.ts";
import { cookieChoices } from "./cookie-matches.ts";
import { compileFilters } from "./route-filters.ts";
import { compileBackends } from "./rule-backends.ts";
import { type RuleFault, reportFaults } from "./rule-fault.ts";
import { checkRegex, compileHeaderMatches, compileQueryMatches, type MatchScope } from "./value-matches.ts";

type Route = Resource<"HTTPRoute">;
type ApiRule = Route["spec"]["rules"][number];
type ApiMatch = ApiRule["matches"][number];

/** Wait before the first retry when the route does not say. Milliseconds. */
const defaultBackoffMs = 25;

/** Longest wait that every plane's timers can hold, 24.8 days: more is taken as this. Milliseconds. */
const longestWaitMs = 2 ** 31 - 1;

/** Milliseconds of a duration for a timer; `undefined` when there is none. */
function waitMs(duration: string | undefined): number | undefined {
  const ms = durationMs(duration ?? "");
  return ms === undefined ? undefined : Math.min(ms, longestWaitMs);
}

/** Compiles an HTTPRoute's rules; rules that cannot be honoured are left out with a finding. Spec: HTTPRouteSpec. */
export function compileHttpRoute(route: Route, scope: BackendScope): readonly ScoredEntry[] {
  const faults: RuleFault[] = [];
  const entries = route.spec.rules.flatMap((rule, ruleIndex) => {
    const own: RuleFault[] = [...findIncompatibleFilters(rule, ruleIndex), ...findAddressHostnames(rule, ruleIndex)];
    const matches = compileMatches({ scope, ruleIndex, faults: own }, rule.matches);
    const choices = cookieChoices({ scope, ruleIndex, faults: own }, rule.filters ?? []);
    faults.push(...own);
    if (own.length > 0) return [];
    const compiled = compileRule(route, scope, ruleIndex);
    return matches.flatMap((match, matchIndex) =>
      choices.map((cookies) => {
        const narrowed = cookies.length === 0 ? match : { ...match, cookies };
        return { match: narrowed, rule: compiled, matchIndex, score: scoreHttpMatch(narrowed, createdMs(route)) };
      }),
    );
  });
  reportFaults(scope, faults, route.spec.rules.length);
  return entries;
}

function compileMatches(at: MatchScope, matches: readonly ApiMatch[]): readonly HttpMatch[] {
  // An empty list means the same as none: every request. Spec: HTTPRouteRule.matches.
  if (matches.length === 0) return [{ path: { kind: "prefix", value: "/" }, headers: [], query: [] }];
  return matches.map((match, index) => {
    const pointer = `/spec/rules/${at.ruleIndex}/matches/${index}`;
    return {
      path: compilePath(at, match.path, `${pointer}/path/value`),
      ...(match.method === undefined ? {} : { method: match.method }),
      headers: compileHeaderMatches(at, match.headers, `${pointer}/headers`),
      query: compileQueryMatches(at, match.queryParams, `${pointer}/queryParams`),
    };
  });
}

function compilePath(at: MatchScope, path: ApiMatch["path"], pointer: string): PathMatch {
  switch (path.type) {
    case "Exact":
      return { kind: "exact", value: normalPath(at, path.value, pointer) };
    case "PathPrefix":
      // A trailing slash is ignored. Spec: PathMatchPathPrefix.
      return { kind: "prefix", value: normalPath(at, path.value, pointer).replace(/\/+$/, "") || "/" };
    case "RegularExpression":
      checkRegex(at, path.value, pointer);
      warnOfUnmatched(at, path.value, pointer);
      return { kind: "regex", value: path.value };
  }
}

/** The one spelling that requests for the path have when they are compared. */
function normalPath({ scope }: MatchScope, value: string, pointer: string): string {
  const bytes = Buffer.from(value);
  const normal = normalizePath(bytes, 0, bytes.length);
  if (typeof normal !== "number") return normal.path;
  reportIn(scope, "path-match-never-matches", {
    pointer,
    message: `The path ${JSON.stringify(value)} matches no request: ${faultOf(normal).reason}, and such requests are refused.`,
    fix: "Correct the path, or remove the match.",
  });
  return value;
}

const [resolvedPaths, keptPaths] = [pathLanguage("resolved"), pathLanguage("kept")];

/** An expression has to match the whole of a path in the form in which paths are compared: some match no such path. */
function warnOfUnmatched({ scope }: MatchScope, pattern: string, pointer: string): void {
  const regex = compileRegex(pattern);
  if (regex.kind === "error" || !regex.matchesNothingOf(resolvedPaths)) return;
  const needsSegments = !regex.matchesNothingOf(keptPaths);
  if (needsSegments && mayKeepPaths(scope.context.snapshot, scope.gateway)) return;
  const bare = compileRegex(pattern.replace(/^\^/, ""));
  const quoted = `The expression ${JSON.stringify(pattern)} matches no path`;
  const rootless = bare.kind === "regex" && /^[^/]/.test(bare.literalPrefix);
  reportIn(scope, "path-regex-never-matches", {
    pointer,
    ...(rootless
      ? {
          message: `${quoted}: a path begins with "/", and the expression must match the whole path.`,
          fix: `Begin it with "/" or ".*", for example \`value: "/${pattern.replace(/^\^/, "")}"\`.`,
        }
      : needsSegments
        ? {
            message: `${quoted}: it needs "//", "." or ".." segments, which are resolved before paths are compared.`,
            fix: `Remove them, or keep segments on the listener with the annotation ${keepPathsAnnotation}.`,
          }
        : {
            message: `${quoted} in the form in which paths are compared.`,
            fix: "Write letters, digits and `-._~` without escapes, all other escapes with upper-case digits such as %2F or %C3%A9, and no query.",
          }),
  });
}

/** A rewrite for the whole rule beside a redirect for one backend: within one list the schema has refused it before. */
function findIncompatibleFilters(rule: ApiRule, ruleIndex: number): RuleFault[] {
  if (!(rule.filters ?? []).some((filter) => filter.type === "URLRewrite")) return [];
  return (rule.backendRefs ?? []).flatMap((ref, refIndex) => {
    const index = (ref.filters ?? []).findIndex((filter) => filter.type === "RequestRedirect");
    if (index < 0) return [];
    return [
      {
        ruleIndex,
        pointer: `/spec/rules/${ruleIndex}/backendRefs/${refIndex}/filters/${index}`,
        message: "its URLRewrite and the RequestRedirect of a backendRef cannot be combined.",
        fix: "Keep one of the two, or split the rule.",
        incompatibleFilters: true as const,
      },
    ];
  });
}

/** Redirects and rewrites to an IP address, which is not a hostname. Spec: PreciseHostname. */
function findAddressHostnames(rule: ApiRule, ruleIndex: number): RuleFault[] {
  const pointer = `/spec/rules/${ruleIndex}`;
  const lists = [
    { filters: rule.filters ?? [], at: pointer },
    ...(rule.backendRefs ?? []).map(({ filters = [] }, index) => ({ filters, at: `${pointer}/backendRefs/${index}` })),
  ];
  return lists.flatMap(({ filters, at }) =>
    filters.flatMap((filter, index) => {
      const [field, hostname = ""] =
        filter.type === "RequestRedirect"
          ? ["requestRedirect", filter.requestRedirect?.hostname]
          : ["urlRewrite", filter.urlRewrite?.hostname];
      if (!isAddress(hostname)) return [];
      return [
        {
          ruleIndex,
          pointer: `${at}/filters/${index}/${field}/hostname`,
          message: `its ${filter.type} has the hostname ${hostname}, which is an IP address.`,
          fix: "Write a DNS name, or remove hostname to keep that of the request.",
        },
      ];
    }),
  );
}

function compileRule(route: Route, scope: BackendScope, ruleIndex: number): HttpRule {
  const rule = route.spec.rules[ruleIndex] as ApiRule;
  const pointer = `/spec/rules/${ruleIndex}`;
  const { namespace, name, labels } = route.metadata;
  const key = `HTTPRoute/${namespace}/${name}/${ruleIndex}`;
  const filters = compileFilters(scope, rule.filters, `${pointer}/filters`);
  const backends = compileBackends(scope, rule.backendRefs, { pointer: `${pointer}/backendRefs`, use: "http" });
  const answers = filters.some(({ filter }) => filter.kind === "requestRedirect" || filter.kind === "directResponse");
  if (backends.length === 0 && !answers) reportNoBackends(scope, pointer);
  const timeouts = compileTimeouts(rule.timeouts);
  const retry = compileRetry(scope, rule, { pointer, requestMs: timeouts.requestMs });
  return {
    key,
    from: sourceOf(route, pointer),
    namespace,
    name,
    ruleIndex,
    ruleName: rule.name ?? "",
    routeKind: "HTTPRoute",
    labels,
    filters,
    backends,
    timeouts,
    ...(retry === undefined ? {} : { retry }),
    ...(rule.sessionPersistence === undefined
      ? {}
      : { sessionPersistence: compileSessionPersistence(rule.sessionPersistence, key) }),
  };
}

/**
 * Zero disables a timeout and so does leaving it out; but only a rule that says something of its time, be it zero, is free of the
 * plane's own limit on silence. Spec: HTTPRouteTimeouts.
 */
function compileTimeouts(timeouts: ApiRule["timeouts"]): HttpRule["timeouts"] {
  return {
    requestMs: waitMs(timeouts?.request) ?? 0,
    backendRequestMs: waitMs(timeouts?.backendRequest) ?? 0,
    silence: timeouts?.request === undefined && timeouts?.backendRequest === undefined ? "bounded" : "unbounded",
  };
}

/** A rule that can only answer 500 (gRPC: UNAVAILABLE). */
export function reportNoBackends(scope: BackendScope, pointer: string): void {
  reportIn(scope, "rule-without-backends", {
    pointer,
    message: "The rule has no backendRefs and no filter that responds, so all its requests fail.",
    fix: "Add backendRefs or a RequestRedirect filter, or remove the rule.",
  });
}

/** One attempt more unless written; 0 switches retries off. Spec: HTTPRouteRetry (GEP-1731). */
function compileRetry(
  scope: BackendScope,
  rule: ApiRule,
  at: { readonly pointer: string; readonly requestMs: number },
): Retry | undefined {
  if (rule.retry === undefined) return undefined;
  // Said here, so that a policy does not say otherwise.
  if (rule.retry.attempts === 0) return { attempts: 0, codes: [], backoffMs: 0 };
  const { attempts, codes = [], backoff } = rule.retry;
  const backoffMs = waitMs(backoff) ?? defaultBackoffMs;
  if (codes.length === 0) {
    reportIn(scope, "retry-without-codes", {
      pointer: `${at.pointer}/retry`,
      message: "retry lists no codes, so only requests that no backend processed are retried.",
      fix: "Add codes, for example `codes: [502, 503, 504]`, to retry after these responses too.",
    });
  }
  if (at.requestMs > 0 && backoffMs >= at.requestMs) {
    reportIn(scope, "retry-backoff-too-long", {
      pointer: `${at.pointer}/retry${backoff === undefined ? "" : "/backoff"}`,
      message: `The wait before a retry, ${backoffMs} ms, leaves no time for it: the whole request has ${at.requestMs} ms.`,
      fix: "Shorten retry.backoff, or raise timeouts.request.",
    });
  }
  return { attempts, codes: [...codes].sort((a, b) => a - b), backoffMs };
}
