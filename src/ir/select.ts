/**
 * What the routing model means, written for reading, not for speed: the fast table of a plane must agree with it.
 * Spec: HTTPRoute hostnames, matches and precedence (the order is already in the model); Gateway `listeners[].hostname`
 * for listener isolation and misdirected requests (421).
 */
import { compileRegex } from "../base/regex.ts";
import { cookieValue } from "./cookie-value.ts";
import { answersPreflights, readPreflight } from "./cors-preflight.ts";
import { decodedPath } from "./decoded-path.ts";
import { bySpecificity, hostnameCovers, mostSpecificCovering } from "./hostname.ts";
import { leavesPrefix, type PathSpelling } from "./kept-path.ts";
import type { HttpMatch, PathMatch, ValueMatch } from "./match.ts";
import { parseQuery } from "./query.ts";
import type {
  GatewayKey,
  GatewayModel,
  HttpEntry,
  HttpListener,
  HttpRule,
  Listener,
  RoutingModel,
  StreamListener,
  StreamRule,
  TlsListener,
  VirtualHost,
} from "./routing-model.ts";

/** A request as the model sees it. */
export type SelectRequest = {
  /** Listener port, before any `--map-port`. */
  readonly port: number;
  readonly scheme: "http" | "https";
  /** Server name of the TLS connection, lower case; absent without one. Not used for `http`. */
  readonly sni?: string;
  /** Host or authority: lower case, without port and trailing dot; `""` when there is none. */
  readonly host: string;
  readonly method: string;
  /** Normalised, without query. */
  readonly path: string;
  /** Its other forms; absent when it was sent as `path`. */
  readonly spelling?: PathSpelling;
  /** Without `?`. */
  readonly query: string;
  /** By lower-case name; several lines of one name joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Gateways that share the address that the request came to; absent: all of the model. */
  readonly gateways?: readonly GatewayKey[];
};

/** A listener with the gateway that it belongs to. */
export type BoundListener<L extends Listener = Listener> = { readonly gateway: GatewayModel; readonly listener: L };

export type Selection =
  | (BoundListener<HttpListener> & {
      readonly kind: "rule";
      readonly virtualHost: VirtualHost;
      readonly entry: HttpEntry;
      readonly rule: HttpRule;
    })
  | {
      readonly kind: "none";
      /**
       * `noListener`: no listener of the port and protocol covers the Host (404). `noTlsListener`: none covers the SNI (the
       * handshake is refused). `misdirected`: the Host belongs to another listener than the SNI (421). `noVirtualHost`: the
       * listener has no route for the Host (404). `noMatch`: routes cover the Host and none of their matches holds (404).
       * `ambiguousPath`: the listener keeps segments, and the path would be another rule's once they are resolved (400).
       */
      readonly reason: "noListener" | "noTlsListener" | "misdirected" | "noVirtualHost" | "noMatch" | "ambiguousPath";
      /** The listener that answers, when one was found. */
      readonly listener?: HttpListener;
    };

/** The rule that serves a request, or why none does. */
export function select(model: RoutingModel, request: SelectRequest): Selection {
  const listeners = httpListeners(model, request);
  const byHost = mostSpecificListeners(listeners, request.host);
  if (request.scheme === "https") {
    const tls = selectTls(model, request);
    if (tls.kind !== "http") return { kind: "none", reason: "noTlsListener" };
    if (byHost.length === 0) return { kind: "none", reason: "noListener", listener: tls.listeners[0]!.listener };
    if (byHost[0]!.listener.hostname !== tls.listeners[0]!.listener.hostname) {
      return { kind: "none", reason: "misdirected", listener: tls.listeners[0]!.listener };
    }
  }
  if (byHost.length === 0) return { kind: "none", reason: "noListener" };
  const hosts = virtualHostsOf(byHost).filter((host) => hostnameCovers(host.virtualHost.hostname, request.host));
  const { listener } = byHost[0]!;
  const found = firstMatch(hosts, request);
  const kept = asMatched(byHost, request);
  if (kept === undefined) return { kind: "none", reason: "ambiguousPath", listener };
  const served = kept === request ? found : firstMatch(hosts, kept);
  if (served?.rule !== found?.rule || (served !== undefined && leavesPrefix(served.entry.match.path, kept.path))) {
    return { kind: "none", reason: "ambiguousPath", listener };
  }
  return served ?? { kind: "none", reason: hosts.length === 0 ? "noVirtualHost" : "noMatch", listener };
}

