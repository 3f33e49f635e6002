import { hashText } from "../base/hash.ts";
import type { ResourcePath } from "./kube-client.ts";

/** What `kubectl describe` is to show below an object. Equal ones are one event. */
export type ObjectEvent = {
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    /** Absent for cluster-scoped objects. */
    readonly namespace?: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly type: "Normal" | "Warning";
  /** In CamelCase; at most 128 characters. */
  readonly reason: string;
  /** For people; cut after 1,024 bytes of UTF-8. */
  readonly note: string;
};

/** Events that hold now and did not before, and those of which it is the other way round. */
export type EventChanges = { readonly began: readonly ObjectEvent[]; readonly ended: readonly ObjectEvent[] };

const noteLimitBytes = 1024;

/** Cut at a whole character, with `…` at the end when something is missing. */
export function cutNote(note: string): string {
  if (Buffer.byteLength(note) <= noteLimitBytes) return note;
  const head = Buffer.from(note).subarray(0, noteLimitBytes - 3);
  return `${new TextDecoder().decode(head).replace(/\ufffd+$/, "")}…`;
}

/** Equal for events that say the same about the same object, in any process. A valid name: RFC 1123, at most 253. */
export function eventName(event: ObjectEvent): string {
  const readable = event.regarding.name.slice(0, 200).replace(/[^a-z0-9]+$/, "");
  return `${readable}.${hashText(eventKey(event))}`;
}

/** Equal for events that are one. */
export function eventKey({ regarding, type, reason, note }: ObjectEvent): string {
  return JSON.stringify([regarding.uid, type, reason, note]);
}

/** Events about cluster-scoped objects live in `default`. Spec: validation of events.k8s.io. */
export function eventNamespace({ regarding }: ObjectEvent): string {
  return regarding.namespace ?? "default";
}

/** Where events about the same object are. */
export function eventPath(event: ObjectEvent): ResourcePath {
  return { group: "events.k8s.io", version: "v1", plural: "events", namespace: eventNamespace(event) };
}
