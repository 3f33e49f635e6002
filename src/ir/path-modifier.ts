import type { PathModifier } from "./filter.ts";

/**
 * The path that a modifier makes of `path` (of a request, without query; its escapes may be spelled in any way).
 * `matchedPrefix` is the prefix match that chose the rule; without one a `prefix` modifier leaves the path alone. The result
 * begins with exactly one `/`; what may not stand in a path is percent-encoded. Spec: HTTPPathModifier and its table of
 * trailing slashes.
 */
export function modifyPath(modifier: PathModifier, path: string, matchedPrefix: string | undefined): string {
  switch (modifier.kind) {
    case "full":
      return absolutePath(encodePath(modifier.value));
    case "prefix": {
      if (matchedPrefix === undefined) return path;
      return absolutePath(encodePath(modifier.value.replace(/\/+$/, "")) + behindPrefix(path, matchedPrefix));
    }
  }
}

/** The query of a request whose path a modifier has replaced: its own, behind what the modifier adds. */
export function modifyQuery(modifier: PathModifier, query: string): string {
  const added = modifier.kind === "full" ? encodeQuery(modifier.query) : "";
  return added === "" || query === "" ? added + query : `${added}&${query}`;
}

/** Prefixes match whole elements, so as many are left out as the prefix has: its length is not that of another spelling. */
function behindPrefix(path: string, matchedPrefix: string): string {
  // The prefix `/` is the empty prefix with its trailing slash, which the specification ignores.
  if (matchedPrefix === "/") return path;
  let end = 0;
  for (let elements = matchedPrefix.split("/").length; elements > 1; elements--) {
    end = path.indexOf("/", end + 1);
    if (end < 0) return "";
  }
  return path.slice(end);
}

/** `//host` would name a host to some readers of a path, so only one slash may lead. */
function absolutePath(path: string): string {
  return path.startsWith("/") && !path.startsWith("//") ? path : `/${path.replace(/^\/+/, "")}`;
}

function encodePath(text: string): string {
  return text.replace(/[^\-._~0-9A-Za-z:/@!$&'()*+,;=%|[\]]+|%(?![0-9A-Fa-f]{2})/g, encode);
}

function encodeQuery(text: string): string {
  return text.replace(/[^\-._~0-9A-Za-z:/?[\]@!$&'()*+,;=%]+/g, encode);
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
