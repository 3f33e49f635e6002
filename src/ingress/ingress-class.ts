import type { Resource } from "../resource/kinds.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { IngressOptions } from "./ingress-options.ts";

const classAnnotation = "kubernetes.io/ingress.class";
const defaultAnnotation = "ingressclass.kubernetes.io/is-default-class";

/** The first of the classes that are served; `undefined`: there is none. One is served also while it has no Ingress. */
export function servedClass(
  snapshot: Snapshot,
  { classes, controllerName, withoutClass }: IngressOptions,
): string | undefined {
  const own = snapshot.list("IngressClass").filter(({ spec }) => spec.controller === controllerName);
  return classes[0] ?? own.map(({ metadata }) => metadata.name).sort()[0] ?? (withoutClass ? "none" : undefined);
}

/** Whether the statuses of a class are ours to write: nobody else's controller is named for it, or it is told to leave them. */
export function writesStatus(snapshot: Snapshot, className: string, options: IngressOptions): boolean {
  const controller = snapshot.get("IngressClass", undefined, className)?.spec.controller;
  return options.foreignStatus || controller === undefined || controller === options.controllerName;
}

/**
 * Tells Ingresses that are to be served from those of other controllers. The old annotation counts before `ingressClassName`; an
 * Ingress with neither belongs to the default class. Spec: Ingress.spec.ingressClassName; ingress-nginx, IsValid.
 */
export function ingressesOfClass(
  snapshot: Snapshot,
  options: IngressOptions,
): (ingress: Resource<"Ingress">) => boolean {
  const existing = snapshot.list("IngressClass");
  const ours = new Set(
    options.classes.length > 0
      ? options.classes
      : existing.filter(({ spec }) => spec.controller === options.controllerName).map(({ metadata }) => metadata.name),
  );
  const hasDefault = existing.some(
    ({ metadata }) => ours.has(metadata.name) && metadata.annotations[defaultAnnotation] === "true",
  );
  const othersDefault = existing.some(
    ({ metadata }) => !ours.has(metadata.name) && metadata.annotations[defaultAnnotation] === "true",
  );
  const withoutClass = hasDefault || (options.withoutClass && !othersDefault);
  return ({ metadata, spec }) => {
    const named = metadata.annotations[classAnnotation] ?? spec.ingressClassName;
    return named === undefined || named === "" ? withoutClass : ours.has(named);
  };
}
