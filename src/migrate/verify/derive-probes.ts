/** The requests that could tell two sides apart, as both of them are written. */

import type { Filter } from "../../ir/filter.ts";
import type { HttpMatch, ValueMatch } from "../../ir/match.ts";
import type { HttpListener, HttpRule } from "../../ir/routing-model.ts";
import { networkEnds } from "./network-ends.ts";
import type { Probe, ProbeShape } from "./probe.ts";
import { samplePath } from "./sample-path.ts";
import { isHttp, type Side } from "./side.ts";

/** More paths of one host than this are not probed; the report says so. */
const maxPathsOfHost = 2_000;
/** A host that nobody has. */
const otherHost = "nobody-has-this.invalid";
const ordinaryClient = "198.51.100.77";

/** A host to ask, and what; the sides are narrowed to it. */
export type AskedHost = {
  /** As its owners write it. */
  readonly hostname: string;
  readonly host: string;
  readonly probes: (sides: readonly Side[]) => Iterable<Probe>;
};

/** Every host of either side with the requests that could tell them apart. */
export function deriveRequests(sides: readonly Side[]): readonly AskedHost[] {
  return hostsOf(sides).flatMap(({ hostname, hosts }) =>
    hosts.map((host) => ({ hostname, host: host.host, probes: (narrowed) => probesFor(host, narrowed) })),
  );
}

/** A hostname of either side, as patterns are written, with hosts to ask for. */
type HostProbes = {
  readonly hostname: string;
  readonly hosts: readonly { readonly host: string; readonly shape: ProbeShape }[];
};

/** Every hostname of either side, in order, and hosts that nobody has. */
function hostsOf(sides: readonly Side[]): readonly HostProbes[] {
  const patterns = new Set(
    sides.flatMap(({ routing }) =>
      routing.gateways.flatMap(({ listeners }) =>
        listeners
          .filter(isHttp)
          .flatMap(({ virtualHosts }) => virtualHosts.map(({ hostname }) => plainPattern(hostname))),
      ),
    ),
  );
  patterns.add("*");
  return [...patterns].sort().map((hostname) => ({ hostname, hosts: hostsFor(hostname) }));
}

/** One label or many: both sides' wildcards are asked with the same hosts. */
function plainPattern(hostname: string): string {
  return hostname === "" ? "*" : hostname.replace(/^\?\./, "*.");
}

function hostsFor(hostname: string): HostProbes["hosts"] {
  if (hostname === "*") return [{ host: otherHost, shape: "host-other" }];
  if (!hostname.startsWith("*.")) return [{ host: hostname, shape: "path" }];
  const parent = hostname.slice(2);
  return [
    { host: `one.${parent}`, shape: "path" },
    { host: `one.two.${parent}`, shape: "host-more-labels" },
    { host: parent, shape: "host-other" },
  ];
}

/** The requests for one host; `sides` are narrowed to it. */
function* probesFor(host: HostProbes["hosts"][number], sides: readonly Side[]): Iterable<Probe> {
  const entries = sides.flatMap((side) => [...entriesOf(side)]);
  const paths = new Set(entries.flatMap(({ match }) => pathOf(match) ?? []));
  paths.add("/");
  for (const path of [...paths].sort().slice(0, maxPathsOfHost)) {
    const matching = entries.filter(({ match }) => pathOf(match) === path);
    for (const scheme of ["http", "https"] as const) {
      const plain = {
        scheme,
        host: host.host,
        method: "GET",
        target: path,
        written: path,
        headers: [],
        client: ordinaryClient,
        times: 1,
      } as const;
      if (host.shape !== "path") {
        yield { ...plain, shape: host.shape };
        continue;
      }
      yield* pathProbes(plain);
      yield* requestProbes(plain, matching);
    }
  }
}

/** What gateways tell backends of clients, as a client would like it to be. */
const forged = [
  ["X-Forwarded-For", "203.0.113.9"],
  ["X-Forwarded-Proto", "https"],
  ["X-Forwarded-Host", "forged.example"],
  ["X-Real-IP", "203.0.113.9"],
] as const;

type Plain = Omit<Probe, "shape">;

function* pathProbes(plain: Plain): Iterable<Probe> {
  const path = plain.target;
  const bare = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  const at = (shape: ProbeShape, target: string): Probe => ({ ...plain, shape, target });
  yield at("path", path);
  yield at("path", `${path}?probe=1&x=/`);
  if (path === "/") {
    yield at("path-unmatched", "/nobody-has-this/path");
    yield at("path-acme", "/.well-known/acme-challenge/probe");
    yield at("path-doubled-slash", "//");
    return;
  }
  yield at("path-slash", path === bare ? `${path}/` : bare);
  yield at("path-suffix", `${bare}probe`);
  yield at("path-below", `${bare}/probe`);
  yield at("path-case", flipCase(path));
  yield at("path-doubled-slash", `/${path}`);
  yield at("path-encoded", `${bare}%2Fprobe`);
  yield at("path-dots", `/other/..${path}`);
}

