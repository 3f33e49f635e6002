/** The locations of a host as rules, and these as routes: one for each Ingress and each set of listeners and policies. */

import { canonicalJson } from "../../base/canonical-json.ts";
import type { FindingName } from "../../finding/catalogue.ts";
import type { FindingText } from "../../ingress/feature.ts";
import { locationFeatures, serverFeatures } from "../../ingress/features.ts";
import type { IngressLocation, IngressModel, IngressServer } from "../../ingress/ingress-model.ts";
import { annotationPointer } from "../../ingress/read-feature.ts";
import type { JsonObject } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import { backendRef } from "./backends.ts";
import type { ConvertedPart, ConvertScope, ConvertServerScope, Origin } from "./convert-feature.ts";
import { writtenRows } from "./feature/nothing.ts";
import type { PlannedGateway, WantedListener } from "./gateways.ts";
import { grpcMatchOf } from "./grpc-match.ts";
import { convertLocation, convertServer, type ServerParts, type Sources } from "./location-parts.ts";
import { slug } from "./names.ts";
import { escapePath, pathMatchOf, regexesOf } from "./path-match.ts";
import type { Workspace } from "./workspace.ts";

export type PlannedRule = {
  readonly name: string;
  readonly matches: readonly JsonObject[];
  readonly filters: readonly JsonObject[];
  /** Fields of the HTTPRouteFilter that it refers to. */
  readonly routeFilter: JsonObject;
  /** Timeouts and the like. */
  readonly fields: JsonObject;
  /** `undefined`: its filters answer. */
  readonly backendRefs: readonly JsonObject[] | undefined;
};

/** Which listeners a route is on: both, or that for http or those for https alone. */
export type RouteListeners = "all" | "http" | "https";

export type PlannedRoute = {
  readonly ingress: Resource<"Ingress">;
  readonly kind: "HTTPRoute" | "GRPCRoute";
  /** Part of its name: what it is for beside the others of the Ingress. */
  readonly purpose: "" | "https-redirect" | "redirect" | "www-redirect";
  readonly on: RouteListeners;
  readonly hostnames: readonly string[];
  readonly rules: readonly PlannedRule[];
  readonly securityPolicy: JsonObject;
  readonly trafficPolicy: JsonObject;
  readonly gateway: PlannedGateway;
  /** Listeners with TLS of its hosts. */
  readonly tls: readonly WantedListener[];
  readonly sources: Sources;
};

type HostInput = {
  readonly model: IngressModel;
  readonly workspace: Workspace;
  readonly gateway: PlannedGateway;
  /** Empty: clients cannot come with TLS. */
  readonly tls: readonly WantedListener[];
};

/** What a server feature sees of the conversion. */
export function serverScope(
  model: IngressModel,
  workspace: Workspace,
  {
    server,
    ingress,
    deny,
  }: { readonly server: IngressServer; readonly ingress: Resource<"Ingress">; readonly deny: () => void },
): ConvertServerScope {
  const { namespace } = ingress.metadata;
  const report = (name: FindingName, annotation: string, text: FindingText) =>
    workspace.report(name, { resource: ingress, pointer: annotationPointer(annotation) }, text);
  return {
    policies: workspace.options.policies,
    controller: model.controller,
    snapshot: workspace.snapshot,
    server,
    servers: model.servers,
    ingress,
    add: (manifest) => workspace.add(manifest),
    addOnce: (manifest) => workspace.addOnce(manifest),
    grant: (grant) => workspace.grant(grant),
    serviceRef: (from, backend) => workspace.serviceRef({ ...from, namespace }, backend),
    report,
    deny: (name, annotation, text) => {
      report(name, annotation, text);
      deny();
    },
  };
}

/** What a host's settings became, and whether all of it answers 503. */
export type PlannedServer = ServerParts & { readonly denied: boolean };

export function planServer(model: IngressModel, workspace: Workspace, server: IngressServer): PlannedServer {
  let denied = false;
  const deny = () => {
    denied = true;
  };
  const parts = convertServer(server, (ingress) => serverScope(model, workspace, { server, ingress, deny }));
  return { ...parts, denied };
}

