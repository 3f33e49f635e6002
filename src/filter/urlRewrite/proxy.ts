import type { Filter } from "../../ir/filter.ts";
import { modifyPath, modifyQuery } from "../../ir/path-modifier.ts";
import type { ProxyFilter } from "../../proxy/chain.ts";

/** Changes the Host and the path that the backend sees; the query stays, behind that of a full path. Spec: HTTPURLRewriteFilter. */
export function buildUrlRewrite(filter: Extract<Filter, { kind: "urlRewrite" }>): ProxyFilter {
  return {
    onRequest(request, context) {
      if (filter.hostname !== undefined) request.setHost(filter.hostname);
      const { path } = filter;
      if (path === undefined) return undefined;
      request.setPath(modifyPath(path, request.spelledPath, context.matchedPrefix));
      if (path.kind === "full" && path.query !== "") request.setQuery(modifyQuery(path, request.query));
      return undefined;
    },
  };
}
