import { unreachable } from "../base/unreachable.ts";
import type { FixedCors } from "./access-filter.ts";
import { answerByCondition } from "./answer-by-condition.ts";
import { readPreflight } from "./cors-preflight.ts";
import { decodedPath } from "./decoded-path.ts";
import {
  describeFilter,
  describeRetry,
  describeRetryBudget,
  describeSession,
  describeSettings,
  describeTarget,
  describeTracing,
  describeTraffic,
} from "./describe.ts";
import { compilePathEdit } from "./edit-path.ts";
import type { EndpointTable } from "./endpoint-table.ts";
import type { Filter } from "./filter.ts";
import { buildFixedOrigins } from "./fixed-origins.ts";
import type { JwtFilter } from "./jwt.ts";
import { findToken } from "./jwt-token.ts";
import { modifyPath, modifyQuery } from "./path-modifier.ts";
import type { PolicyInForce } from "./policy.ts";
import { redirectLocation } from "./redirect-location.ts";
import { compileDecodedRewrite, compileHostRewrite, compileRewrite, isHost } from "./rewrite-path.ts";
import type { HttpListener, HttpRule, RoutingModel, WeightedBackend } from "./routing-model.ts";
import { ownHeader, type SelectRequest } from "./select.ts";
import type { SourceRef } from "./source-ref.ts";
import { compileUrlRedirect, redirectStatus } from "./url-redirect.ts";

/** What will be done to a request that a rule serves. */
export type Action = {
  /** In the order in which they run; the listener's come first. */
  readonly filters: readonly { readonly from: SourceRef; readonly does: string }[];
  /** Policies in force for the listener, then for the rule, each with the fields that it gives. */
  readonly policies: readonly PolicyInForce[];
  /** The answer that the gateway gives by itself; absent when a backend is asked. */
  readonly answer?: { readonly status: number; readonly location?: string; readonly why: string };
  /** What the backend will see; absent when none is asked. */
  readonly forwarded?: { readonly host: string; readonly path: string; readonly query: string };
  /** Empty when the gateway answers by itself. */
  readonly backends: readonly BackendShare[];
  /** Timeouts, retry, session persistence and tracing in words; empty when there are none. */
  readonly limits: readonly string[];
};

/** A backend's part of the traffic. */
export type BackendShare = {
  /** Cluster key, or why there is none. */
  readonly name: string;
  readonly weight: number;
  /** Of all requests, one decimal. */
  readonly percent: number;
  /** Filters of this backend alone, in words. */
  readonly filters: readonly string[];
  /** Addresses that serve; absent when the endpoints are not known here. */
  readonly endpoints?: number;
  /** Status that this share of the requests gets without an attempt; absent when it is forwarded. */
  readonly status?: number;
};

export type ActionOptions = {
  /** Endpoints of the moment, to tell which backends have none. */
  readonly endpoints?: EndpointTable;
  /** Port that clients use for a listener port (`--map-port`). Default: the same. */
  readonly publicPort?: (port: number) => number;
};

/** What is known of the request that was matched. */
export type MatchedRequest = {
  readonly model: RoutingModel;
  readonly request: SelectRequest;
  readonly listener: HttpListener;
  readonly matchedPrefix: string | undefined;
};

/** Computes it without sending anything. */
export function describeAction(rule: HttpRule, matched: MatchedRequest, options: ActionOptions = {}): Action {
  const policies = [...(matched.listener.policies ?? []), ...(rule.policies ?? [])];
  const placed = [...matched.listener.filters, ...rule.filters];
  const filters = placed.map(({ from, filter }) => ({ from, does: describeFilter(filter) }));
  const answer =
    firstAnswer(
      placed.map(({ filter }) => filter),
      matched,
      options,
    ) ?? answerWithoutBackend(rule);
  if (answer) return { filters, policies, answer, backends: [], limits: [] };
  return {
    filters,
    policies,
    forwarded: forwarded(
      placed.map(({ filter }) => filter),
      matched,
    ),
    backends: backendShares(rule.backends, matched.model, options.endpoints),
    limits: describeLimits(rule, matched),
  };
}