/** What a location's settings became, before its rules are made of it. */
type ConvertedLocation = {
  readonly locations: readonly IngressLocation[];
  readonly ingress: Resource<"Ingress">;
  readonly scope: ConvertScope;
  readonly part: ConvertedPart;
  readonly sources: Sources;
  /** Whether it answers 503 whatever is asked. */
  readonly denied: boolean;
  readonly match: JsonObject;
};

type LocationPlan = ConvertedLocation & { readonly rules: readonly PlannedRule[] };

/** The routes of one host. */
export function planRoutes(server: IngressServer, planned: PlannedServer, input: HostInput): readonly PlannedRoute[] {
  const { gateway, tls } = input;
  const regexes = regexesOf(server.locations.flatMap(({ match }) => (match.kind === "regex" ? [match.pattern] : [])));
  const groups = [...Map.groupBy(server.locations, placeOf).values()];
  const converted = groups.flatMap((group) => convertGroup(group, { ...input, server, planned, regexes }));
  const kind = isGrpcHost(converted) ? "GRPCRoute" : "HTTPRoute";
  const names = new RuleNames();
  const locations = converted.map((location) => ({
    ...location,
    rules: rulesOf(location, { ...input, kind, planned, names }),
  }));
  const routesOf = (host: Host, redirects: boolean) => [
    ...fixedRoutes(server, planned, host),
    ...forwardingRoutes(server, locations, host, { kind, redirects }),
    ...slashRoutes(groups, host),
  ];
  const { hostname, aliases } = server;
  const listenersOf = (names: readonly string[]) =>
    tls.filter((own) => own.hostname === "" || names.includes(own.hostname));
  const hosts = hostname === "" ? [] : [hostname];
  const own = routesOf({ hostnames: hosts, gateway, tls: hostname === "" ? tls : listenersOf(hosts) }, true);
  // ingress-nginx looks for a certificate by the host's own name, so that clients of an alias stay on http.
  const others =
    aliases.length === 0
      ? []
      : routesOf({ hostnames: aliases, gateway, tls: listenersOf(aliases) }, planned.part.onlyHttps);
  const aliasOrigins = locations.map(({ ingress }) => ({
    ingress,
    annotations: writtenRows(serverFeatures.hostAliases, { ingress }).map(({ name }) => name),
  }));
  return [
    ...own,
    ...others.map((route) => ({
      ...route,
      sources: { ...route.sources, rule: [...route.sources.rule, ...aliasOrigins] },
    })),
  ];
}

type Host = Pick<PlannedRoute, "hostnames" | "gateway" | "tls">;

/** What answers before any location does. */
function fixedRoutes({ owner }: IngressServer, { part, origins }: PlannedServer, host: Host): readonly PlannedRoute[] {
  if (owner === undefined || part.rules.length === 0) return [];
  const rules = part.rules.map(({ name, match, filters }) => answering(name, [match], filters));
  const sources = { ...noSources, rule: origins.rules };
  return [{ ...host, ...plainRoute(owner, "redirect", "all"), rules, sources }];
}

type Forwarding = {
  readonly kind: PlannedRoute["kind"];
  /** Whether clients that come with http are sent to https where their location says so. */
  readonly redirects: boolean;
};

