import { compileReplacement } from "../../base/regex/replacement.ts";
import type { RegexSubstitution } from "../../ir/filter.ts";
import { modifyPath, modifyQuery } from "../../ir/path-modifier.ts";
import { parseHostPort } from "../../wire/http1/host.ts";
import { type BuildFilter, built, type FilterOfKind } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { problem } from "../contract/local-reply.ts";
import type { RequestHead } from "../contract/message.ts";

/** `undefined`: it would cost too much. */
type Replace = (text: string) => string | undefined;
type HostSource = NonNullable<FilterOfKind<"regexRewrite">["host"]>;
type HostOf = (request: RequestHead, path: string) => string | undefined;

/** Only a path of thousands of characters, made to match again and again, costs that much. */
const tooCostly = problem(414, "DL", "The path is too long to be rewritten.");

/**
 * Replaces what matches in the path, and takes the host from a header or from the path. The path is looked at in the form in
 * which it is matched, as earlier filters have left it. A host that comes out as none changes nothing. Spec: HTTPURLRewriteFilter
 * of Envoy Gateway.
 */
export const buildRegexRewrite: BuildFilter<"regexRewrite"> = (filter) => {
  const replacePath = filter.path && replacing(filter.path);
  const hostOf = filter.host && hostFrom(filter.host);
  const keepsHost = filter.tellsHost;
  return built(
    onRequest((request) => {
      const path = request.askedTarget().split("?", 1)[0]!;
      if (hostOf !== undefined) {
        const host = hostOf(request, path);
        if (host === undefined) return tooCostly;
        if (parseHostPort(host) !== undefined) request.setHost(host);
      }
      if (!keepsHost) request.removeHeader("x-forwarded-host");
      if (replacePath === undefined) return undefined;
      const changed = replacePath(path);
      if (changed === undefined) return tooCostly;
      if (changed === path) return undefined;
      // A `?` can only come from the substitution: paths have none.
      const [value = "", ...query] = changed.split("?");
      const modifier = { kind: "full", value, query: query.join("?") } as const;
      request.setPath(modifyPath(modifier, path, undefined));
      if (modifier.query !== "") request.setQuery(modifyQuery(modifier, request.query));
      return undefined;
    }),
  );
};

function hostFrom(source: HostSource): HostOf {
  if (source.from === "header") return (request) => request.header(source.name) ?? "";
  const replace = replacing(source);
  return (_request, path) => replace(path);
}

/** The compiler has checked the pattern; one that does not compile here replaces nothing. */
function replacing({ pattern, substitution }: RegexSubstitution): Replace {
  const replacement = compileReplacement(pattern, substitution);
  return replacement.kind === "replacement" ? replacement.apply : (text) => text;
}