/** The backends of a rule with their part of the traffic; those of weight 0 are listed with 0 %. */
export function backendShares(
  backends: readonly WeightedBackend[],
  model: RoutingModel,
  endpoints: EndpointTable | undefined,
): readonly BackendShare[] {
  const total = backends.reduce((sum, backend) => sum + backend.weight, 0);
  return backends.map(({ weight, target, filters }) => {
    const ready = target.kind === "cluster" ? readyEndpoints(model, target.cluster, endpoints) : undefined;
    const status = target.kind === "invalid" ? target.status : ready === 0 ? 503 : undefined;
    return {
      name: describeTarget(target),
      weight,
      percent: total === 0 ? 0 : Math.round((weight / total) * 1000) / 10,
      filters: filters.map(({ filter }) => describeFilter(filter)),
      ...(ready === undefined ? {} : { endpoints: ready }),
      ...(status === undefined ? {} : { status }),
    };
  });
}

function readyEndpoints(model: RoutingModel, cluster: string, table: EndpointTable | undefined): number | undefined {
  const key = model.clusters[cluster]?.endpoints;
  return table && key !== undefined ? (table[key]?.length ?? 0) : undefined;
}

/** What the first filter that answers by itself will say. */
function firstAnswer(filters: readonly Filter[], matched: MatchedRequest, options: ActionOptions): Action["answer"] {
  for (const filter of filters) {
    const answer = answerOf(filter, matched, options);
    if (answer) return answer;
  }
  return undefined;
}

function answerOf(
  filter: Filter,
  { request, listener, matchedPrefix }: MatchedRequest,
  options: ActionOptions,
): Action["answer"] {
  const publicPort = options.publicPort ?? ((port: number) => port);
  switch (filter.kind) {
    case "requestRedirect": {
      const path = spelledPath(request, listener);
      const subject = { ...request, path, matchedPrefix, listenerPort: publicPort(listener.port), publicPort };
      return { status: filter.status, location: redirectLocation(filter, subject), why: "the rule redirects" };
    }
    case "urlRedirect": {
      const { scheme, host, query } = request;
      const path = spelledPath(request, listener);
      const listenerPort = publicPort(listener.port);
      const port = listenerPort === (scheme === "http" ? 80 : 443) ? undefined : listenerPort;
      const target = query === "" ? path : `${path}?${query}`;
      const location = compileUrlRedirect(filter.target)({ scheme, host, port, target });
      if (location === undefined || location === "tooCostly") return undefined;
      return { status: redirectStatus(request.method, filter.permanence), location, why: "the rule redirects" };
    }
    case "conditionalAnswer":
      return answerByCondition(filter.rows, request, spelledPath(request, listener));
    case "directResponse":
      return { status: filter.status, why: filter.reason };
    case "cors":
      return readPreflight({ method: request.method, header: (name) => ownHeader(request.headers, name) })
        ? { status: 200, why: "it is a CORS preflight, which the gateway answers" }
        : undefined;
    case "fixedCors":
      return answerOfFixedCors(filter, request);
    case "authRequest":
      return filter.server === undefined
        ? { status: 500, why: "the authorisation server did not resolve, so nothing may pass" }
        : undefined;
    case "externalAuth":
      return filter.servers.length === 0
        ? { status: 403, why: "the authorisation server did not resolve, so nothing may pass" }
        : undefined;
    case "listenerChecks":
      return answerOfChecks(filter, request);
    case "jwt":
      return answerOfJwt(filter, { query: request.query, header: (name) => ownHeader(request.headers, name) });
    case "basicAuth":
      return filter.users === undefined && filter.namedUsers.length === 0
        ? { status: 500, why: "the users did not resolve, so nothing may pass" }
        : undefined;
    case "credentialInjection":
      return filter.credential === undefined ? { status: 500, why: "the credential did not resolve" } : undefined;
    case "faultInjection":
      return filter.abort !== undefined && filter.abort.percent >= 100
        ? { status: filter.abort.httpStatus ?? 200, why: "a fault is injected into every request" }
        : undefined;
    case "externalProcessing":
      return filter.cluster === undefined && !filter.failOpen && filter.request !== undefined
        ? { status: filter.errorStatus, why: "the processing service did not resolve" }
        : undefined;
    // What these answer depends on what a client brings, and on a provider.
    case "anyOf":
    case "authorization":
    case "clientCertificate":
    case "csrf":
    case "oidc":
    case "apiKeyAuth":
    case "compression":
    case "headerModifier":
    case "headerMutation":
    case "regexRewrite":
    case "addressAllowList":
    case "pathEdit":
    case "requestMirror":
    case "localRateLimit":
    case "globalRateLimit":
    case "concurrency":
    case "requestBuffer":
    case "bodyLimit":
    case "bandwidthLimit":
    case "admissionControl":
    case "strictTransport":
    case "responseOverride":
    case "responseRewrite":
    case "urlRewrite":
      return undefined;
    default:
      return unreachable(filter);
  }
}

