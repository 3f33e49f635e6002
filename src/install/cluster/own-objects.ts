import { recordOf } from "../../base/untrusted-json.ts";
import { type KubeClient, KubeError, type KubeObject, type ResourcePath } from "../../kube/kube-client.ts";
import { installationLabel } from "../ownership.ts";
import { installedKindNames, installedKinds, installedPath } from "../resource-path.ts";

/** What carries the label of an installation, in the order in which it is applied. */
export async function listOwnObjects(client: KubeClient, installation: string): Promise<readonly KubeObject[]> {
  const labelSelector = `${installationLabel}=${installation}`;
  const found = await Promise.all(
    installedKindNames.map(async (kind) => {
      const { group, version } = installedKinds[kind];
      const items = await listAll(client, installedKinds[kind], labelSelector);
      return items.map((item) => ({ ...item, apiVersion: group === "" ? version : `${group}/${version}`, kind }));
    }),
  );
  return found.flat();
}

/** All objects of a kind, in every namespace; none where the cluster does not have the kind. */
export async function listAll(
  client: KubeClient,
  path: ResourcePath,
  labelSelector?: string,
): Promise<readonly KubeObject[]> {
  const list = await orAbsent(client.list(path, labelSelector === undefined ? {} : { labelSelector }));
  return list?.items ?? [];
}

/** Deletes this very object: one of the same name that was made since stays. Gone already is no failure. */
export async function removeObject(client: KubeClient, object: KubeObject, path: ResourcePath): Promise<void> {
  const { uid } = recordOf(object["metadata"]);
  await orAbsent(client.delete(path, typeof uid === "string" ? { uid } : {}));
}

/** {@link removeObject} of a kind that an installation consists of. */
export async function removeInstalled(client: KubeClient, object: KubeObject): Promise<void> {
  await removeObject(client, object, installedPath(object));
}

/** `undefined` for what is not there. */
export async function orAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

export function isBeingDeleted(object: KubeObject): boolean {
  return recordOf(object["metadata"])["deletionTimestamp"] !== undefined;
}
