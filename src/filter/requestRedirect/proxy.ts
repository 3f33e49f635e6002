import type { Filter } from "../../ir/filter.ts";
import { redirectLocation } from "../../ir/redirect-location.ts";
import type { ProxyFilter } from "../../proxy/chain.ts";

/** Answers with the filter's status and a `Location`; the backend is not asked. Spec: HTTPRequestRedirectFilter. */
export function buildRequestRedirect(filter: Extract<Filter, { kind: "requestRedirect" }>): ProxyFilter {
  return {
    onRequest(request, context) {
      const location = redirectLocation(filter, {
        scheme: context.scheme,
        host: request.host,
        path: request.spelledPath,
        query: request.query,
        matchedPrefix: context.matchedPrefix,
        listenerPort: context.listenerPort,
        publicPort: (port) => context.publicPort(port),
      });
      return { status: filter.status, headers: [["location", location]], body: "" };
    },
  };
}
