import { compileRegex } from "../../base/regex.ts";
import type { LocationMatch } from "../../ingress/ingress-model.ts";
import type { PathMatch } from "../../ir/match.ts";

/** The path match of a location, or why nothing can match as nginx would. */
export type LocationPath =
  | { readonly kind: "path"; readonly path: PathMatch }
  | { readonly kind: "inexpressible"; readonly message: string };

/** For paths with their escapes decoded. */
export function locationPath(match: LocationMatch): LocationPath {
  switch (match.kind) {
    case "exact":
      return { kind: "path", path: { kind: "exact", value: match.value } };
    case "beginning":
      return { kind: "path", path: { kind: "prefix", value: match.value.replace(/\/+$/, "") || "/" } };
    case "regex":
      return regexPath(match.pattern);
  }
}

/** nginx looks for `^` + the pattern without regard to case, so that only the first of its choices is tied to the beginning. */
function regexPath(written: string): LocationPath {
  const pattern = written.replaceAll(/\(\?<(?=[A-Za-z_])/g, "(?P<");
  const before = hasChoices(pattern) ? "(?s:.*)" : "";
  const value = pattern === "/" ? "/(?s:.*)" : `${before}(?i:^${pattern})(?s:.*)`;
  const regex = compileRegex(value);
  if (regex.kind === "error") return { kind: "inexpressible", message: regex.message };
  return { kind: "path", path: { kind: "regex", value } };
}

/** Whether an expression has a `|` outside of all groups. */
function hasChoices(pattern: string): boolean {
  let depth = 0;
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === "\\") at++;
    else if (inClass) inClass = character !== "]";
    else if (character === "[") {
      inClass = true;
      // A bracket that comes first stands for itself.
      if (pattern[at + 1] === "^") at++;
      if (pattern[at + 1] === "]") at++;
    } else if (character === "(") depth++;
    else if (character === ")") depth--;
    else if (character === "|" && depth === 0) return true;
  }
  return false;
}
