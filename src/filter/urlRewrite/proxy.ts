import type { Filter } from "../../ir/filter.ts";
import { modifyPath } from "../../ir/path-modifier.ts";
import type { ProxyFilter } from "../../proxy/chain.ts";

/** Changes the Host and the path that the backend sees; the query stays. Spec: HTTPURLRewriteFilter. */
export function buildUrlRewrite(filter: Extract<Filter, { kind: "urlRewrite" }>): ProxyFilter {
  return {
    onRequest(request, context) {
      if (filter.hostname !== undefined) request.setHost(filter.hostname);
      if (filter.path) request.setPath(modifyPath(filter.path, request.path, context.matchedPrefix));
      return undefined;
    },
  };
}
