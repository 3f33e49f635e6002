import type { KubeClient, KubeObject } from "../../kube/kube-client.ts";
import type { Installation } from "../installation.ts";
import { ownerOf } from "../ownership.ts";
import { printInstalled } from "../resource-path.ts";
import { isLookedAfter, listDataPlanes, printDataPlane, removeDataPlane } from "./data-planes.ts";
import { listClasses, markClass, printSome } from "./gateway-classes.ts";
import { isBeingDeleted, listOwnObjects, removeInstalled } from "./own-objects.ts";

export type PruneOptions = {
  /** What has been applied. */
  readonly objects: readonly KubeObject[];
  readonly installation: Installation;
  /** The same installation before; absent when there was none. */
  readonly before: Installation | undefined;
  /** All others in the cluster. */
  readonly others: readonly Installation[];
  readonly say: (line: string) => void;
};

/**
 * Removes what the installation was with other options and is no longer: roles, Services, an unused GatewayClass, and data
 * planes that its controller does not look after any more. Namespaces and definitions stay.
 */
export async function prune(client: KubeClient, options: PruneOptions): Promise<void> {
  const { objects, installation, before, others, say } = options;
  const wanted = new Set(objects.map(printInstalled));
  const found = await listOwnObjects(client, installation.namespace);
  for (const object of found.toReversed()) {
    const shown = printInstalled(object);
    if (wanted.has(shown) || object["kind"] === "Namespace" || isBeingDeleted(object)) continue;
    // Helm's carry the label too.
    if (ownerOf(object, installation.namespace).kind !== "ours") continue;
    if (object["kind"] === "GatewayClass" && !(await mayGo(client, object, say))) continue;
    await removeInstalled(client, object);
    say(`  removed ${shown}`);
  }
  const names = [...new Set([before?.controllerName ?? installation.controllerName, installation.controllerName])];
  const own = names.filter((name) => !others.some(({ controllerName }) => controllerName === name));
  for (const live of await listDataPlanes(client, own)) {
    if (isLookedAfter(live, installation)) continue;
    await removeDataPlane(client, live);
    say(`  removed ${printDataPlane(live)}`);
  }
}

/** A class that Gateways use stays; of any other, the finalizer of a controller that has another name by now is taken off. */
async function mayGo(client: KubeClient, object: KubeObject, say: PruneOptions["say"]): Promise<boolean> {
  const classes = await listClasses(client);
  const state = classes.find(({ name }) => printInstalled(object) === `GatewayClass ${name}`);
  if (state === undefined) return false;
  if (state.gateways.length > 0) {
    say(`  kept GatewayClass ${state.name}: Gateways use it (${printSome(state.gateways)})`);
    return false;
  }
  await markClass(client, state.name, { finalizer: "remove", claimedBy: "" });
  return true;
}
