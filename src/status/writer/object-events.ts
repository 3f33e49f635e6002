import { listChanges } from "../../base/list-changes.ts";
import type { Finding, ObjectRef } from "../../finding/finding.ts";
import type { EventChanges, ObjectEvent } from "../../kube/object-event.ts";
import { namespacedName } from "../../resource/keys.ts";
import { kindNames, kindOf } from "../../resource/kinds.ts";
import { changedObjects } from "../../store/changed-objects.ts";
import { keyIn, keyOf } from "../../store/create-snapshot.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { MergedStatus } from "../condition.ts";

export type EventTurn = {
  readonly findings: readonly Finding[];
  readonly status: MergedStatus;
  /** The objects that both are about: who is not in it has no event. */
  readonly snapshot: Snapshot;
};

/** What an event follows from. */
type Source = Finding | MergedStatus[number];
type Said = Pick<ObjectEvent, "type" | "reason" | "note">;

/** Events for `kubectl describe`: a warning for each error and warning among the findings, and what a data plane serves. */
export class ObjectEvents {
  #turn: EventTurn | undefined;
  readonly #events = new Map<Source, ObjectEvent>();
  /** By kind and name of the object. */
  readonly #about = new Map<string, Set<Source>>();

  /** Takes a turn in, at the cost of what it changed. Returns which events hold now that did not, and which do no more. */
  take(turn: EventTurn): EventChanges {
    const before = this.#turn;
    this.#turn = turn;
    const findings = listChanges(before?.findings ?? [], turn.findings);
    const statuses = listChanges(before?.status ?? [], turn.status);
    const ended: ObjectEvent[] = [];
    const stale = new Set<Source>([...findings.gone, ...statuses.gone]);
    const came = new Set<Source>([...findings.came, ...statuses.came]);
    for (const source of this.#ofChangedObjects(before?.snapshot, turn.snapshot)) {
      // What is gone says nothing any more, and what stays may say it of another object.
      if (!stale.has(source)) came.add(source);
      stale.add(source);
    }
    for (const source of stale) {
      const event = this.#events.get(source);
      if (event) ended.push(event);
      this.#forget(source);
    }
    const began: ObjectEvent[] = [];
    for (const source of came) {
      const said = "body" in source ? saidOfStatus(source) : saidOfFinding(source);
      if (said === undefined) continue;
      const key = placeOf(refOf(source));
      this.#about.set(key, (this.#about.get(key) ?? new Set()).add(source));
      const event = eventAbout(refOf(source), turn.snapshot, said);
      if (event === undefined) continue;
      this.#events.set(source, event);
      began.push(event);
    }
    return { began, ended };
  }

  #ofChangedObjects(before: Snapshot | undefined, after: Snapshot): readonly Source[] {
    if (before === undefined) return [];
    return kindNames.flatMap((kind) =>
      changedObjects(before.list(kind), after.list(kind)).flatMap((change) => [
        ...(this.#about.get(`${kind} ${keyOf((change.after ?? change.before)!)}`) ?? []),
      ]),
    );
  }

  #forget(source: Source): void {
    this.#events.delete(source);
    const key = placeOf(refOf(source));
    const about = this.#about.get(key);
    about?.delete(source);
    if (about?.size === 0) this.#about.delete(key);
  }
}

function refOf(source: Source): ObjectRef {
  return "body" in source ? source.ref : source.object;
}

function placeOf({ group, kind, namespace, name }: ObjectRef): string {
  const known = kindOf(group, kind);
  return `${known ?? ""} ${known === undefined ? namespacedName(namespace, name) : keyIn(known, namespace, name, group)}`;
}

function saidOfFinding({ severity, name, message, fix }: Finding): Said | undefined {
  if (severity === "info") return undefined;
  return {
    type: "Warning",
    reason: camelCase(name),
    note: [message, fix].filter((part) => part !== "").join(" "),
  };
}

function saidOfStatus({ body }: MergedStatus[number]): Said | undefined {
  if (body.shape !== "gateway" && body.shape !== "listenerSet") return undefined;
  if (!body.conditions.some(({ type, status }) => type === "Programmed" && status === "True")) return undefined;
  const addresses = body.shape === "gateway" ? body.addresses.map(({ value }) => value).join(", ") : "";
  const note = addresses === "" ? "The data plane serves it." : `The data plane serves it at ${addresses}.`;
  return { type: "Normal", reason: "Programmed", note };
}

function eventAbout(ref: ObjectRef, snapshot: Snapshot, said: Said): ObjectEvent | undefined {
  const known = kindOf(ref.group, ref.kind);
  const object = known && snapshot.get(known, ref.namespace, ref.name, ref.group);
  const uid = object?.metadata.uid;
  if (!object || uid === undefined) return undefined;
  const { apiVersion } = object;
  const { kind, namespace, name } = ref;
  return { ...said, regarding: { apiVersion, kind, name, uid, ...(namespace === undefined ? {} : { namespace }) } };
}

/** `parent-ref-no-match` → `ParentRefNoMatch`. */
function camelCase(name: string): string {
  return name.replace(/(^|-)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase());
}