/** Whether listeners that act as one keep the segments of paths: all of them have to. */
export function keepPaths(listeners: readonly BoundListener<HttpListener>[]): boolean {
  return listeners.every(({ listener }) => listener.settings.paths === "asSent");
}

/** The request with its path in the form that the listeners match; `undefined` when they keep segments and it has no such form. */
export function asMatched(
  listeners: readonly BoundListener<HttpListener>[],
  request: SelectRequest,
): SelectRequest | undefined {
  if (request.spelling === undefined || !keepPaths(listeners)) return request;
  const { keptPath } = request.spelling;
  return keptPath === undefined ? undefined : { ...request, path: keptPath };
}

function firstMatch(
  hosts: ReturnType<typeof virtualHostsOf>,
  request: SelectRequest,
): Extract<Selection, { kind: "rule" }> | undefined {
  for (const { gateway, listener, virtualHost } of hosts) {
    const asked = asCompared(virtualHost, request);
    for (const entry of virtualHost.entries) {
      const rule = gateway.httpRules[entry.rule];
      if (rule && matchSubjects(rule, asked).some((subject) => httpMatchHolds(entry.match, subject)))
        return { kind: "rule", gateway, listener, virtualHost, entry, rule };
    }
  }
  return undefined;
}

/** The request with its path in the form that the entries of a virtual host are compared with. */
export function asCompared({ paths }: VirtualHost, request: SelectRequest): SelectRequest {
  return paths === "decoded" ? { ...request, path: decodedPath(request.path) } : request;
}

/** What a TLS connection is for, by its SNI alone. */
export type TlsSelection =
  /** Terminated for HTTP; more than one listener only when several gateways share the port and claim the same hostname. */
  | { readonly kind: "http"; readonly listeners: readonly BoundListener<HttpListener>[] }
  /** A byte stream; without a rule the connection is closed. */
  | (BoundListener<TlsListener> & { readonly kind: "stream"; readonly rule: StreamRule | undefined })
  | { readonly kind: "none" };

/** The listener with the most specific hostname that covers the SNI; without an SNI, one that covers any. */
export function selectTls(
  model: RoutingModel,
  request: Pick<SelectRequest, "port" | "sni" | "gateways">,
): TlsSelection {
  const sni = request.sni ?? "";
  const winners = mostSpecificListeners(tlsListeners(listenersOn(model, request)), sni);
  const first = winners[0];
  if (!first) return { kind: "none" };
  if (first.listener.protocol !== "TLS") return { kind: "http", listeners: winners.filter(isHttp) };
  const routes = winners
    .filter(isTls)
    .flatMap((bound) => bound.listener.routes.map((route) => ({ ...bound, ...route })));
  const chosen = mostSpecificCovering(routes, sni)[0];
  return chosen
    ? { kind: "stream", gateway: chosen.gateway, listener: chosen.listener, rule: chosen.rule }
    : { kind: "stream", gateway: first.gateway, listener: first.listener, rule: undefined };
}

/** The TCP or UDP listener of a port: the first that has a route, else the first. */
export function selectStream(
  model: RoutingModel,
  request: { readonly port: number; readonly protocol: "TCP" | "UDP"; readonly gateways?: readonly GatewayKey[] },
): BoundListener<StreamListener> | undefined {
  const bound = listenersOn(model, request).filter(
    (one): one is BoundListener<StreamListener> => one.listener.protocol === request.protocol,
  );
  return bound.find((one) => one.listener.rule) ?? bound[0];
}

/** Every listener of a port, in the model's order. */
export function listenersOn(
  model: RoutingModel,
  request: { readonly port: number; readonly gateways?: readonly GatewayKey[] },
): readonly BoundListener[] {
  return model.gateways
    .filter((gateway) => request.gateways?.includes(gateway.key) ?? true)
    .flatMap((gateway) => gateway.listeners.map((listener) => ({ gateway, listener })))
    .filter(({ listener }) => listener.port === request.port);
}

/** HTTP listeners of the port for `http`, HTTPS ones for `https`. */
export function httpListeners(
  model: RoutingModel,
  request: Pick<SelectRequest, "port" | "scheme" | "gateways">,
): readonly BoundListener<HttpListener>[] {
  const protocol = request.scheme === "https" ? "HTTPS" : "HTTP";
  return listenersOn(model, request)
    .filter(isHttp)
    .filter(({ listener }) => listener.protocol === protocol);
}

