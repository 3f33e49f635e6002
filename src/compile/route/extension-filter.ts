import { dotted } from "../../resource/json.ts";
import { kindOf, type Resource } from "../../resource/kinds.ts";
import { unservedFields } from "../../served/unserved-fields.ts";
import { type NameInGroup, resolveObject } from "../../store/resolve-object.ts";
import { resolveBackend } from "../backend/backend.ts";
import { type BackendScope, reportIn } from "../backend/backend-scope.ts";
import { objectReaders } from "../policy/object-readers.ts";
import { isReferenceGranted } from "../reference/grant.ts";
import { groupOf, sourceOf } from "../report/report.ts";
import type { ExtensionFilter, ExtensionKind, FilterFinder, FilterObject, FilterReference } from "./filter-scope.ts";
import type { FilterPartScope, PartPlace } from "./part-scope.ts";

const extensionKinds: readonly string[] = ["HTTPRouteFilter", "Middleware"] satisfies readonly ExtensionKind[];

/**
 * Finds the filter that a reference names, in the referrer's namespace or by grant in another. Findings about it are told for the
 * object itself, and count for the route, as its references do.
 */
export function findExtensionFilter(
  scope: BackendScope,
  ref: FilterReference,
  place: PartPlace,
): ReturnType<FilterFinder["findFilter"]> {
  const kind = kindOf(ref.group, ref.kind);
  if (kind === undefined || !extensionKinds.includes(kind)) return "unknownKind";
  const { referrer, context } = scope;
  const namespace = ref.namespace ?? referrer.metadata.namespace;
  const from = { group: groupOf(referrer.apiVersion), kind: referrer.kind, namespace: referrer.metadata.namespace };
  if (!isReferenceGranted(context.snapshot, from, { ...ref, namespace })) return "notPermitted";
  return findObject(kind as ExtensionKind, { ...ref, namespace, place }, scope) ?? "missing";
}

function findObject<K extends ExtensionKind>(
  kind: K,
  { group, namespace, name, place }: NameInGroup & { readonly place: PartPlace },
  scope: BackendScope,
): ExtensionFilter | undefined {
  const filter = resolveObject(scope.context.snapshot, kind, { group, namespace, name });
  if (filter === undefined) return undefined;
  const own: BackendScope = { ...scope, referrer: filter as Resource<ExtensionKind> };
  const unserved = unservedFields(kind, filter.spec);
  for (const { pointer, path, reason, safe } of unserved) {
    reportIn(own, safe === "yes" ? "extension-field-unserved" : "extension-filter-invalid", {
      pointer,
      message: `${dotted(path)} is set. ${reason}`,
      fix: `Remove ${dotted(path)}.`,
    });
  }
  const found: FilterObject<K> = {
    kind,
    filter,
    isServed: unserved.every(({ safe }) => safe === "yes"),
    partScope: (pointer) => partScope(own, pointer, place),
    findFilter: (ref) => findExtensionFilter(own, ref, place),
  };
  // One of the union, which is made of the same rows.
  return found as unknown as ExtensionFilter;
}

function partScope(scope: BackendScope, pointer: string, place: PartPlace): FilterPartScope {
  const report: FilterPartScope["report"] = (name, field, text) =>
    reportIn(scope, name, { ...text, pointer: `${pointer}${field}` });
  return {
    place,
    ...objectReaders(scope.context, () => scope.referrer, report),
    report,
    from: (field) => sourceOf(scope.referrer, `${pointer}${field}`),
    resolveBackend: (ref, field, use) => {
      const answer = resolveBackend(scope, ref, { pointer: `${pointer}${field}`, use });
      return answer.kind === "cluster" ? answer.cluster : undefined;
    },
    mistake: (field, text) => {
      report("extension-filter-invalid", field, text);
      return undefined;
    },
  };
}
