import type { PathModifier } from "./filter.ts";

/**
 * The path that a modifier makes of `path` (normalised, without query). `matchedPrefix` is the prefix match that chose the
 * rule; without one a `prefix` modifier leaves the path alone. The result begins with exactly one `/`; characters that a
 * request line cannot carry are percent-encoded. Spec: HTTPPathModifier and its table of trailing slashes.
 */
export function modifyPath(modifier: PathModifier, path: string, matchedPrefix: string | undefined): string {
  switch (modifier.kind) {
    case "full":
      return absolutePath(encodePath(modifier.value));
    case "prefix": {
      if (matchedPrefix === undefined) return path;
      // The prefix `/` is the empty prefix with its trailing slash, which the specification ignores.
      const rest = path.slice(matchedPrefix === "/" ? 0 : matchedPrefix.length);
      return absolutePath(encodePath(modifier.value.replace(/\/+$/, "")) + rest);
    }
  }
}

/** `//host` would name a host to some readers of a path, so only one slash may lead. */
function absolutePath(path: string): string {
  return path.startsWith("/") && !path.startsWith("//") ? path : `/${path.replace(/^\/+/, "")}`;
}

function encodePath(text: string): string {
  return text.replace(/[^\x21-\x7e]+/g, (run) => encodeURIComponent(run.toWellFormed()));
}
