import type { Snapshot } from "../../store/snapshot.ts";
import { indexByName, indexByNamespace } from "../../store/snapshot-index.ts";
import { nearName } from "../reference/near-name.ts";
import type { FindingText } from "../report/report.ts";

const indexes = {
  Service: { byNamespace: indexByNamespace("Service"), byName: indexByName("Service") },
  Backend: { byNamespace: indexByNamespace("Backend"), byName: indexByName("Backend") },
  XBackend: { byNamespace: indexByNamespace("XBackend"), byName: indexByName("XBackend") },
} as const;

/** What to say of a backend that does not exist: the mistyped name, or the namespace that has one of that name. */
export function describeMissing(
  snapshot: Snapshot,
  ref: { readonly kind: "Service" | "XBackend" | "Backend"; readonly namespace: string; readonly name: string },
): FindingText {
  const { kind, namespace, name } = ref;
  const { byNamespace, byName } = indexes[kind];
  const missing = `${kind} ${namespace}/${name} does not exist.`;
  const near = nearName(
    name,
    snapshot.find<typeof kind>(byNamespace, namespace).map(({ metadata }) => metadata.name),
  );
  if (near !== undefined) {
    return { message: `${missing} Did you mean ${near}?`, fix: `Write \`name: ${near}\`, or create ${kind} ${name}.` };
  }
  const elsewhere = snapshot
    .find<typeof kind>(byName, name)
    .map(({ metadata }) => metadata.namespace)
    .sort();
  if (elsewhere.length > 0) {
    const listed = elsewhere.slice(0, 3).map((each) => JSON.stringify(each));
    return {
      message: `${missing} Namespace ${listed.join(", ")} has one of that name.`,
      fix: `Add \`namespace: ${elsewhere[0]}\` to the reference, and a ReferenceGrant in that namespace.`,
    };
  }
  return { message: missing, fix: `Create ${kind} ${name} in namespace "${namespace}", or correct the name.` };
}