type Entry = { readonly match: HttpMatch; readonly rule: HttpRule; readonly listener: HttpListener };

function* requestProbes(plain: Plain, entries: readonly Entry[]): Iterable<Probe> {
  const origin =
    entries.flatMap(({ rule }) => rule.filters.flatMap(({ filter }) => originOf(filter)))[0] ?? "https://probe.example";
  const preflight = [
    ["Origin", origin],
    ["Access-Control-Request-Method", "GET"],
  ] as const;
  yield { ...plain, shape: "method", method: "POST" };
  yield { ...plain, shape: "method", method: "HEAD" };
  yield { ...plain, shape: "preflight", method: "OPTIONS", headers: [["Origin", origin]] };
  yield { ...plain, shape: "preflight", method: "OPTIONS", headers: preflight };
  yield { ...plain, shape: "preflight", headers: [["Origin", "https://nobody.invalid"]] };
  yield { ...plain, shape: "host-port", host: `${plain.host}:${plain.scheme === "https" ? 443 : 80}` };
  yield { ...plain, shape: "forged-headers", headers: forged };
  const written = new Set(entries.flatMap(({ rule }) => rule.filters.flatMap(({ filter }) => headersOf(filter))));
  if (written.size > 0)
    yield { ...plain, shape: "backend-headers", headers: [...written].map((name) => [name, "client"]) };
  yield { ...plain, shape: "credentials", headers: [["Authorization", "Bearer good"]] };
  yield { ...plain, shape: "credentials", headers: [["Authorization", `Basic ${btoa("probe:probe")}`]] };
  const choosing = new Map<string, readonly [string, string]>();
  for (const { match } of entries) {
    for (const header of match.headers)
      for (const value of valuesOf(header)) choosing.set(`h ${header.name} ${value}`, [header.name, value]);
    for (const cookie of match.cookies ?? [])
      for (const value of valuesOf(cookie))
        choosing.set(`c ${cookie.name} ${value}`, ["Cookie", `other=1; ${cookie.name}=${value}`]);
  }
  for (const header of choosing.values()) yield { ...plain, shape: "canary", headers: [header] };
  for (const client of clientsOf(entries)) yield { ...plain, shape: "client", client };
}

/** Values that hold, that do not, and those that canaries of ingress-nginx know. */
function valuesOf({ kind, value }: ValueMatch): readonly string[] {
  const own = kind === "exact" ? value : (samplePath(`/${value}`)?.slice(1) ?? "always");
  return [...new Set([own, "always", "never", "other"])];
}

/** Addresses inside and just outside of every network that filters name. */
function clientsOf(entries: readonly Entry[]): readonly string[] {
  const networks = new Set(
    entries.flatMap(({ rule, listener }) =>
      [...listener.filters, ...rule.filters].flatMap(({ filter }) => networksOf(filter)),
    ),
  );
  return [...new Set([...networks].slice(0, 32).flatMap(networkEnds))];
}

function networksOf(filter: Filter): readonly string[] {
  if (filter.kind === "authorization") return filter.rules.flatMap(({ clientCidrs }) => clientCidrs ?? []);
  return filter.kind === "addressAllowList" ? filter.networks : [];
}

/** Names of the request headers that a filter writes. */
function headersOf(filter: Filter): readonly string[] {
  if (filter.kind === "headerModifier" && filter.on === "request")
    return [...filter.set, ...filter.add].map(({ name }) => name).concat(filter.remove);
  if (filter.kind !== "headerMutation") return [];
  const { set, add, addIfAbsent, remove } = filter.request;
  return [...set, ...add, ...addIfAbsent].map(({ name }) => name).concat(remove);
}

function originOf(filter: Filter): readonly string[] {
  if (filter.kind !== "cors") return [];
  return filter.allowOrigins.filter((origin) => origin !== "*").map((origin) => origin.replace("*", "one"));
}

function* entriesOf({ routing }: Side): Iterable<Entry> {
  for (const gateway of routing.gateways)
    for (const listener of gateway.listeners.filter(isHttp))
      for (const { entries } of listener.virtualHosts)
        for (const { match, rule: key } of entries) {
          const rule = gateway.httpRules[key];
          if (rule) yield { match, rule, listener };
        }
}

function pathOf({ path }: HttpMatch): string | undefined {
  return path.kind === "regex" ? samplePath(path.value) : path.value;
}

function flipCase(text: string): string {
  const upper = text.toUpperCase();
  return upper === text ? text.toLowerCase() : upper;
}
