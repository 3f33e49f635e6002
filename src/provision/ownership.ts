import type { DataPlane } from "../infrastructure/data-plane.ts";
import type { LiveObject } from "./managed-object.ts";
import { controllerAnnotation, planeAnnotation } from "./object-labels.ts";

/**
 * Whose an existing object is. `ours`: made for this data plane. `leftover`: made for one of the same name that is gone.
 * `foreign`: anybody's else; it is never touched.
 */
export type Ownership = "ours" | "leftover" | "foreign";

/** Decides by who is written down as owner; a name alone proves nothing. */
export function ownershipOf(live: LiveObject, plane: DataPlane, controllerName: string): Ownership {
  const made =
    live.labels["app.kubernetes.io/managed-by"] === "sluice" && live.annotations[planeAnnotation] === plane.key;
  if (plane.mode === "shared") {
    return made && live.owners.length === 0 && live.annotations[controllerAnnotation] === controllerName
      ? "ours"
      : "foreign";
  }
  const uid = plane.gateways[0]?.uid;
  // An owner that is the Gateway itself is proof also when labels were taken off, or another controller had the class.
  if (uid !== undefined && live.owners.some((owner) => owner.kind === "Gateway" && owner.uid === uid)) return "ours";
  if (!made || live.annotations[controllerAnnotation] !== controllerName) return "foreign";
  if (live.owners.length === 0) return "ours";
  return live.owners.every(({ kind, name }) => kind === "Gateway" && name === plane.name) ? "leftover" : "foreign";
}

/** Whether an object may be deleted when no data plane wants it: this Sluice made it, and for the Gateway that it is marked with. */
export function mayDelete(live: LiveObject, controllerName: string): boolean {
  if (live.deleting || live.labels["app.kubernetes.io/managed-by"] !== "sluice") return false;
  if (live.annotations[controllerAnnotation] !== controllerName) return false;
  const plane = live.annotations[planeAnnotation];
  if (typeof plane !== "string") return false;
  return live.owners.every(({ kind, name }) => kind === "Gateway" && plane === `${live.namespace}/${name}`);
}
