import type { Finding, ObjectRef } from "../../finding/finding.ts";
import type { ObjectEvent } from "../../kube/object-event.ts";
import { kindOf } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { MergedStatus } from "../condition.ts";

export type EventTurn = {
  readonly findings: readonly Finding[];
  readonly status: MergedStatus;
  /** The objects that both are about: who is not in it has no event. */
  readonly snapshot: Snapshot;
};

/** Events for `kubectl describe`: a warning for each error and warning among the findings, and what a data plane serves. Pure. */
export function objectEvents({ findings, status, snapshot }: EventTurn): readonly ObjectEvent[] {
  const warnings = findings.flatMap((finding): ObjectEvent[] => {
    if (finding.severity === "info") return [];
    const note = [finding.message, finding.fix].filter((part) => part !== "").join(" ");
    return eventAbout(finding.object, snapshot, { type: "Warning", reason: camelCase(finding.name), note });
  });
  const served = status.flatMap(({ ref, body }): ObjectEvent[] => {
    if (body.shape !== "gateway" && body.shape !== "listenerSet") return [];
    if (!body.conditions.some((condition) => condition.type === "Programmed" && condition.status === "True")) return [];
    const addresses = body.shape === "gateway" ? body.addresses.map(({ value }) => value).join(", ") : "";
    const note = addresses === "" ? "The data plane serves it." : `The data plane serves it at ${addresses}.`;
    return eventAbout(ref, snapshot, { type: "Normal", reason: "Programmed", note });
  });
  return [...warnings, ...served];
}

function eventAbout(
  ref: ObjectRef,
  snapshot: Snapshot,
  event: Pick<ObjectEvent, "type" | "reason" | "note">,
): ObjectEvent[] {
  const known = kindOf(ref.group, ref.kind);
  const object = known && snapshot.get(known, ref.namespace, ref.name);
  const uid = object?.metadata.uid;
  if (!object || uid === undefined) return [];
  const { apiVersion, kind } = object;
  const { namespace, name } = ref;
  return [{ ...event, regarding: { apiVersion, kind, name, uid, ...(namespace === undefined ? {} : { namespace }) } }];
}

/** `parent-ref-no-match` → `ParentRefNoMatch`. */
function camelCase(name: string): string {
  return name.replace(/(^|-)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase());
}
