import { type KubeClient, KubeError, type KubeObject } from "../../kube/kube-client.ts";
import { installedPath } from "../resource-path.ts";

/**
 * Namespaces that objects are for, which neither the cluster has nor one of the objects makes. Who may not read namespaces
 * learns of a missing one when an object is refused.
 */
export async function missingNamespaces(
  client: KubeClient,
  objects: readonly KubeObject[],
): Promise<readonly string[]> {
  const paths = objects.map((object) => installedPath(object));
  const made = new Set(paths.filter(({ plural }) => plural === "namespaces").map(({ name }) => name));
  const needed = new Set(paths.flatMap(({ namespace }) => namespace ?? []));
  const missing: string[] = [];
  for (const name of needed) {
    if (made.has(name)) continue;
    try {
      await client.get({ group: "", version: "v1", plural: "namespaces", name });
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (error.status === 404) missing.push(name);
      else if (error.status !== 403) throw error;
    }
  }
  return missing;
}
