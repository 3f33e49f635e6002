import type { KubeClient } from "../../kube/kube-client.ts";
import { type Installation, readInstallation } from "../installation.ts";
import { controllerLabels, controllerName as deploymentName } from "../names.ts";
import { installedKinds } from "../resource-path.ts";
import { listAll } from "./own-objects.ts";

/** Selects the controller's Deployment of every installation, and its pods. */
export const controllerSelector = Object.entries(controllerLabels)
  .map(([name, value]) => `${name}=${value}`)
  .join(",");

/** Every Sluice that is installed in the cluster, with the options that its controller runs with. */
export async function listInstallations(client: KubeClient): Promise<readonly Installation[]> {
  const deployments = await listAll(client, installedKinds.Deployment, controllerSelector);
  return deployments
    .filter(({ metadata }) => (metadata as { readonly name?: unknown }).name === deploymentName)
    .map(readInstallation);
}
