import type { FindingName } from "../../finding/catalogue.ts";
import type { FindingText } from "../../ingress/feature.ts";
import type { LocationFeatureName, LocationSettings } from "../../ingress/features.ts";
import type { IngressCanary, IngressLocation } from "../../ingress/ingress-model.ts";
import { escapePath } from "../../ir/conditional-answer.ts";
import type { PlacedFilter } from "../../ir/filter.ts";
import type { HttpMatch } from "../../ir/match.ts";
import type { HttpEntry, HttpRule, WeightedBackend } from "../../ir/routing-model.ts";
import type { SourceRef } from "../../ir/source-ref.ts";
import type { Template } from "../../ir/template.ts";
import { keptAs } from "./kept-as.ts";
import { locationPath } from "./location-path.ts";
import { ownAnswer } from "./own-answer.ts";
import { redirectRow } from "./redirect-row.ts";
import {
  type ClusterPart,
  type ServedPart,
  type ServedShare,
  type ServeFeature,
  type ServeScope,
  type StagedFilter,
  serveStages,
} from "./serve-feature.ts";
import { locationServers } from "./serve-features.ts";

/** What a location adds to its host. */
export type ServedLocation = { readonly entries: readonly HttpEntry[]; readonly rules: readonly HttpRule[] };

/** Of the host that a location is in. */
export type HostParts = {
  /** Begins the keys of the rules: unique in the gateway. */
  readonly key: string;
  readonly filters: readonly StagedFilter[];
  readonly cluster: ClusterPart;
  /** Why every request of the host gets 503; `undefined`: none does. */
  readonly denied: string | undefined;
  /** For a location of nobody: where it is from. */
  readonly from: SourceRef;
};

/** What the features have said of a location, and what is to be said of its path. */
export type LocationVerdict = {
  /** Asked after the features have served: why the location answers 503. */
  readonly denied: () => string | undefined;
  readonly reportPath: (name: FindingName, text: FindingText) => void;
};