function answerOfFixedCors(filter: FixedCors, { method, headers }: MatchedRequest["request"]): Action["answer"] {
  if (method !== "OPTIONS" || !buildFixedOrigins(filter.allowOrigins)(ownHeader(headers, "origin"))) return undefined;
  return { status: 204, why: "it is an OPTIONS request of an allowed origin, which the gateway answers" };
}

/** What is said of a token is not verified here: a request that has one is taken to go on. */
function answerOfJwt(
  { providers, optional, failOpen }: JwtFilter,
  request: Parameters<typeof findToken>[1],
): Action["answer"] {
  const tokens = providers.flatMap((provider) => findToken(provider, request) ?? []);
  if (failOpen || tokens.some((token) => token !== "malformed") || (optional && tokens.length === 0)) return undefined;
  return { status: 401, why: tokens.length === 0 ? "it has no token" : "its token is malformed" };
}

function answerOfChecks(
  checks: Extract<Filter, { readonly kind: "listenerChecks" }>,
  { method, path, headers }: SelectRequest,
): Action["answer"] {
  if (checks.healthPath !== "" && path === checks.healthPath)
    return { status: 200, why: "the gateway answers health checks itself" };
  if (checks.addressHeader !== "" && ownHeader(headers, checks.addressHeader) === undefined)
    return { status: 403, why: `header ${checks.addressHeader}, which names the client, is missing` };
  if (checks.underscores === "reject" && Object.keys(headers).some((name) => name.includes("_")))
    return { status: 400, why: "a header name has an underscore" };
  if (checks.refusedMethods.includes(method)) return { status: 405, why: `the listener refuses ${method}` };
  return undefined;
}

function answerWithoutBackend(rule: HttpRule): Action["answer"] {
  if (rule.backends.some(({ weight }) => weight > 0)) return undefined;
  const why = rule.backends.length === 0 ? "the rule has no backend" : "all weights of the rule's backends are 0";
  return rule.routeKind === "GRPCRoute"
    ? { status: 200, why: `${why}: grpc-status 14 (UNAVAILABLE)` }
    : { status: 500, why };
}

