import type { WeightedBackend } from "../../ir/routing-model.ts";
import { type BackendRef, resolveBackend } from "../backend/backend.ts";
import { type BackendScope, reportIn } from "../backend/backend-scope.ts";
import type { BackendUse } from "../backend/service-port.ts";
import { sourceOf } from "../report/report.ts";
import type { ApiFilter } from "./filter-scope.ts";
import { compileFilters } from "./route-filters.ts";

type WeightedRef = BackendRef & { readonly weight: number; readonly filters?: readonly ApiFilter[] };

/**
 * Compiles the backendRefs of a rule at `pointer`. A reference that does not resolve keeps its share of the requests, which
 * are answered with 500. Spec: HTTPRouteRule.backendRefs.
 */
export function compileBackends(
  scope: BackendScope,
  refs: readonly WeightedRef[] | undefined,
  place: { readonly pointer: string; readonly use: BackendUse },
): readonly WeightedBackend[] {
  const backends = (refs ?? []).map((ref, index): WeightedBackend => {
    const pointer = `${place.pointer}/${index}`;
    const answer = resolveBackend(scope, ref, { pointer, use: place.use });
    return {
      from: sourceOf(scope.referrer, pointer),
      weight: ref.weight,
      filters: compileFilters(scope, ref.filters, `${pointer}/filters`),
      target:
        answer.kind === "cluster"
          ? { kind: "cluster", cluster: answer.cluster }
          : { kind: "invalid", status: 500, reason: answer.reason },
    };
  });
  if (backends.length > 0 && backends.every((backend) => backend.weight === 0)) {
    reportIn(scope, "weights-sum-zero", {
      pointer: place.pointer,
      message: `${backends.length === 1 ? "The only backendRef has" : `All ${backends.length} backendRefs have`} weight 0, so no request of this rule reaches a backend.`,
      fix: "Give at least one backendRef a weight above 0, or remove the rule.",
    });
  }
  return backends;
}
