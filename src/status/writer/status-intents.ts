import type { ObjectRef } from "../../finding/finding.ts";
import { type Kind, type KindRow, kindNames, kindOf, kinds } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { MergedStatus } from "../condition.ts";
import type { LiveObjects } from "./live-object.ts";
import { hasOwnEntries, type StatusIntent } from "./plan-status.ts";

/** What is wanted of one object, and of which: an object that was made anew is another one. */
export type WantedStatus = { readonly ref: ObjectRef; readonly uid: string; readonly intent: StatusIntent };

/** Kinds whose statuses have one entry for each controller. */
const sharedKinds = kindNames.filter((kind) => {
  const { status }: KindRow = kinds[kind];
  return status === "route" || status === "policy";
});

/** Names an object among all kinds. */
export function objectKey({ group, kind, namespace, name }: ObjectRef): string {
  return `${group}/${kind}/${namespace ?? ""}/${name}`;
}

/**
 * What a turn wants to stand in the statuses, by {@link objectKey}. Objects that it has no status for, and whose live status
 * has entries of ours, are to lose them: also those that an earlier run of the controller wrote.
 */
export function statusIntents(
  { status, snapshot }: { readonly status: MergedStatus; readonly snapshot: Snapshot },
  { live, controllerName }: { readonly live: LiveObjects; readonly controllerName: string },
): ReadonlyMap<string, WantedStatus> {
  const intents = new Map<string, WantedStatus>();
  for (const source of status) {
    const { ref } = source;
    const kind = kindOf(ref.group, ref.kind);
    const uid = kind && snapshot.get(kind, ref.namespace, ref.name)?.metadata.uid;
    if (uid !== undefined) intents.set(objectKey(ref), { ref, uid, intent: { kind: "set", source } });
  }
  for (const kind of sharedKinds) {
    for (const { metadata } of snapshot.list(kind)) {
      const ref = refOf(kind, metadata);
      const key = objectKey(ref);
      if (metadata.uid === undefined || intents.has(key)) continue;
      const { generation, uid } = metadata;
      if (hasOwnEntries(live.get(ref)?.status, controllerName)) {
        intents.set(key, { ref, uid, intent: { kind: "clear", generation } });
      }
    }
  }
  return intents;
}

function refOf(
  kind: Kind,
  { namespace, name }: { readonly namespace?: string | undefined; readonly name: string },
): ObjectRef {
  return { kind, group: kinds[kind].group, name, ...(namespace === undefined ? {} : { namespace }) };
}
