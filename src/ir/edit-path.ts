import { compileReplacement } from "../base/regex/replacement.ts";
import type { PathEdit } from "./middleware-filter.ts";
import { modifyPath } from "./path-modifier.ts";

/** What an edit makes of a path, and what the backend is told of it. */
export type EditedPath = { readonly path: string; readonly told: string };

/** `undefined`: the path stays. `tooCostly`: it is so long that nobody may make the gateway search it. */
export type EditPath = (path: string) => EditedPath | undefined | "tooCostly";

/** Headers in which the backend is told. Spec: StripPrefix and ReplacePath of Traefik. */
export const tellingHeaders = {
  addPrefix: undefined,
  replace: "x-replaced-path",
  replacePattern: "x-replaced-path",
  stripPrefix: "x-forwarded-prefix",
  stripPattern: "x-forwarded-prefix",
} as const satisfies { readonly [K in PathEdit["edit"]]: string | undefined };

/**
 * What makes an edit, compiled once. Takes a path without query and gives one that begins with exactly one slash. Spec: AddPrefix,
 * ReplacePath, ReplacePathRegex, StripPrefix and StripPrefixRegex of Traefik.
 */
export function compilePathEdit(change: PathEdit): EditPath {
  const edit = editOf(change);
  return (path) => {
    const edited = edit(path);
    if (edited === undefined || edited === "tooCostly") return edited;
    return { path: modifyPath({ kind: "full", value: edited.path, query: "" }, path, undefined), told: edited.told };
  };
}

function editOf(change: PathEdit): EditPath {
  switch (change.edit) {
    case "addPrefix":
      return (path) => ({ path: change.prefix + path, told: "" });
    case "replace":
      return (path) => ({ path: change.path, told: path });
    case "replacePattern": {
      const replace = replacing(change.pattern, change.substitution);
      return (path) => {
        const replaced = replace(path);
        if (replaced === undefined) return "tooCostly";
        return replaced === path ? undefined : { path: replaced, told: path };
      };
    }
    case "stripPrefix":
      return (path) => {
        const prefix = change.prefixes.find((one) => path.startsWith(one));
        return prefix === undefined ? undefined : { path: path.slice(prefix.length), told: prefix };
      };
    case "stripPattern": {
      const removals = change.patterns.map((pattern) => replacing(`^(?:${pattern})`, ""));
      return (path) => {
        for (const remove of removals) {
          const rest = remove(path);
          if (rest === undefined) return "tooCostly";
          if (rest !== path) return { path: rest, told: path.slice(0, path.length - rest.length) };
        }
        return undefined;
      };
    }
  }
}

/** The compiler has checked the pattern; one that does not compile here replaces nothing. */
function replacing(pattern: string, substitution: string): (text: string) => string | undefined {
  const replacement = compileReplacement(pattern, substitution);
  return replacement.kind === "replacement" ? replacement.apply : (text) => text;
}