/** The rules of a location: one, and one for each of its variants, with all that its features make of its settings. */
export function serveLocation(scope: ServeScope, host: HostParts, verdict: LocationVerdict): ServedLocation {
  const { location } = scope;
  const from = location.owner?.from ?? host.from;
  const path = locationPath(location.match);
  const key = `${host.key}/${location.pathType}${escapePath(location.path)}`;
  const common = {
    from,
    namespace: from.namespace,
    name: from.name,
    ruleIndex: 0,
    ruleName: describePlace(scope),
    routeKind: "Ingress" as const,
    labels: location.owner?.resource.metadata.labels ?? {},
    timeouts: { requestMs: 0, backendRequestMs: 0, silence: "bounded" as const },
  };
  if (location.target.kind === "slash") {
    return oneRule({ ...common, key: `${key}#slash`, filters: [slashRedirect(location, from)], backends: [] }, path);
  }
  const part = mergeParts(scope, location.settings);
  const problem = path.kind === "inexpressible" ? refusePattern(scope.location, path.message, verdict) : undefined;
  const denied = host.denied ?? location.denied?.message ?? verdict.denied() ?? problem;
  if (denied !== undefined) {
    const ofAnswers = ordered(host.filters, part.filters).filter(isOfAnswer).map(placed);
    const filters = [ownAnswer(from, 503, denied), ...ofAnswers];
    // Whatever it was meant to match, nothing behind it may: it takes its whole beginning.
    const match = path.kind === "path" ? path : locationPath({ kind: "beginning", value: literalBeginning(location) });
    return oneRule({ ...common, key, filters, backends: [] }, match);
  }
  const filters = ordered(host.filters, part.filters);
  const clusterPart = mergeClusters(host.cluster, part.cluster);
  const main = targetOf(scope, location, clusterPart, from);
  const rest = {
    ...common,
    timeouts: { ...common.timeouts, ...part.rule.timeouts },
    ...(part.rule.retry === undefined ? {} : { retry: part.rule.retry }),
    ...(part.rule.fallback === undefined ? {} : { fallback: part.rule.fallback }),
    ...(part.rule.accessLog === undefined ? {} : { accessLog: part.rule.accessLog }),
    ...(part.rule.sessionPersistence === undefined ? {} : { sessionPersistence: part.rule.sessionPersistence }),
    ...(part.rule.backendCookie === undefined ? {} : { backendCookie: part.rule.backendCookie }),
  };
  const keepsSides = part.rule.backendCookie !== undefined;
  const targetOfShare = (to: ServedShare["to"]): Target => (to === "main" ? main : canaryTarget(scope, to, host, from));
  const backendsOf = (shares: readonly ServedShare[]): readonly WeightedBackend[] =>
    (keepsSides ? withAllSides(shares, location) : shares).flatMap(({ to, weight }) =>
      targetOfShare(to).backends.map((backend) => ({ ...backend, weight })),
    );
  const ownFilters = filters.map(placed);
  const own: HttpRule = {
    ...rest,
    key,
    filters: [...ownFilters, ...main.filters],
    backends: keepsSides ? backendsOf([{ to: "main", weight: 1 }]) : main.backends,
  };
  const rules: HttpRule[] = [];
  const entries: HttpEntry[] = [];
  const place = (rule: HttpRule, more: Omit<HttpMatch, "path">): void => {
    if (path.kind !== "path") return;
    rules.push(rule);
    entries.push({ match: { path: path.path, ...more }, rule: rule.key, matchIndex: 0 });
  };
  let replaced = false;
  for (const variant of part.variants) {
    const failing = variant.shares.flatMap(({ to, weight }) => (weight > 0 ? targetOfShare(to).filters : []));
    const backends = backendsOf(variant.shares);
    replaced = isEmpty(variant.match);
    place(
      {
        ...rest,
        // A canary without endpoints leaves its requests to the main Ingress.
        ...(main.backends.length > 0 && variant.shares.some(({ to }) => to !== "main")
          ? { fallback: main.backends }
          : {}),
        key: replaced ? key : `${key}#${variant.key}`,
        filters: backends.length > 0 ? ownFilters : [...ownFilters, ...failing],
        backends,
      },
      variant.match,
    );
    if (replaced) break;
  }
  if (!replaced) place(own, { headers: [], query: [] });
  return { entries, rules };
}

/** Clients that keep to a side get there whatever decides for others. */
function withAllSides(shares: readonly ServedShare[], { canaries }: IngressLocation): readonly ServedShare[] {
  const named = new Set(shares.map(({ to }) => to));
  const missing = (["main", ...canaries] as const).filter((side) => !named.has(side));
  return [...shares, ...missing.map((to) => ({ to, weight: 0 }))];
}

type Target = { readonly backends: readonly WeightedBackend[]; readonly filters: readonly PlacedFilter[] };

/** Where the requests of a location go, or the answer that they get behind all other filters. */
function targetOf(scope: ServeScope, location: IngressLocation, part: ClusterPart, from: SourceRef): Target {
  const { target } = location;
  if (target.kind !== "backend") {
    return { backends: [], filters: [ownAnswer(from, 404, "no Ingress has this host and path")] };
  }
  const cluster = scope.serviceCluster(target.backend, part);
  if (cluster === undefined) return { backends: [], filters: [ownAnswer(from, 503, "the Service cannot be used")] };
  return {
    backends: [
      {
        from: target.backend.from,
        weight: 1,
        ...(location.canaries.length > 0 && location.settings.affinity !== undefined
          ? { keptAs: keptAs(target.backend) }
          : {}),
        filters: [],
        target: { kind: "cluster", cluster },
      },
    ],
    filters: [],
  };
}

/**
 * Settings of a canary that count are those of how its endpoints take turns, and, where it says that clients do not stay, its
 * affinity; all else is the main Ingress's.
 */
