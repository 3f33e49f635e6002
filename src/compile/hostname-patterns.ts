/**
 * Hostnames of listeners and routes: lower case, `""` or `*` for any, `*.` + name for every name below it at any depth.
 * Spec: Listener.hostname, HTTPRouteSpec.hostnames.
 */
import { isIP } from "node:net";

/** One way in which a listener's hostname and a route's agree. */
export type Intersection = {
  /** The narrower of the two; `*` when neither restricts. */
  readonly hostname: string;
  /** What the route asked for, `*` when it asked for nothing: decides between routes whose intersections are equal. */
  readonly asked: string;
};

/** True for an IP address, which matches the pattern of a hostname and is none. Spec: Hostname, PreciseHostname. */
export function isAddress(hostname: string): boolean {
  return isIP(hostname) !== 0;
}

/** True when every name that `narrow` stands for is also one that `wide` stands for. */
export function patternCovers(wide: string, narrow: string): boolean {
  if (isAny(wide)) return true;
  if (isAny(narrow)) return false;
  if (!wide.startsWith("*.")) return wide === narrow;
  const suffix = wide.slice(1);
  const rest = narrow.startsWith("*.") ? narrow.slice(1) : narrow;
  return narrow.startsWith("*.") ? rest.endsWith(suffix) : rest.endsWith(suffix) && rest.length > suffix.length;
}

/** The names that both stand for, as one hostname; `undefined` when there are none. */
export function intersectHostnames(a: string, b: string): string | undefined {
  if (patternCovers(a, b)) return isAny(b) ? "*" : b;
  if (patternCovers(b, a)) return a;
  return undefined;
}

/**
 * Where a route is served on a listener: each intersection once, with the most specific hostname that the route asked for
 * it. Empty when the two do not agree at all. A route without hostnames takes the listener's.
 */
export function intersectRouteHostnames(listener: string, route: readonly string[]): readonly Intersection[] {
  const found = new Map<string, Intersection>();
  for (const asked of route.length === 0 ? ["*"] : route) {
    const hostname = intersectHostnames(listener, asked);
    if (hostname === undefined) continue;
    const known = found.get(hostname);
    if (!known || compareHostnames(asked, known.asked) < 0) found.set(hostname, { hostname, asked });
  }
  return [...found.values()].sort((a, b) => compareHostnames(a.hostname, b.hostname));
}

/** Every hostname that covers this one, itself first, then ever wider wildcards, `""` (any) last. */
export function coveringHostnames(hostname: string): readonly string[] {
  if (isAny(hostname)) return [""];
  const covering = [hostname];
  let rest = hostname.startsWith("*.") ? hostname.slice(2) : hostname;
  for (let dot = rest.indexOf("."); dot >= 0; dot = rest.indexOf(".")) {
    rest = rest.slice(dot + 1);
    covering.push(`*.${rest}`);
  }
  covering.push("");
  return covering;
}

/** Order for `Array.sort`: names before wildcards, longer before shorter, any last; then by code unit. */
export function compareHostnames(a: string, b: string): number {
  return rank(b) - rank(a) || b.length - a.length || (a === b ? 0 : a < b ? -1 : 1);
}

function rank(hostname: string): number {
  if (isAny(hostname)) return 0;
  return hostname.startsWith("*.") ? 1 : 2;
}

function isAny(hostname: string): boolean {
  return hostname === "" || hostname === "*";
}