/** Routes to backends, and those that send clients from http to https before. */
function forwardingRoutes(
  { owner }: IngressServer,
  locations: readonly LocationPlan[],
  host: Host,
  { kind, redirects }: Forwarding,
): readonly PlannedRoute[] {
  const forwarding = locations.filter(({ part }) => !part.answers);
  const redirected = new Set(
    host.tls.length === 0 || !redirects ? [] : forwarding.filter(({ part }) => part.toHttps !== undefined),
  );
  const all = redirected.size > 0 && redirected.size === forwarding.length;
  const routes: PlannedRoute[] = [];
  for (const group of Map.groupBy(locations, (location) => routeKey(location, redirected.has(location))).values()) {
    const first = group[0] as LocationPlan;
    const { ingress, part } = first;
    const rules = group.flatMap((location) => location.rules);
    routes.push({
      ...host,
      ingress,
      kind: part.answers ? "HTTPRoute" : kind,
      purpose: part.answers ? "redirect" : "",
      on: redirected.has(first) ? "https" : "all",
      rules: kind === "GRPCRoute" && !part.answers ? rules.map(asGrpc) : withOneBackend(rules),
      securityPolicy: part.answers ? {} : part.securityPolicy,
      trafficPolicy: part.answers ? {} : part.trafficPolicy,
      sources: joinSources(group),
    });
    if (redirected.has(first) && !all) {
      const toTls = group.map(({ match, part: { toHttps }, rules: own }) =>
        answering(own.at(-1)?.name ?? "https", [match], [httpsRedirect(toHttps ?? 308)]),
      );
      const rule = group.map(redirectOrigin);
      routes.push({
        ...host,
        ...plainRoute(ingress, "https-redirect", "http"),
        rules: withOneBackend(toTls),
        sources: { ...noSources, rule },
      });
    }
  }
  if (all && owner !== undefined) {
    const [status = 308] = [...redirected].map(({ part }) => part.toHttps);
    const rules = [answering("https", [], [httpsRedirect(status)])];
    const rule = [...redirected].map(redirectOrigin);
    routes.push({ ...host, ...plainRoute(owner, "https-redirect", "http"), rules, sources: { ...noSources, rule } });
  }
  return routes;
}

/** Whose annotations send clients to https. */
function redirectOrigin({ ingress }: LocationPlan): Origin {
  const rows = writtenRows(locationFeatures.httpsRedirect, { ingress });
  return { ingress, annotations: rows.map(({ name }) => name).filter((name) => name.endsWith("ssl-redirect")) };
}

/** Redirects to the path with a slash behind it, which neither https nor a policy is asked for. */
function slashRoutes(groups: readonly (readonly IngressLocation[])[], host: Host): readonly PlannedRoute[] {
  const redirects = groups.flatMap(slashRedirects);
  return [...Map.groupBy(redirects, ({ ingress }) => ingress)].map(([ingress, group]) => ({
    ...host,
    ...plainRoute(ingress, "redirect", "all"),
    rules: group.map(({ rule }) => rule),
  }));
}

const httpsRedirect = (statusCode: number): JsonObject => ({
  type: "RequestRedirect",
  requestRedirect: { scheme: "https", statusCode },
});

function plainRoute(ingress: Resource<"Ingress">, purpose: PlannedRoute["purpose"], on: RouteListeners) {
  return {
    ingress,
    kind: "HTTPRoute",
    purpose,
    on,
    securityPolicy: {},
    trafficPolicy: {},
    sources: noSources,
  } as const;
}

const noSources: Sources = { rule: [], securityPolicy: [], trafficPolicy: [] };

function answering(
  name: string,
  matches: readonly JsonObject[],
  filters: readonly JsonObject[],
  routeFilter: JsonObject = {},
): PlannedRule {
  return { name, matches, filters, routeFilter, fields: {}, backendRefs: undefined };
}

/** Where filters answer, those for backends would be in their way. */
function ofAnswers({ type }: JsonObject): boolean {
  return type === "RequestRedirect" || type === "CORS" || type === "ResponseHeaderModifier";
}

function answersOf({ directResponse }: JsonObject): JsonObject {
  return directResponse === undefined ? {} : { directResponse };
}

/** Locations of one path of an Ingress come together. */
function placeOf({ owner, path, match }: IngressLocation): string {
  if (owner === undefined || path === "") return `${match.kind} ${"value" in match ? match.value : match.pattern}`;
  const { namespace, name } = owner.resource.metadata;
  return `${namespace}/${name} ${owner.from.pointer}`;
}

