import type { DataPlane } from "../infrastructure/data-plane.ts";
import type { KubeObject } from "../kube/kube-client.ts";
import { labelValue, objectName } from "./object-name.ts";

/** Selects everything that any Sluice has made, also of other releases; what it made for whom, annotations say. */
export const managedSelector = "app.kubernetes.io/managed-by=sluice,app.kubernetes.io/component=data-plane";

/** Of the object as it was last wanted, so that what is as wanted is not written again. */
export const hashAnnotation = "gateway.sluice.dev/desired-hash";
/** The controllerName of the Sluice that made the object: another's is left alone. */
export const controllerAnnotation = "gateway.sluice.dev/controller";
/** Key of the data plane that the object is for. */
export const planeAnnotation = "gateway.sluice.dev/data-plane";

const planeLabel = "gateway.sluice.dev/data-plane";

/** Says which pods are a data plane's. Never changes: the selector of a Deployment cannot. */
export function podSelector(plane: DataPlane): Readonly<Record<string, string>> {
  return { [planeLabel]: objectName(plane) };
}

/** Labels of every object of a data plane; ours win, because selectors rely on them. */
export function objectLabels(plane: DataPlane, extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [gateway] = plane.gateways;
  return {
    ...(plane.mode === "own" ? gateway?.labels : {}),
    ...extra,
    "app.kubernetes.io/name": "sluice",
    "app.kubernetes.io/instance": objectName(plane),
    "app.kubernetes.io/component": "data-plane",
    "app.kubernetes.io/managed-by": "sluice",
    "gateway.networking.k8s.io/gateway-class-name": labelValue(plane.title.className),
    ...(plane.mode === "own" ? { "gateway.networking.k8s.io/gateway-name": labelValue(plane.title.name) } : {}),
    ...podSelector(plane),
  };
}

/** Annotations that users ask for, on every object of a data plane. */
export function objectAnnotations(
  plane: DataPlane,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { ...(plane.mode === "own" ? plane.gateways[0]?.annotations : {}), ...extra };
}

/**
 * With an owner, Kubernetes deletes the objects when the Gateway is gone, also while no controller runs. A shared data plane
 * has none: its Gateways may be in other namespaces.
 */
export function ownerReferences(plane: DataPlane): readonly KubeObject[] | undefined {
  const [gateway] = plane.gateways;
  if (plane.mode !== "own" || gateway?.uid === undefined) return undefined;
  const { name, uid } = gateway;
  return [{ apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway", name, uid, controller: true }];
}
