import type { Resource } from "../resource/kinds.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { nearName } from "./near-name.ts";
import type { FindingText } from "./report.ts";

/** What to say of a backend that does not exist: the mistyped name, or the namespace that has one of that name. */
export function describeMissing(
  snapshot: Snapshot,
  ref: { readonly kind: "Service" | "XBackend"; readonly namespace: string; readonly name: string },
): FindingText {
  const { kind, namespace, name } = ref;
  const names = namesOf(snapshot, kind);
  const missing = `${kind} ${namespace}/${name} does not exist.`;
  const near = nearName(name, names.byNamespace.get(namespace) ?? []);
  if (near !== undefined) {
    return { message: `${missing} Did you mean ${near}?`, fix: `Write \`name: ${near}\`, or create ${kind} ${name}.` };
  }
  const elsewhere = names.byName.get(name) ?? [];
  if (elsewhere.length > 0) {
    const listed = elsewhere.slice(0, 3).map((each) => JSON.stringify(each));
    return {
      message: `${missing} Namespace ${listed.join(", ")} has one of that name.`,
      fix: `Add \`namespace: ${elsewhere[0]}\` to the reference, and a ReferenceGrant in that namespace.`,
    };
  }
  return { message: missing, fix: `Create ${kind} ${name} in namespace "${namespace}", or correct the name.` };
}

type Names = {
  readonly byNamespace: ReadonlyMap<string, string[]>;
  readonly byName: ReadonlyMap<string, string[]>;
};
const namesBySnapshot = new WeakMap<Snapshot, { Service?: Names; XBackend?: Names }>();

/** Names for hints, gathered once, and only when a reference fails. Sorted, so that hints do not depend on input order. */
function namesOf(snapshot: Snapshot, kind: "Service" | "XBackend"): Names {
  const known = namesBySnapshot.get(snapshot) ?? {};
  namesBySnapshot.set(snapshot, known);
  const ready = known[kind];
  if (ready !== undefined) return ready;
  const byNamespace = new Map<string, string[]>();
  const byName = new Map<string, string[]>();
  const objects: readonly Resource<"Service" | "XBackend">[] = snapshot.list(kind);
  for (const { metadata } of objects) {
    append(byNamespace, metadata.namespace, metadata.name);
    append(byName, metadata.name, metadata.namespace);
  }
  for (const namespaces of byName.values()) namespaces.sort();
  const names = { byNamespace, byName };
  known[kind] = names;
  return names;
}

function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
