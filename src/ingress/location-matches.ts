import type { LocationMatch } from "./ingress-model.ts";

/** A path of a host, before nginx's own order is made of it. */
export type HostPath = {
  readonly path: string;
  readonly pathType: "Exact" | "Prefix" | "ImplementationSpecific";
};

/** What one path becomes: `slash` locations send the client to the path with its slash. */
export type PlacedMatch<Path> = { readonly of: Path; readonly match: LocationMatch; readonly slash: boolean };

/**
 * The locations of a host in the order in which nginx tries them. `asRegex`: one of its paths is an expression or is rewritten, and
 * so all are expressions, tried longest first. Else exact ones come before beginnings, and the longest beginning counts. Of two
 * with the same match the first counts. Spec: ingress-nginx, updateServerLocations and buildLocation.
 */
export function orderLocations<Path extends HostPath>(paths: readonly Path[], asRegex: boolean): PlacedMatch<Path>[] {
  const sorted = [...paths].sort((a, b) => b.path.length - a.path.length || compareText(b.path, a.path));
  if (asRegex) return sorted.map((of) => ({ of, match: { kind: "regex", pattern: of.path }, slash: false }));
  const exact = new Map<string, PlacedMatch<Path>>();
  const beginnings: PlacedMatch<Path>[] = [];
  const placeExact = (value: string, of: Path, slash: boolean): void => {
    if (!exact.has(value)) exact.set(value, { of, match: { kind: "exact", value }, slash });
  };
  const places = (value: string): boolean =>
    !beginnings.some(({ match }) => match.kind === "beginning" && match.value === value);
  for (const of of sorted) if (of.pathType === "Exact") placeExact(of.path, of, false);
  for (const of of sorted) {
    if (of.pathType === "Exact") continue;
    const value = of.path.endsWith("/") ? of.path : `${of.path}/`;
    if (places(value)) beginnings.push({ of, match: { kind: "beginning", value }, slash: false });
    if (value !== of.path) placeExact(of.path, of, false);
  }
  // nginx answers a path that lacks but the slash of a location by a redirect.
  for (const of of sorted) {
    if (of.path.length > 1 && of.path.endsWith("/")) placeExact(of.path.slice(0, -1), of, true);
  }
  return [...exact.values(), ...beginnings];
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
