import { compileReplacement } from "../base/regex/replacement.ts";
import { escapePath } from "./conditional-answer.ts";
import type { RegexSubstitution } from "./filter.ts";
import { modifyPath } from "./path-modifier.ts";

/** What an expression makes of a path. `query` is what the substitution puts before the request's own. */
export type RewrittenPath =
  | { readonly kind: "path"; readonly path: string; readonly query: string }
  | { readonly kind: "unchanged" }
  /** It would cost more than a request may. */
  | { readonly kind: "tooCostly" };

/** Rewrites paths: in the form in which they are matched, without query. Made once for each filter. */
export type RewritePath = (path: string) => RewrittenPath;

const unchanged: RewrittenPath = { kind: "unchanged" };

/**
 * What carries out a substitution. The result begins with one slash, so that it names no host, and what may not stand in a path is
 * percent-encoded. A pattern that does not compile changes nothing: the compiler has told.
 */
export function compileRewrite({ pattern, substitution }: RegexSubstitution): RewritePath {
  const replacement = compileReplacement(pattern, substitution);
  if (replacement.kind === "error") return () => unchanged;
  return (path) => {
    const changed = replacement.apply(path);
    if (changed === undefined) return { kind: "tooCostly" };
    if (changed === path) return unchanged;
    // A `?` can only come from the substitution: paths have none.
    const [value = "", ...query] = changed.split("?");
    const modifier = { kind: "full", value, query: "" } as const;
    return { kind: "path", path: modifyPath(modifier, path, undefined), query: query.join("?") };
  };
}

/**
 * As {@link compileRewrite} for a path with its escapes decoded: what comes out is encoded again, `?` and `%` too. `undefined`: it
 * does not begin with a slash, and so is no path.
 */
export function compileDecodedRewrite({
  pattern,
  substitution,
}: RegexSubstitution): (decoded: string) => string | undefined | "tooCostly" {
  const replacement = compileReplacement(pattern, substitution);
  if (replacement.kind === "error") return escapePath;
  return (decoded) => {
    const changed = replacement.apply(decoded);
    if (changed === undefined) return "tooCostly";
    return changed.startsWith("/") ? escapePath(changed) : undefined;
  };
}

/** Makes a host of a path, which may turn out to be none. `undefined`: it would cost more than a request may. */
export function compileHostRewrite({ pattern, substitution }: RegexSubstitution): (path: string) => string | undefined {
  const replacement = compileReplacement(pattern, substitution);
  return replacement.kind === "error" ? () => "" : replacement.apply;
}

/** Whether a text is a host, with or without a port: names as DNS and Kubernetes have them, and IP addresses. */
export function isHost(text: string): boolean {
  return /^(?:[\w-]+(?:\.[\w-]+)*\.?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(text) && text.length <= 255;
}
