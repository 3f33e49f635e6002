import { dotted } from "../../resource/json.ts";
import { kindOf } from "../../resource/kinds.ts";
import { unservedFields } from "../../served/unserved-fields.ts";
import { resolveObject } from "../../store/resolve-object.ts";
import { resolveBackend } from "../backend/backend.ts";
import { type BackendScope, reportIn } from "../backend/backend-scope.ts";
import { objectReaders } from "../policy/object-readers.ts";
import type { ExtensionFilter, FilterField } from "./filter-scope.ts";
import type { PartPlace, PartScope } from "./part-scope.ts";

/**
 * Finds the filter that a reference names, in the referrer's namespace. Findings about it are told for the object itself, and count
 * for the route, as its references do.
 */
export function findExtensionFilter(
  scope: BackendScope,
  { group, kind, name }: FilterField<"extensionRef">,
  place: PartPlace,
): ExtensionFilter | "missing" | "unknownKind" {
  if (kindOf(group, kind) !== "HTTPRouteFilter") return "unknownKind";
  const { namespace } = scope.referrer.metadata;
  const filter = resolveObject(scope.context.snapshot, "HTTPRouteFilter", { group, namespace, name });
  if (filter === undefined) return "missing";
  const own: BackendScope = { ...scope, referrer: filter };
  const unserved = unservedFields("HTTPRouteFilter", filter.spec);
  for (const { pointer, path, reason } of unserved) {
    reportIn(own, "extension-filter-invalid", {
      pointer,
      message: `${dotted(path)} is set. ${reason}`,
      fix: `Remove ${dotted(path)}.`,
    });
  }
  return { filter, isServed: unserved.length === 0, partScope: (pointer) => partScope(own, pointer, place) };
}

function partScope(scope: BackendScope, pointer: string, place: PartPlace): PartScope {
  const tell: Parameters<typeof objectReaders>[2] = (name, field, text) =>
    reportIn(scope, name, { ...text, pointer: `${pointer}${field}` });
  return {
    place,
    ...objectReaders(scope.context, () => scope.referrer, tell),
    resolveBackend: (ref, field, use) => {
      const answer = resolveBackend(scope, ref, { pointer: `${pointer}${field}`, use });
      return answer.kind === "cluster" ? answer.cluster : undefined;
    },
    mistake: (field, text) => {
      tell("extension-filter-invalid", field, text);
      return undefined;
    },
  };
}
