import { hashJson } from "../base/hash.ts";
import { unreachable } from "../base/unreachable.ts";
import { recordOf } from "../base/untrusted-json.ts";
import type { DataPlane } from "../infrastructure/data-plane.ts";
import type { KubeObject } from "../kube/kube-client.ts";
import type { DesiredObject, LiveObject, ObjectKey } from "./managed-object.ts";
import { hashAnnotation } from "./object-labels.ts";
import { mayDelete, ownershipOf } from "./ownership.ts";

/** One thing to do. */
export type Change =
  /** Nothing of this name is known to be there; somebody else's may be. */
  | { readonly kind: "create"; readonly desired: DesiredObject }
  | { readonly kind: "apply"; readonly desired: DesiredObject; readonly live: LiveObject }
  | { readonly kind: "delete"; readonly live: LiveObject }
  /** Another's object has the name: nothing is done. */
  | { readonly kind: "foreign"; readonly desired: DesiredObject };

/** What an object looked like after it was last written here. */
export type Written = {
  /** {@link ownFields} of it. */
  readonly fields: string;
  readonly atMs: number;
};

export type PlanInput = {
  readonly plane: DataPlane;
  readonly desired: readonly DesiredObject[];
  /** Objects of the data plane, and whatever else has one of the names. */
  readonly live: ReadonlyMap<ObjectKey, LiveObject>;
  readonly written: ReadonlyMap<ObjectKey, Written>;
  readonly controllerName: string;
  /** Objects are written again when the last time is longer ago. Milliseconds. */
  readonly renewMs: number;
  readonly nowMs: number;
};

/** What has to be done so that what is there is what should be, in order. Nothing when it is. Pure. */
export function planChanges(input: PlanInput): readonly Change[] {
  const { plane, desired, live, controllerName } = input;
  const changes = desired.flatMap((wanted): readonly Change[] => {
    const there = live.get(wanted.key);
    if (there === undefined) return [{ kind: "create", desired: wanted }];
    const ownership = ownershipOf(there, plane, controllerName);
    switch (ownership) {
      case "foreign":
        return [{ kind: "foreign", desired: wanted }];
      case "leftover":
        return there.deleting ? [] : [{ kind: "delete", live: there }];
      case "ours":
        return !there.deleting && isDifferent(wanted, there, input)
          ? [{ kind: "apply", desired: wanted, live: there }]
          : [];
      default:
        return unreachable(ownership);
    }
  });
  const wantedKeys = new Set(desired.map(({ key }) => key));
  const surplus = [...live.values()].filter(({ key }) => !wantedKeys.has(key));
  return [...changes, ...planDeletions(surplus, controllerName)];
}

/** What to delete of objects that nothing wants any more. */
export function planDeletions(surplus: readonly LiveObject[], controllerName: string): readonly Change[] {
  return surplus.filter((live) => mayDelete(live, controllerName)).map((live): Change => ({ kind: "delete", live }));
}

/**
 * Something else is wanted than what was last written, somebody has changed it since, or it is time to look after it. What an
 * earlier run wrote may have been changed while nobody looked, so each run writes it once: of an apply that changes nothing,
 * the API server makes no new version.
 */
function isDifferent(wanted: DesiredObject, there: LiveObject, { written, renewMs, nowMs }: PlanInput): boolean {
  const last = written.get(wanted.key);
  if (last === undefined || there.annotations[hashAnnotation] !== wanted.hash) return true;
  return nowMs - last.atMs >= renewMs || last.fields !== ownFields(wanted.object, there.object);
}

/** Maps that have one owner as a whole (`x-kubernetes-map-type: atomic`): a key that is added to a Service's selector is drift too. */
const atomicMaps: ReadonlySet<string> = new Set(["selector", "nodeSelector", "labelSelector"]);

/**
 * What an object says in the fields that we write, as one word. The server fills in defaults and rewrites quantities, so it
 * cannot be compared with what was wanted, only with what it was right after that was written.
 */
export function ownFields(wanted: KubeObject, there: KubeObject): string {
  return hashJson(project(wanted, there));
}

function project(wanted: unknown, there: unknown): unknown {
  if (Array.isArray(wanted)) {
    return Array.isArray(there)
      ? there.map((item, index) => (index < wanted.length ? project(wanted[index], item) : 0))
      : null;
  }
  if (typeof wanted !== "object" || wanted === null) return there ?? null;
  const record = recordOf(there);
  return Object.fromEntries(
    Object.entries(wanted).map(([key, value]) => {
      return [key, atomicMaps.has(key) ? (record[key] ?? null) : project(value, record[key])];
    }),
  );
}
