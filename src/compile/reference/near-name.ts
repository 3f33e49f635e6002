import { nearestName } from "../../base/nearest-name.ts";

/** Above this many candidates no search is made: a hint is not worth the time. */
const maxCandidates = 200;

/**
 * The name that a typing mistake most likely meant, the first in alphabetical order among equals. Names that differ in
 * their numbers alone (`api-v1`, `api-v2`) are siblings and not mistakes. `undefined` when none is near, or for more than
 * 200 candidates.
 */
export function nearName(wanted: string, candidates: readonly string[]): string | undefined {
  if (candidates.length > maxCandidates) return undefined;
  const words = withoutNumbers(wanted);
  return nearestName(wanted, candidates.filter((name) => withoutNumbers(name) !== words).sort());
}

function withoutNumbers(name: string): string {
  return name.replace(/\d+/g, "#");
}
