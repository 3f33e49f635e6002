import { listChanges } from "../../base/list-changes.ts";
import type { ObjectRef } from "../../finding/finding.ts";
import { groupKindOf, type Kind, type KindRow, kindNames, kindOf, kinds, type Resource } from "../../resource/kinds.ts";
import { changedObjects } from "../../store/changed-objects.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { MergedStatus } from "../condition.ts";
import type { LiveObjects } from "./live-object.ts";
import { hasOwnEntries, type StatusIntent } from "./plan-status.ts";

/** What a turn of the control loop concluded, and the objects that it concluded it from. */
export type StatusTurn = { readonly status: MergedStatus; readonly snapshot: Snapshot };

/** What is wanted of one object, and of which: an object that was made anew is another one. */
export type WantedStatus = { readonly ref: ObjectRef; readonly uid: string; readonly intent: StatusIntent };

const kindsWithStatus = kindNames.filter((kind) => "status" in kinds[kind]);
/** Kinds whose statuses have one entry for each controller. */
const sharedKinds: ReadonlySet<Kind> = new Set(
  kindNames.filter((kind) => {
    const { status }: KindRow = kinds[kind];
    return status === "route" || status === "policy";
  }),
);

/** Names an object among all kinds. */
export function objectKey({ group, kind, namespace, name }: ObjectRef): string {
  return `${group}/${kind}/${namespace ?? ""}/${name}`;
}

/**
 * What the newest turn wants to stand in the statuses. Objects that it has no status for, and whose live status has entries of
 * ours, are to lose them: also those that an earlier run of the controller wrote.
 */
export class StatusIntents {
  readonly #live: LiveObjects;
  readonly #controllerName: string;
  readonly #statuses = new Map<string, MergedStatus[number]>();
  #turn: StatusTurn | undefined;

  constructor({ live, controllerName }: { readonly live: LiveObjects; readonly controllerName: string }) {
    this.#live = live;
    this.#controllerName = controllerName;
  }

  /**
   * Takes a turn in. Returns what is wanted now of the objects that changed since the turn before, or of which it says something
   * else, by {@link objectKey}; `undefined`: nothing.
   */
  take(turn: StatusTurn): ReadonlyMap<string, WantedStatus | undefined> {
    const before = this.#turn;
    this.#turn = turn;
    const touched = new Map<string, ObjectRef>();
    const { came, gone } = listChanges(before?.status ?? [], turn.status);
    for (const { ref } of gone) {
      touched.set(objectKey(ref), ref);
      this.#statuses.delete(objectKey(ref));
    }
    for (const status of came) {
      touched.set(objectKey(status.ref), status.ref);
      this.#statuses.set(objectKey(status.ref), status);
    }
    for (const kind of kindsWithStatus) {
      for (const { before: old, after } of changedObjects(
        before?.snapshot.list(kind) ?? [],
        turn.snapshot.list(kind),
      )) {
        const ref = refOf((after ?? old)!);
        touched.set(objectKey(ref), ref);
      }
    }
    return new Map([...touched].map(([key, ref]) => [key, this.of(ref)]));
  }

  /** What is wanted of one object now. */
  of(ref: ObjectRef): WantedStatus | undefined {
    const kind = kindOf(ref.group, ref.kind);
    const metadata = kind && this.#turn?.snapshot.get(kind, ref.namespace, ref.name, ref.group)?.metadata;
    if (kind === undefined || metadata?.uid === undefined) return undefined;
    const { uid, generation } = metadata;
    const source = this.#statuses.get(objectKey(ref));
    if (source) return { ref: source.ref, uid, intent: { kind: "set", source } };
    if (!sharedKinds.has(kind) || !hasOwnEntries(this.#live.get(ref)?.status, this.#controllerName)) return undefined;
    return { ref, uid, intent: { kind: "clear", generation } };
  }
}

function refOf(resource: Resource): ObjectRef {
  const { namespace, name } = resource.metadata;
  const { group, kind } = groupKindOf(resource);
  return { kind, group, name, ...(namespace === undefined ? {} : { namespace }) };
}