function routeKey({ ingress, part }: LocationPlan, redirected: boolean): string {
  const { namespace, name } = ingress.metadata;
  return canonicalJson([
    namespace,
    name,
    redirected,
    part.answers,
    part.answers ? {} : [part.securityPolicy, part.trafficPolicy],
  ]);
}

export function joinSources(group: readonly { readonly sources: Sources }[]): Sources {
  const all = (field: keyof Sources) => group.flatMap(({ sources }) => sources[field]);
  return { rule: all("rule"), securityPolicy: all("securityPolicy"), trafficPolicy: all("trafficPolicy") };
}

type GroupInput = HostInput & {
  readonly server: IngressServer;
  readonly planned: PlannedServer;
  readonly regexes: ReadonlyMap<string, string>;
};

/** `slash` locations are redirects of their own, see {@link slashRedirects}. Nothing for what nobody answers. */
function convertGroup(group: readonly IngressLocation[], input: GroupInput): readonly ConvertedLocation[] {
  const { model, workspace, server, planned, regexes } = input;
  const locations = group.filter(({ target }) => target.kind !== "slash");
  const [location] = locations;
  const ingress = location?.owner?.resource ?? server.owner;
  if (location === undefined || ingress === undefined) return [];
  let denied = planned.denied || location.denied !== undefined;
  const deny = () => {
    denied = true;
  };
  const scope: ConvertScope = { ...serverScope(model, workspace, { server, ingress, deny }), location };
  const { part: own, sources } = convertLocation(location.settings, scope);
  const part = planned.part.onlyHttps ? { ...own, toHttps: own.toHttps ?? 308 } : own;
  if (location.target.kind === "defaultBackend" && !part.answers && !needsNotFound(server, model)) return [];
  const match = { path: part.path ?? pathMatchOf(locations, regexes) };
  const open = { ...part, securityPolicy: {}, trafficPolicy: {}, answers: false };
  return [{ locations, ingress, scope, part: denied ? open : part, sources, denied, match }];
}

type RuleInput = HostInput & {
  readonly planned: PlannedServer;
  readonly kind: PlannedRoute["kind"];
  readonly names: RuleNames;
};

function rulesOf(
  { locations, scope, part, denied, match }: ConvertedLocation,
  input: RuleInput,
): readonly PlannedRule[] {
  const { workspace, planned, names, kind } = input;
  const location = locations[0] as IngressLocation;
  const name = names.take(location.path);
  if (denied) return [status(name, match, 503, workspace)];
  const common = { filters: part.filters, routeFilter: part.routeFilter, fields: part.rule };
  if (part.answers) return [answering(name, [match], part.filters.filter(ofAnswers), answersOf(part.routeFilter))];
  if (location.target.kind !== "backend") return [status(name, match, 404, workspace)];
  const target = location.target.backend;
  const tls = part.backend.tls === undefined ? undefined : (planned.part.backendTls ?? part.backend.tls);
  const spoken = writtenRows(locationFeatures.backendProtocol, scope).map((row) => row.name);
  const origins = [
    { ingress: scope.ingress, annotations: spoken },
    ...(tls === undefined ? [] : planned.origins.backendTls),
  ];
  const how = { kind, protocol: part.backend.protocol, tls, origins };
  const refs = (shares: ConvertedPart["variants"][number]["shares"]) =>
    shares.flatMap(({ to, weight }) => {
      const ref = backendRef(to === "main" ? target : to.backend, how, scope, workspace);
      return ref === undefined ? [] : [shares.length === 1 ? ref : { ...ref, weight }];
    });
  const isMain = ({ match: own }: ConvertedPart["variants"][number]) => Object.keys(own).length === 0;
  const main = part.variants.find(isMain)?.shares ?? [{ to: "main" as const, weight: 1 }];
  return [
    ...part.guards.map((guard) =>
      answering(names.take(`${name}-${guard.name}`), [{ ...match, ...guard.match }], guard.filters, guard.routeFilter),
    ),
    ...part.variants
      .filter((variant) => !isMain(variant))
      .map((variant) => ({
        ...common,
        name: names.take(`${name}-${variant.name}`),
        matches: [{ ...match, ...variant.match }],
        backendRefs: refs(variant.shares),
      })),
    { ...common, name, matches: [match], backendRefs: refs(main) },
  ];
}

