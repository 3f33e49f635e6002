import { compileRegex } from "../../base/regex.ts";
import type { HttpMatch, PathMatch } from "../../ir/match.ts";
import type { HttpRule } from "../../ir/routing-model.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { BackendScope } from "../backend/backend-scope.ts";
import { compileSessionPersistence } from "../backend/session-persistence.ts";
import type { ScoredEntry } from "../contract.ts";
import { createdMs } from "../order/age.ts";
import { type GrpcMethod, scoreGrpcMatch } from "../order/precedence.ts";
import { sourceOf } from "../report/report.ts";
import { reportNoBackends } from "./http.ts";
import { compileFilters } from "./route-filters.ts";
import { compileBackends } from "./rule-backends.ts";
import { type RuleFault, reportFaults } from "./rule-fault.ts";
import { checkRegex, compileHeaderMatches, type MatchScope } from "./value-matches.ts";

type Route = Resource<"GRPCRoute">;
type ApiRule = NonNullable<Route["spec"]["rules"]>[number];
type ApiMatch = NonNullable<ApiRule["matches"]>[number];

/**
 * Compiles a GRPCRoute to the model of HTTP routes: a call of a method is a request for `/package.Service/Method`.
 * Spec: GRPCRouteSpec.
 */
export function compileGrpcRoute(route: Route, scope: BackendScope): readonly ScoredEntry[] {
  const rules = route.spec.rules ?? [];
  const faults: RuleFault[] = [];
  const entries = rules.flatMap((rule, ruleIndex) => {
    const own: RuleFault[] = [];
    const matches = compileMatches({ scope, ruleIndex, faults: own }, rule.matches);
    faults.push(...own);
    if (own.length > 0) return [];
    const compiled = compileRule(route, rule, { scope, ruleIndex });
    return matches.map(({ match, method }, matchIndex) => ({
      match,
      rule: compiled,
      matchIndex,
      score: scoreGrpcMatch(method, match.headers.length, createdMs(route)),
    }));
  });
  reportFaults(scope, faults, rules.length);
  return entries;
}

type GrpcMatch = { readonly match: HttpMatch; readonly method: GrpcMethod | undefined };

function compileMatches(at: MatchScope, matches: readonly ApiMatch[] | undefined): readonly GrpcMatch[] {
  const list = matches === undefined || matches.length === 0 ? [{}] : matches;
  return list.map((match: ApiMatch, index) => {
    const pointer = `/spec/rules/${at.ruleIndex}/matches/${index}`;
    const method = grpcMethod(match);
    return {
      match: {
        path: compileMethod(at, method, `${pointer}/method`),
        headers: compileHeaderMatches(at, match.headers, `${pointer}/headers`),
        query: [],
      },
      method,
    };
  });
}

/** Empty parts are absent ones. Spec: GRPCMethodMatch. */
function grpcMethod({ method }: ApiMatch): GrpcMethod | undefined {
  if (method === undefined || (!method.service && !method.method)) return undefined;
  return {
    kind: method.type === "RegularExpression" ? "regex" : "exact",
    service: method.service || undefined,
    method: method.method || undefined,
  };
}

function compileMethod(at: MatchScope, method: GrpcMethod | undefined, pointer: string): PathMatch {
  if (method === undefined) return { kind: "prefix", value: "/" };
  if (method.kind === "exact") return exactPath(method);
  const faultsBefore = at.faults.length;
  if (method.service !== undefined) checkRegex(at, method.service, `${pointer}/service`);
  if (method.method !== undefined) checkRegex(at, method.method, `${pointer}/method`);
  const value = `/${patternOf(method.service)}/${patternOf(method.method)}`;
  // Each part is sound by itself; the whole can still be too large, or an open \Q can swallow what follows it.
  if (at.faults.length === faultsBefore && compileRegex(value).kind === "error") checkRegex(at, value, pointer);
  return { kind: "regex", value };
}

function exactPath({ service, method }: GrpcMethod): PathMatch {
  if (service === undefined) return { kind: "regex", value: `/[^/]+/${method}` };
  if (method === undefined) return { kind: "prefix", value: `/${service}` };
  return { kind: "exact", value: `/${service}/${method}` };
}

/** One path element: in a group, so that an alternation stays inside, and without the anchors that only fit a whole text. */
function patternOf(pattern: string | undefined): string {
  if (pattern === undefined) return "[^/]+";
  return `(?:${pattern.replace(/^\^/, "").replace(/(?<!\\)\$$/, "")})`;
}

function compileRule(
  route: Route,
  rule: ApiRule,
  at: { readonly scope: BackendScope; readonly ruleIndex: number },
): HttpRule {
  const { scope, ruleIndex } = at;
  const pointer = `/spec/rules/${ruleIndex}`;
  const { namespace, name, labels } = route.metadata;
  const key = `GRPCRoute/${namespace}/${name}/${ruleIndex}`;
  const filters = compileFilters(scope, rule.filters, `${pointer}/filters`);
  const backends = compileBackends(scope, rule.backendRefs, { pointer: `${pointer}/backendRefs`, use: "grpc" });
  if (backends.length === 0 && !filters.some(({ filter }) => filter.kind === "directResponse")) {
    reportNoBackends(scope, pointer);
  }
  return {
    key,
    from: sourceOf(route, pointer),
    namespace,
    name,
    ruleIndex,
    ruleName: rule.name ?? "",
    routeKind: "GRPCRoute",
    labels,
    filters,
    backends,
    timeouts: { requestMs: 0, backendRequestMs: 0, silence: "bounded" },
    ...(rule.sessionPersistence === undefined
      ? {}
      : { sessionPersistence: compileSessionPersistence(rule.sessionPersistence, key) }),
  };
}
