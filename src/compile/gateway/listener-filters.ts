import { makeFinding } from "../../finding/catalogue.ts";
import type { Finding } from "../../finding/finding.ts";
import { makeBackendScope } from "../backend/backend-scope.ts";
import type { CompileContext, GatewayContext } from "../contract.ts";
import type { ListenerDraft } from "../listener/listener.ts";
import { conditionOf } from "../report/conditions.ts";
import { compileFilters } from "../route/route-filters.ts";

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
  const findings = scope.findings.map((finding) => asListenerFinding(finding, `${draft.pointer}/filters`));
  return { ...draft, filters, clusters: scope.clusters, findings: [...draft.findings, ...findings] };
}

/** A listener has one reason for all references of its filters that do not resolve, but for those that lack a grant. */
function asListenerFinding(finding: Finding, pointer: string): Finding {
  const condition = conditionOf(finding);
  if (condition?.type !== "ResolvedRefs" || condition.reason === "RefNotPermitted") return finding;
  const index = finding.pointer.slice(`${pointer}/requests/`.length).split("/", 1)[0];
  const { object, position, message, fix, related } = finding;
  return makeFinding("listener-filter-unresolved", {
    object,
    pointer: finding.pointer,
    ...(position === undefined ? {} : { position }),
    message: `filters.requests[${index}]: ${message}`,
    fix,
    ...(related === undefined ? {} : { related }),
  });
}
