import type { Filter } from "../../ir/filter.ts";
import type { ProxyFilter } from "../../proxy/chain.ts";

/**
 * Answers with a status and no detail: the reason is for the operator, not for the client.
 * Spec: HTTPRouteFilter, a filter that cannot be resolved must not be skipped.
 */
export function buildDirectResponse(filter: Extract<Filter, { kind: "directResponse" }>): ProxyFilter {
  const reply = { status: filter.status, headers: [], body: "" } as const;
  return { onRequest: () => reply };
}
