/**
 * The routes of one socket, built once per configuration and read for every request. It must agree with `ir/select.ts`,
 * which says what it means; `test/property/route-table.test.ts` holds it to that.
 */

import type { RequestView } from "../filter/contract/message.ts";
import { decodedPath } from "../ir/decoded-path.ts";
import { leavesPrefix } from "../ir/kept-path.ts";
import type {
  GatewayKey,
  GatewayModel,
  HttpEntry,
  HttpListener,
  HttpRule,
  ListenerKey,
  RuleKey,
  StreamRule,
  TlsListener,
} from "../ir/routing-model.ts";
import { type BoundListener, keepPaths } from "../ir/select.ts";
import { type EntryIndex, findEntry } from "./entry-index.ts";
import { buildHostTable, type HostTable, lookUpHost, patchHostTable } from "./host-table.ts";
import { buildListenerHosts, type ListenerHosts } from "./listener-hosts.ts";

/** Makes what the engine keeps for a rule on a listener (weights, filters, metric series). Called once for each pair that a built or changed host has. */
export type MakeRule<R> = (rule: HttpRule, listener: HttpListener, gateway: GatewayModel) => R;

/**
 * One entry of the model as a request finds it: one object, made when the table is built. It outlives models that leave it
 * as it is, so it names nothing that holds a whole one.
 */
export type MatchedEntry<R> = {
  /** Hostname of the virtual host. */
  readonly hostname: string;
  readonly entry: HttpEntry;
  readonly rule: HttpRule;
  readonly runtime: R;
  /** Value of the entry's prefix match, for path modifiers; `undefined` for other kinds. */
  readonly matchedPrefix: string | undefined;
  /** Its listeners keep the segments of paths. */
  readonly keepsPath: boolean;
};

/** Why no entry serves a request: 421 for `misdirected`, 400 for `ambiguousPath`, 404 for the others. The same words as `Selection.reason`. */
export type NoRoute = "noListener" | "misdirected" | "noVirtualHost" | "noMatch" | "ambiguousPath";

/** HTTP or HTTPS listeners that act as one: one listener, or those of several gateways that claim the same hostname. */
export type HttpListenerTable<R> = {
  readonly kind: "http";
  /** The first is the one that requests without a route are counted on. Never empty. */
  readonly listeners: readonly BoundListener<HttpListener>[];
  /** Segments of paths are matched and forwarded as they come. */
  readonly keepsPaths: boolean;
  readonly virtualHosts: HostTable<EntryIndex<MatchedEntry<R>>>;
  /** What the hosts were built from, by listener. */
  readonly hosts: ReadonlyMap<ListenerKey, ListenerHosts<R>>;
};

/** A TLS listener that passes bytes on. */
export type StreamListenerTable = {
  readonly kind: "stream";
  readonly bound: BoundListener<TlsListener>;
  readonly routes: HostTable<BoundListener<TlsListener> & { readonly rule: StreamRule }>;
};

/** What an SNI leads to. */
export type SniTarget<R> = HttpListenerTable<R> | StreamListenerTable;

/** What a table is built from. */
export type TableParts<R> = {
  readonly makeRule: MakeRule<R>;
  /** The table before, and for each Gateway the rules that are not what they were in it; `undefined`: from nothing. */
  readonly previous:
    | {
        readonly table: RouteTable<R>;
        readonly changedRules: (gateway: GatewayKey) => ReadonlySet<RuleKey>;
        /** Whether what `makeRule` makes for a listener is what it made before. */
        readonly keepsListener: (listener: HttpListener) => boolean;
      }
    | undefined;
};

export class RouteTable<R> {
  readonly #tables: ReadonlyMap<HttpListener["protocol"], ReadonlyMap<string, HttpListenerTable<R>>>;
  readonly #clear: HostTable<HttpListenerTable<R>>;
  readonly #secure: HostTable<HttpListenerTable<R>>;
  readonly #sni: HostTable<SniTarget<R>>;

