import type { Resource } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import { type ControllerName, controllerNames, controllers, ownerOf } from "../controllers/controllers.ts";

/** The class of an Ingress, by either of the two ways to write it; `""`: none is written. */
export function classNameOf({ metadata, spec }: Resource<"Ingress">): string {
  const field: unknown = spec?.ingressClassName;
  return metadata.annotations["kubernetes.io/ingress.class"] ?? (typeof field === "string" ? field : "");
}

/**
 * Whose Ingress it is: by its class, by the usual name of a class where there is no IngressClass, or else by its annotations.
 * `undefined`: it cannot be told.
 */
export function controllerOf(ingress: Resource<"Ingress">, snapshot: Snapshot): ControllerName | undefined {
  const className = classNameOf(ingress);
  const ingressClass = snapshot.get("IngressClass", undefined, className);
  const byAnnotations = mostUsed(Object.keys(ingress.metadata.annotations));
  if (ingressClass !== undefined) {
    const controller: unknown = ingressClass.spec?.controller;
    const named = controllerNames.find((name) =>
      (controllers[name].controllers as readonly unknown[]).includes(controller),
    );
    return named ?? byAnnotations;
  }
  const byName = controllerNames.find((name) =>
    (controllers[name].classNames as readonly string[]).includes(className),
  );
  // "nginx" is the usual name of two controllers' classes; annotations of the other one tell.
  if (byName === "ingress-nginx" && byAnnotations === "f5-nginx") return "f5-nginx";
  return byName ?? byAnnotations;
}

/** The controller that has most of the annotations; the first of the table among equals. */
function mostUsed(annotations: readonly string[]): ControllerName | undefined {
  const owners = annotations.map((annotation) => ownerOf(annotation)?.controller);
  const uses = controllerNames.map((name) => owners.filter((owner) => owner === name).length);
  const most = Math.max(...uses);
  return most === 0 ? undefined : controllerNames[uses.indexOf(most)];
}
