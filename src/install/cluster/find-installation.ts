import type { KubeClient, KubeObject, ResourcePath } from "../../kube/kube-client.ts";
import { leasePath } from "../../kube/lease.ts";
import type { LiveObject } from "../../provision/managed-object.ts";
import { kinds } from "../../resource/kinds.ts";
import type { Installation } from "../installation.ts";
import { authoritySecret, leaseName } from "../names.ts";
import { installedKinds, printInstalled } from "../resource-path.ts";
import { listInstallations } from "./controllers.ts";
import { listDataPlanes } from "./data-planes.ts";
import { type ClassState, listClasses } from "./gateway-classes.ts";
import { isBeingDeleted, listAll, listOwnObjects, orAbsent } from "./own-objects.ts";

/** What there is of an installation, whatever options it was made with, and also of one that is half gone. */
export type FoundInstallation = {
  /** With its label, in the order in which they are applied. */
  readonly objects: readonly KubeObject[];
  /** What its controller keeps for itself, without label. */
  readonly kept: readonly { readonly shown: string; readonly path: ResourcePath; readonly object: KubeObject }[];
  /** Names that it serves and no other installation has. */
  readonly controllerNames: readonly string[];
  /** What its controller has made for Gateways. */
  readonly dataPlanes: readonly LiveObject[];
  /** All of the cluster. */
  readonly classes: readonly ClassState[];
  readonly others: readonly Installation[];
  /** Of Sluice's own kinds, which all installations share. */
  readonly definitions: readonly KubeObject[];
  /** All of the cluster. */
  readonly gatewayConfigs: number;
};

/** Reads the installation of a namespace from its own objects. */
export async function findInstallation(client: KubeClient, namespace: string): Promise<FoundInstallation> {
  const [objects, installations, classes, definitions, gatewayConfigs] = await Promise.all([
    listOwnObjects(client, namespace),
    listInstallations(client),
    listClasses(client),
    listAll(client, installedKinds.CustomResourceDefinition, "app.kubernetes.io/name=sluice"),
    listAll(client, gatewayConfigPath),
  ]);
  const others = installations.filter((one) => one.namespace !== namespace);
  const shown = new Set(objects.map(printInstalled));
  // Without the Deployment, classes still say who was in charge of them.
  const names = new Set([
    ...installations.flatMap((one) => (one.namespace === namespace ? [one.controllerName] : [])),
    ...classes.flatMap(({ name, controllerName, claimedBy }) =>
      claimedBy === namespace || shown.has(`GatewayClass ${name}`) ? [controllerName] : [],
    ),
  ]);
  for (const { controllerName } of others) names.delete(controllerName);
  const controllerNames = [...names];
  return {
    ...{ classes, others, definitions, controllerNames, gatewayConfigs: gatewayConfigs.length },
    objects: objects.filter((object) => !isBeingDeleted(object)),
    kept: await findKept(client, namespace),
    dataPlanes: await listDataPlanes(client, controllerNames),
  };
}

const gatewayConfigPath = {
  group: kinds.GatewayConfig.group,
  version: kinds.GatewayConfig.version,
  plural: kinds.GatewayConfig.plural,
};

async function findKept(client: KubeClient, namespace: string): Promise<FoundInstallation["kept"]> {
  const places = {
    Lease: leasePath(namespace, leaseName),
    Secret: { group: "", version: "v1", plural: "secrets", namespace, name: authoritySecret.name },
  };
  const found = await Promise.all(
    Object.entries(places).map(async ([kind, path]) => {
      const object = await orAbsent(client.get(path));
      return object === undefined ? [] : [{ shown: `${kind} ${namespace}/${path.name}`, path, object }];
    }),
  );
  return found.flat();
}
