/**
 * Listeners that keep the segments of paths match and forward `//`, `.` and `..` as the client sent them. A backend may still
 * resolve them, so nothing is served that would then have been for another rule, or for what lies beside a rule's prefix.
 */
import type { PathMatch } from "./match.ts";

/** The other forms of a path that was not sent in its normal form. */
export type PathSpelling = {
  /** What goes to a backend: in the client's spelling, doubled slashes merged and dot segments resolved. */
  readonly forwardedPath: string;
  /** Normalised with every segment kept; absent when two readers would resolve them in two ways. */
  readonly keptPath?: string | undefined;
  /** As the client sent it. */
  readonly sentPath: string;
};

/** Whether a kept path (normalised) climbs out of the prefix that it matched, if only to come back. */
export function leavesPrefix(match: PathMatch, keptPath: string): boolean {
  if (match.kind !== "prefix" || match.value === "/") return false;
  let depth = 0;
  for (const segment of keptPath.slice(match.value.length).split("/")) {
    if (segment === "..") depth--;
    // Empty segments count for nothing: some readers merge slashes before they resolve.
    else if (segment !== "" && segment !== ".") depth++;
    if (depth < 0) return true;
  }
  return false;
}