function canaryTarget(scope: ServeScope, canary: IngressCanary, host: HostParts, from: SourceRef): Target {
  const { loadBalancing } = canary.settings;
  const { affinity } = (canary.settings.canary.clients === "judged" ? canary : scope.location).settings;
  const settings = { ...scope.location.settings, affinity, loadBalancing };
  const location: IngressLocation = {
    ...scope.location,
    settings,
    target: { kind: "backend", backend: canary.backend },
  };
  const part = mergeParts({ ...scope, location }, settings);
  return targetOf(scope, location, mergeClusters(host.cluster, part.cluster), from);
}

/** What all features make of their settings, as one part. */
function mergeParts(scope: ServeScope, settings: LocationSettings): ServedPart {
  const parts = (Object.keys(locationServers) as LocationFeatureName[]).map((name) => {
    // The table pairs each feature with its own setting, which an index cannot say.
    const serve = locationServers[name] as ServeFeature<unknown>;
    return serve(settings[name], scope);
  });
  return {
    filters: parts.flatMap(({ filters }) => filters),
    rule: {
      ...Object.assign({}, ...parts.map(({ rule }) => rule)),
      timeouts: Object.assign({}, ...parts.map(({ rule }) => rule.timeouts)),
    },
    cluster: parts.map(({ cluster }) => cluster).reduce(mergeClusters, {}),
    variants: parts.flatMap(({ variants }) => variants),
  };
}

/** The later one wins member by member. */
export function mergeClusters(first: ClusterPart, then: ClusterPart): ClusterPart {
  const traffic = { ...first.traffic, ...then.traffic };
  const tls = then.tls ?? first.tls;
  return { ...first, ...then, tls, ...(Object.keys(traffic).length === 0 ? {} : { traffic }) };
}

/** In the order in which they act. */
function ordered(host: readonly StagedFilter[], own: readonly StagedFilter[]): readonly StagedFilter[] {
  const all = [...host, ...own];
  return serveStages.flatMap((stage) => all.filter((filter) => filter.stage === stage));
}

function placed({ from, filter }: PlacedFilter): PlacedFilter {
  return { from, filter };
}

function isOfAnswer({ stage }: StagedFilter): boolean {
  return stage === "answer";
}

function oneRule(rule: HttpRule, path: ReturnType<typeof locationPath>): ServedLocation {
  if (path.kind !== "path") return { entries: [], rules: [] };
  return {
    rules: [rule],
    entries: [{ match: { path: path.path, headers: [], query: [] }, rule: rule.key, matchIndex: 0 }],
  };
}

/** nginx's own redirect to the path with its slash: to the host as it was asked for, without its port; the query stays. */
function slashRedirect({ path, settings }: IngressLocation, from: SourceRef): PlacedFilter {
  const host: Template = settings.httpsRedirect.relative ? [] : [{ from: "scheme" }, "://", { from: "hostname" }];
  const location: Template = [...host, escapePath(path), { from: "queryPart" }];
  return { from, filter: { kind: "conditionalAnswer", rows: [redirectRow({ when: [], status: 301, location })] } };
}

/** What an expression begins with before anything in it has a meaning of its own. */
function literalBeginning({ path }: IngressLocation): string {
  const plain = /^[A-Za-z0-9/_-]*/.exec(path)?.[0] ?? "/";
  return plain.slice(0, plain.lastIndexOf("/") + 1) || "/";
}

function refusePattern(location: IngressLocation, message: string, { reportPath }: LocationVerdict): string {
  reportPath("ingress-path-inexpressible", {
    message: `The expression ${JSON.stringify(location.path)} cannot be used: ${message}. Its requests, and all others that begin with ${literalBeginning(location)} and that no longer expression takes, get 503.`,
    fix: "Write it without look-around, back-references and possessive repetition.",
  });
  return "the expression of the path cannot be used";
}

function describePlace({ server, location }: ServeScope): string {
  return `${server.hostname}${location.path}`;
}

function isEmpty({ headers, query, cookies, method }: Omit<HttpMatch, "path">): boolean {
  return headers.length === 0 && query.length === 0 && (cookies ?? []).length === 0 && method === undefined;
}