/** A rule that answers with nothing but a status: by a filter, or without backends, which is 500. */
function status(name: string, match: JsonObject, statusCode: number, { options }: Workspace): PlannedRule {
  const rule = { name, matches: [match], filters: [], fields: {}, routeFilter: {} };
  return options.policies === "none"
    ? { ...rule, backendRefs: [] }
    : { ...rule, routeFilter: { directResponse: { statusCode } }, backendRefs: undefined };
}

/**
 * Routes of wider hosts would answer where none of this host's paths fits. In ingress-nginx a host is chosen first, so that nobody
 * does.
 */
function needsNotFound({ hostname }: IngressServer, { servers }: IngressModel): boolean {
  const wider = hostname === "" ? [] : ["", `*.${hostname.split(".").slice(1).join(".")}`];
  return servers.some(
    (server) =>
      server.hostname !== hostname &&
      wider.includes(server.hostname) &&
      server.locations.some(({ target }) => target.kind === "backend"),
  );
}

function slashRedirects(
  group: readonly IngressLocation[],
): readonly { readonly ingress: Resource<"Ingress">; readonly rule: PlannedRule }[] {
  return group.flatMap(({ match, target, owner, denied }) => {
    if (target.kind !== "slash" || owner === undefined || match.kind !== "exact" || denied !== undefined) return [];
    const path = escapePath(match.value);
    const filter = {
      type: "RequestRedirect",
      requestRedirect: { path: { type: "ReplaceFullPath", replaceFullPath: `${path}/` }, statusCode: 301 },
    };
    return [
      {
        ingress: owner.resource,
        rule: answering(`${slug(path) || "root"}-slash`, [{ path: { type: "Exact", value: path } }], [filter]),
      },
    ];
  });
}

/** Rules that differ in their path alone are one rule with several matches. */
function withOneBackend(rules: readonly PlannedRule[]): readonly PlannedRule[] {
  const merged = new Map<string, PlannedRule>();
  for (const rule of rules) {
    const { name: _, matches, ...rest } = rule;
    const known = merged.get(canonicalJson(rest));
    const alone = matches.every((match) => Object.keys(match).join() === "path");
    if (
      known &&
      alone &&
      known.matches.length < mostMatches &&
      known.matches.every((match) => Object.keys(match).join() === "path")
    )
      merged.set(canonicalJson(rest), { ...known, matches: [...known.matches, ...matches] });
    else merged.set(known ? `${canonicalJson(rest)} ${rule.name}` : canonicalJson(rest), rule);
  }
  return [...merged.values()];
}

/** Spec: HTTPRouteRule.matches has room for 64; a reader has not. */
const mostMatches = 8;

/** Whether all that a host has is gRPC, and its paths are methods: then its routes are GRPCRoutes. */
function isGrpcHost(locations: readonly ConvertedLocation[]): boolean {
  return (
    locations.length > 0 &&
    locations.every(
      ({ part, match, denied }) =>
        part.backend.protocol === "http2" &&
        !part.answers &&
        !denied &&
        !("urlRewrite" in part.routeFilter) &&
        grpcMatchOf(match) !== undefined,
    )
  );
}

function asGrpc(rule: PlannedRule): PlannedRule {
  const { timeouts: _, ...fields } = rule.fields;
  const matches = rule.matches.map((match) => grpcMatchOf(match) ?? {});
  return { ...rule, fields, matches: matches.filter((match) => Object.keys(match).length > 0) };
}

/** Names of rules, which a route's must not share. */
class RuleNames {
  readonly #taken = new Map<string, number>();

  take(path: string): string {
    const base = (slug(path) || "root").slice(0, 50).replace(/-$/, "");
    const count = (this.#taken.get(base) ?? 0) + 1;
    this.#taken.set(base, count);
    return count === 1 ? base : this.take(`${base}-${count}`);
  }
}