function forwarded(
  filters: readonly Filter[],
  { request, listener, matchedPrefix }: MatchedRequest,
): NonNullable<Action["forwarded"]> {
  const path = spelledPath(request, listener);
  let sent = { host: request.host, path, query: request.query };
  // What expressions look at: the form that is matched, until a filter has changed it.
  let seen = listener.settings.paths === "asSent" ? (request.spelling?.keptPath ?? request.path) : request.path;
  for (const filter of filters) {
    if (filter.kind === "urlRewrite") {
      sent = { ...sent, host: filter.hostname ?? sent.host };
      if (filter.path === undefined) continue;
      seen = modifyPath(filter.path, path, matchedPrefix);
      sent = { ...sent, path: seen, query: modifyQuery(filter.path, sent.query) };
    } else if (filter.kind === "regexRewrite") {
      const { host } = filter;
      const name =
        host?.from === "header" ? ownHeader(request.headers, host.name) : host && compileHostRewrite(host)(seen);
      if (name !== undefined && isHost(name)) sent = { ...sent, host: name };
      if (filter.path !== undefined && filter.sees === "decodedPath") {
        const changed = compileDecodedRewrite(filter.path)(decodedPath(seen));
        if (changed === undefined || changed === "tooCostly") continue;
        seen = changed;
        sent = { ...sent, path: seen };
        continue;
      }
      const rewritten = filter.path && compileRewrite(filter.path)(seen);
      if (rewritten?.kind !== "path") continue;
      seen = rewritten.path;
      const query = modifyQuery({ kind: "full", value: "", query: rewritten.query }, sent.query);
      sent = { ...sent, path: seen, query };
    } else if (filter.kind === "pathEdit") {
      const edited = compilePathEdit(filter.change)(seen);
      if (edited === undefined || edited === "tooCostly") continue;
      seen = edited.path;
      sent = { ...sent, path: seen };
    }
  }
  return sent;
}

/** The path as a backend gets it when no filter changes it. */
function spelledPath({ path, spelling }: SelectRequest, { settings }: HttpListener): string {
  if (spelling === undefined) return path;
  return settings.paths === "asSent" ? spelling.sentPath : spelling.forwardedPath;
}

function clusterNames(backends: HttpRule["backends"], { clusters }: MatchedRequest["model"]): string {
  return backends
    .map(({ target }) => (target.kind === "cluster" ? (clusters[target.cluster]?.name ?? target.cluster) : "nothing"))
    .join(", ");
}

function describeLimits(rule: HttpRule, { model, listener }: MatchedRequest): readonly string[] {
  const { requestMs, backendRequestMs, silence, sendSilenceMs = 0 } = rule.timeouts;
  const { retry } = rule;
  const clusters = rule.backends.flatMap(({ target }) =>
    target.kind === "cluster" ? (model.clusters[target.cluster] ?? []) : [],
  );
  const sessions = rule.sessionPersistence
    ? [describeSession(rule.sessionPersistence)]
    : clusters.flatMap(({ name, traffic: { sessionPersistence: session } }) =>
        session === undefined ? [] : [`${describeSession(session)} (${name})`],
      );
  const tracing = model.gateways.find(({ listeners }) => listeners.includes(listener))?.tracing;
  return [
    ...describeSettings(listener.settings),
    ...(requestMs === 0 ? [] : [`answer within ${requestMs} ms in all, else 504`]),
    ...(backendRequestMs === 0 ? [] : [`each attempt within ${backendRequestMs} ms`]),
    ...(typeof silence === "number" ? [`an endpoint is given up after ${silence} ms of silence`] : []),
    ...(sendSilenceMs === 0 ? [] : [`or after ${sendSilenceMs} ms in which it takes nothing of the request`]),
    ...(silence === "unbounded" && requestMs === 0 && backendRequestMs === 0 ? ["no time limit"] : []),
    ...(retry && retry.attempts > 0 ? [describeRetry(retry)] : []),
    ...(retry && retry.attempts > 0
      ? clusters.flatMap(({ key, traffic: { retryBudget } }) =>
          retryBudget ? [describeRetryBudget(key, retryBudget)] : [],
        )
      : []),
    ...clusters.flatMap(({ name, traffic: { policy } }) =>
      policy === undefined ? [] : describeTraffic(policy).map((phrase) => `${phrase} (${name})`),
    ),
    ...sessions,
    ...(rule.fallback === undefined ? [] : [`${clusterNames(rule.fallback, model)} when the backend has no endpoints`]),
    ...(rule.accessLog === "off" ? ["no line in the access log"] : []),
    ...(rule.backendCookie === undefined ? [] : [`clients stay with one backend by cookie ${rule.backendCookie}`]),
    ...(tracing === undefined ? [] : [describeTracing(tracing)]),
  ];
}
