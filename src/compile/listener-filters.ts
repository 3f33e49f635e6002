import { makeBackendScope } from "./backend-scope.ts";
import type { CompileContext, GatewayContext } from "./contract.ts";
import type { ListenerDraft } from "./listener.ts";
import { compileFilters } from "./route-filters.ts";

/** Compiles the filters that run before routing. A draft without any comes back as it is. Spec: Listener.filters (GEP-5224). */
export function compileListenerFilters(
  context: CompileContext,
  gateway: GatewayContext,
  draft: ListenerDraft,
): ListenerDraft {
  const requests = draft.spec.filters?.requests ?? [];
  if (requests.length === 0) return draft;
  const scope = makeBackendScope(draft.owner, gateway, context);
  const filters = compileFilters(scope, requests, `${draft.pointer}/filters/requests`);
  return { ...draft, filters, clusters: scope.clusters, findings: [...draft.findings, ...scope.findings] };
}
