import type { KubeClient } from "../../kube/kube-client.ts";
import { apiVersionOf, managedKindNames, managedKinds } from "../../provision/managed-kinds.ts";
import { type LiveObject, readLive } from "../../provision/managed-object.ts";
import { controllerAnnotation, managedSelector } from "../../provision/object-labels.ts";
import { mayDelete } from "../../provision/ownership.ts";
import type { Installation } from "../installation.ts";
import { listAll, removeObject } from "./own-objects.ts";

/** Objects of data planes that controllers of these names have made, what runs first. */
export async function listDataPlanes(
  client: KubeClient,
  controllerNames: readonly string[],
): Promise<readonly LiveObject[]> {
  if (controllerNames.length === 0) return [];
  const found = await Promise.all(
    managedKindNames.toReversed().map(async (kind) => {
      const items = await listAll(client, managedKinds[kind], managedSelector);
      return items.flatMap((item) => readLive({ ...item, apiVersion: apiVersionOf(kind), kind }) ?? []);
    }),
  );
  return found.flat().filter((live) => controllerNames.some((name) => mayDelete(live, name)));
}

/** Whether a controller with these options still looks after the object. */
export function isLookedAfter(live: LiveObject, installation: Installation): boolean {
  const { controllerName, plane, watchNamespaces, dataPlaneNamespaces, namespace } = installation;
  if (plane !== "provisioned" || live.annotations[controllerAnnotation] !== controllerName) return false;
  if (live.kind === "NetworkPolicy" && !installation["networkPolicy.create"]) return false;
  const named = dataPlaneNamespaces.length > 0 ? dataPlaneNamespaces : watchNamespaces;
  return named.length === 0 || [...named, namespace].includes(live.namespace);
}

export async function removeDataPlane(
  client: KubeClient,
  { kind, namespace, name, object }: LiveObject,
): Promise<void> {
  await removeObject(client, object, { ...managedKinds[kind], namespace, name });
}

export const printDataPlane = ({ kind, namespace, name }: LiveObject): string => `${kind} ${namespace}/${name}`;