  private constructor(listeners: readonly BoundListener[], parts: TableParts<R>) {
    const http = listeners.filter(isHttp);
    const tables = (protocol: HttpListener["protocol"]): ReadonlyMap<string, HttpListenerTable<R>> => {
      const before = parts.previous === undefined ? undefined : parts.previous.table.#tables.get(protocol);
      const bound = http.filter(({ listener }) => listener.protocol === protocol);
      return buildHttpListeners(bound, parts, before);
    };
    const clear = tables("HTTP");
    const secure = tables("HTTPS");
    this.#tables = new Map([
      ["HTTP", clear],
      ["HTTPS", secure],
    ]);
    this.#clear = byHostname(clear);
    this.#secure = byHostname(secure);
    this.#sni = byHostname(buildSniTargets(listeners, secure));
  }

  /** Builds the table of a socket from all listeners on it, in the model's order; those of TCP and UDP are passed over. */
  static build<R>(listeners: readonly BoundListener[], makeRule: MakeRule<R>): RouteTable<R> {
    return new RouteTable(listeners, { makeRule, previous: undefined });
  }

  /** The same table as {@link build} makes, at the cost of the hosts and entries that are not those of the table before. */
  static patch<R>(listeners: readonly BoundListener[], parts: TableParts<R>): RouteTable<R> {
    return new RouteTable(listeners, parts);
  }

  /** What a TLS connection with this SNI (lower case, `""` without one) is for; `undefined`: refuse the handshake. */
  forSni(sni: string): SniTarget<R> | undefined {
    return lookUpHost(this.#sni, sni)[0];
  }

  /** The listener that a clear request with this Host belongs to, also when none of its routes match. */
  forHost(host: string): HttpListenerTable<R> | undefined {
    return lookUpHost(this.#clear, host)[0];
  }

  /**
   * The entry that serves a request, or why there is none. `connection` is what {@link forSni} chose for the TLS connection;
   * absent on a clear one.
   */
  match(view: RequestView, connection?: HttpListenerTable<R>): MatchedEntry<R> | NoRoute {
    const listener = lookUpHost(connection ? this.#secure : this.#clear, view.host)[0];
    if (!listener) return "noListener";
    if (connection && connection !== listener) return "misdirected";
    const virtualHosts = lookUpHost(listener.virtualHosts, view.host);
    const found = firstEntry(virtualHosts, view, view.path);
    const kept = listener.keepsPaths && view.keptPath !== view.path ? keptEntry(virtualHosts, view, found) : found;
    return kept ?? (virtualHosts.length === 0 ? "noVirtualHost" : "noMatch");
  }
}

type Hosts<R> = readonly EntryIndex<MatchedEntry<R>>[];

function firstEntry<R>(virtualHosts: Hosts<R>, view: RequestView, path: string): MatchedEntry<R> | undefined {
  for (const entries of virtualHosts) {
    const found = findEntry(entries, view, entries.paths === "decoded" ? decodedPath(path) : path);
    if (found) return found;
  }
  return undefined;
}

/** What serves a path whose segments are kept; `resolved` is what would serve it after a backend has resolved them. */
function keptEntry<R>(
  virtualHosts: Hosts<R>,
  view: RequestView,
  resolved: MatchedEntry<R> | undefined,
): MatchedEntry<R> | "ambiguousPath" | undefined {
  const { keptPath } = view;
  if (keptPath === undefined) return "ambiguousPath";
  const found = firstEntry(virtualHosts, view, keptPath);
  if (found?.rule !== resolved?.rule) return "ambiguousPath";
  return found && leavesPrefix(found.entry.match.path, keptPath) ? "ambiguousPath" : found;
}

/** The rule for an SNI on a TLS listener; `undefined`: close the connection. */
export function streamRouteFor(
  table: StreamListenerTable,
  sni: string,
): (BoundListener<TlsListener> & { readonly rule: StreamRule }) | undefined {
  return lookUpHost(table.routes, sni)[0];
}

function byHostname<T>(values: ReadonlyMap<string, T>): HostTable<T> {
  return buildHostTable([...values].map(([hostname, value]) => ({ hostname, value })));
}

/** Listeners by hostname. */
function buildHttpListeners<R>(
  listeners: readonly BoundListener<HttpListener>[],
  parts: TableParts<R>,
  before: ReadonlyMap<string, HttpListenerTable<R>> | undefined,
): ReadonlyMap<string, HttpListenerTable<R>> {
  const tables = new Map<string, HttpListenerTable<R>>();
  for (const [hostname, group] of Map.groupBy(listeners, ({ listener }) => listener.hostname)) {
    tables.set(hostname, buildHttpListener(group, parts, before?.get(hostname)));
  }
  return tables;
}

function buildHttpListener<R>(
  listeners: readonly BoundListener<HttpListener>[],
  { makeRule, previous }: TableParts<R>,
  before: HttpListenerTable<R> | undefined,
): HttpListenerTable<R> {
  const keepsPaths = keepPaths(listeners);
  const known = before?.keepsPaths === keepsPaths ? before.hosts : undefined;
  const hosts = new Map<ListenerKey, ListenerHosts<R>>();
  for (const bound of listeners) {
    const { key } = bound.listener;
    const kept = previous?.keepsListener(bound.listener) ? known?.get(key) : undefined;
    const changed = previous?.changedRules(bound.gateway.key) ?? new Set();
    hosts.set(key, buildListenerHosts(bound, { makeRule, keepsPaths, before: kept, changed }));
  }
  const [only, ...others] = hosts.values();
  const alone = only !== undefined && others.length === 0 && before?.hosts.size === 1;
  const virtualHosts =
    alone && only.changed !== undefined
      ? patchHostTable(before.virtualHosts, only.rows, only.changed)
      : buildHostTable([...hosts.values()].flatMap(({ rows }) => rows));
  return { kind: "http", listeners, keepsPaths, virtualHosts, hosts };
}

/** Of HTTPS and TLS listeners with one hostname, the kind of the first holds: the compiler has reported the clash. */
function buildSniTargets<R>(
  listeners: readonly BoundListener[],
  secure: ReadonlyMap<string, HttpListenerTable<R>>,
): ReadonlyMap<string, SniTarget<R>> {
  const targets = new Map<string, SniTarget<R>>();
  for (const bound of listeners) {
    const hostname = bound.listener.hostname;
    if (targets.has(hostname)) continue;
    if (isTls(bound)) {
      const group = listeners.filter(isTls).filter(({ listener }) => listener.hostname === hostname);
      targets.set(hostname, buildStreamListener(bound, group));
    } else if (bound.listener.protocol === "HTTPS") {
      targets.set(hostname, secure.get(hostname)!);
    }
  }
  return targets;
}

function buildStreamListener(
  bound: BoundListener<TlsListener>,
  group: readonly BoundListener<TlsListener>[],
): StreamListenerTable {
  const routes = group.flatMap((one) =>
    one.listener.routes.map((route) => ({ hostname: route.hostname, value: { ...one, rule: route.rule } })),
  );
  return { kind: "stream", bound, routes: buildHostTable(routes) };
}

function isHttp(bound: BoundListener): bound is BoundListener<HttpListener> {
  return bound.listener.protocol === "HTTP" || bound.listener.protocol === "HTTPS";
}

function isTls(bound: BoundListener): bound is BoundListener<TlsListener> {
  return bound.listener.protocol === "TLS";
}
