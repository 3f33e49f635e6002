import { decodedPath } from "../../ir/decoded-path.ts";
import { modifyQuery } from "../../ir/path-modifier.ts";
import { compileDecodedRewrite, compileHostRewrite, compileRewrite, isHost } from "../../ir/rewrite-path.ts";
import { type BuildFilter, built, type FilterOfKind } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { problem } from "../contract/local-reply.ts";
import type { RequestHead } from "../contract/message.ts";

type HostSource = NonNullable<FilterOfKind<"regexRewrite">["host"]>;
/** `undefined`: it would cost too much. */
type HostOf = (request: RequestHead, path: string) => string | undefined;

/** Only a path of thousands of characters, made to match again and again, costs that much. */
const tooCostly = problem(414, "DL", "The path is too long to be rewritten.");

const noPath = problem(400, "DL", "The path cannot be rewritten.");

/**
 * Replaces what matches in the path, and takes the host from a header or from the path. The path is looked at in the form in
 * which it is matched, as earlier filters have left it. A host that comes out as none changes nothing. Spec: HTTPURLRewriteFilter
 * of Envoy Gateway.
 */
export const buildRegexRewrite: BuildFilter<"regexRewrite"> = ({ sees, path: substitution, host, tellsHost }) => {
  const rewrite = sees === "normalPath" && substitution ? compileRewrite(substitution) : undefined;
  const rewriteDecoded = sees === "decodedPath" && substitution ? compileDecodedRewrite(substitution) : undefined;
  const hostOf = host && hostFrom(host);
  return built(
    onRequest((request) => {
      const path = request.askedTarget().split("?", 1)[0]!;
      if (hostOf !== undefined) {
        const sent = hostOf(request, path);
        if (sent === undefined) return tooCostly;
        if (isHost(sent)) request.setHost(sent);
      }
      if (!tellsHost) request.removeHeader("x-forwarded-host");
      if (rewriteDecoded !== undefined) {
        const changed = rewriteDecoded(decodedPath(path));
        if (changed === "tooCostly") return tooCostly;
        if (changed === undefined) return noPath;
        request.setPath(changed);
        return undefined;
      }
      const rewritten = rewrite?.(path);
      if (rewritten?.kind === "tooCostly") return tooCostly;
      if (rewritten?.kind !== "path") return undefined;
      request.setPath(rewritten.path);
      if (rewritten.query !== "") {
        request.setQuery(modifyQuery({ kind: "full", value: "", query: rewritten.query }, request.query));
      }
      return undefined;
    }),
  );
};

function hostFrom(source: HostSource): HostOf {
  if (source.from === "header") return (request) => request.header(source.name) ?? "";
  const rewrite = compileHostRewrite(source);
  return (_request, path) => rewrite(path);
}