/** Listener isolation: the most specific hostname that covers the host takes the request, alone. */
export function mostSpecificListeners<L extends Listener>(
  listeners: readonly BoundListener<L>[],
  host: string,
): readonly BoundListener<L>[] {
  const named = listeners.map((bound) => ({ bound, hostname: bound.listener.hostname }));
  return mostSpecificCovering(named, host).map(({ bound }) => bound);
}

/** Virtual hosts of listeners that act as one, the most specific hostname first, in the model's order where equal. */
export function virtualHostsOf(
  listeners: readonly BoundListener<HttpListener>[],
): readonly (BoundListener<HttpListener> & { readonly virtualHost: VirtualHost })[] {
  return listeners
    .flatMap((bound) => bound.listener.virtualHosts.map((virtualHost) => ({ ...bound, virtualHost })))
    .sort((a, b) => bySpecificity(a.virtualHost.hostname, b.virtualHost.hostname));
}

/** The parts of a request that a match looks at. */
export type MatchSubject = Pick<SelectRequest, "method" | "path" | "query" | "headers"> & {
  /** Headers that are known to come and whose values are not: matches on them hold. Absent: none. */
  readonly announced?: ReadonlySet<string>;
};

/** What the matches of a rule look at, one of which has to fit: the request, and what it asks for where the rule answers preflights. */
export function matchSubjects(rule: HttpRule, request: SelectRequest): readonly MatchSubject[] {
  const asked = answersPreflights(rule)
    ? readPreflight({ method: request.method, header: (name) => ownHeader(request.headers, name) })
    : undefined;
  return asked === undefined ? [request] : [request, { ...request, ...asked }];
}

/** Whether all parts of the match hold. */
export function httpMatchHolds(match: HttpMatch, request: MatchSubject): boolean {
  return (
    pathMatchHolds(match.path, request.path) &&
    (match.method === undefined || match.method === request.method) &&
    match.headers.every((header) => headerMatchHolds(header, request)) &&
    match.query.every((parameter) => valueMatchHolds(parameter, parseQuery(request.query).get(parameter.name))) &&
    (match.cookies ?? []).every((cookie) => valueMatchHolds(cookie, requestCookie(request, cookie.name)))
  );
}

/** The value of a cookie of a request. */
export function requestCookie({ headers }: Pick<SelectRequest, "headers">, name: string): string | undefined {
  return cookieValue(ownHeader(headers, "cookie"), name);
}

/** Whether the path fits; a pattern that does not compile fits nothing. */
export function pathMatchHolds(match: PathMatch, path: string): boolean {
  switch (match.kind) {
    case "exact":
      return path === match.value;
    case "prefix":
      return path === match.value || path.startsWith(match.value === "/" ? "/" : `${match.value}/`);
    case "regex":
      return regexHolds(match.value, path);
  }
}

/** Whether a header fits, or will be there with a value that is not known yet. */
export function headerMatchHolds(match: ValueMatch, { headers, announced }: MatchSubject): boolean {
  if (announced?.has(match.name) === true) return match.kind === "exact" || isUsable(match.value);
  return valueMatchHolds(match, ownHeader(headers, match.name));
}

function isUsable(pattern: string): boolean {
  return compileRegex(pattern).kind === "regex";
}

/** Whether a header or parameter value fits; an absent one (`undefined`) never does. */
export function valueMatchHolds(match: ValueMatch, value: string | undefined): boolean {
  if (value === undefined) return false;
  return match.kind === "exact" ? value === match.value : regexHolds(match.value, value);
}

/** A header by lower-case name; never a property that every object has. */
export function ownHeader(headers: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}

function regexHolds(pattern: string, text: string): boolean {
  const regex = compileRegex(pattern);
  return regex.kind === "regex" && regex.matchesWhole(text);
}

function isHttp(bound: BoundListener): bound is BoundListener<HttpListener> {
  return bound.listener.protocol === "HTTP" || bound.listener.protocol === "HTTPS";
}

function isTls(bound: BoundListener): bound is BoundListener<TlsListener> {
  return bound.listener.protocol === "TLS";
}

function tlsListeners(bound: readonly BoundListener[]): readonly BoundListener<HttpListener | TlsListener>[] {
  return bound.filter(
    (one): one is BoundListener<HttpListener | TlsListener> =>
      one.listener.protocol === "HTTPS" || one.listener.protocol === "TLS",
  );
}
