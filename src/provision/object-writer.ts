import { unreachable } from "../base/unreachable.ts";
import { recordOf } from "../base/untrusted-json.ts";
import type { DataPlane } from "../infrastructure/data-plane.ts";
import { type KubeClient, KubeError, type KubeObject, type ResourcePath } from "../kube/kube-client.ts";
import { managedKinds } from "./managed-kinds.ts";
import { type DesiredObject, type LiveObject, readLive } from "./managed-object.ts";
import { ownershipOf } from "./ownership.ts";

/** Under which name the API server remembers which fields are ours. */
const fieldManager = "sluice-provisioner";

/** What came of a write. `foreign`: another's object has the name. `gone`: what was in the way is being deleted. */
export type WriteResult =
  | { readonly kind: "written"; readonly live: LiveObject }
  | { readonly kind: "foreign" }
  | { readonly kind: "gone" };

/** Makes an object of which nothing is known; looks first whether somebody has the name. Rejects with a KubeError. */
export async function createObject(
  client: KubeClient,
  wanted: { readonly plane: DataPlane; readonly desired: DesiredObject; readonly controllerName: string },
  signal: AbortSignal,
): Promise<WriteResult> {
  const { plane, desired, controllerName } = wanted;
  const found = await find(client, desired, signal);
  if (found === undefined) return apply(client, desired, { signal, live: undefined });
  const ownership = ownershipOf(found, plane, controllerName);
  switch (ownership) {
    case "foreign":
      return { kind: "foreign" };
    case "leftover":
      if (!found.deleting) await deleteObject(client, found, signal);
      return { kind: "gone" };
    case "ours":
      return found.deleting ? { kind: "gone" } : apply(client, desired, { signal, live: found });
    default:
      return unreachable(ownership);
  }
}

/** Brings an object of ours to what it should be. Rejects with a KubeError; of status 409 when it is another by now. */
export function updateObject(
  client: KubeClient,
  { desired, live }: { readonly desired: DesiredObject; readonly live: LiveObject },
  signal: AbortSignal,
): Promise<WriteResult> {
  return apply(client, desired, { signal, live });
}

/** Deletes exactly this object, not one that came after it under its name. `gone`: it was not there any more. */
export async function deleteObject(
  client: KubeClient,
  live: LiveObject,
  signal: AbortSignal,
): Promise<"deleted" | "gone"> {
  try {
    await client.delete(pathOf(live), { uid: live.uid, signal });
    return "deleted";
  } catch (error) {
    if (!(error instanceof KubeError) || (error.status !== 404 && error.status !== 409)) throw error;
    return "gone";
  }
}

async function find(client: KubeClient, desired: DesiredObject, signal: AbortSignal): Promise<LiveObject | undefined> {
  try {
    const { apiVersion, kind } = desired.object;
    return readLive({ ...(await client.get(pathOf(desired), signal)), apiVersion, kind });
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

async function apply(
  client: KubeClient,
  desired: DesiredObject,
  { live, signal }: { readonly live: LiveObject | undefined; readonly signal: AbortSignal },
): Promise<WriteResult> {
  const patch = withReplicas(desired, live);
  const written = await client.patch(pathOf(desired), patch, { type: "apply", fieldManager, signal });
  const { apiVersion, kind } = desired.object;
  const read = readLive({ ...written, apiVersion, kind });
  if (read === undefined)
    throw new KubeError(`The API server's response for ${desired.key} is not a ${desired.kind}.`, { status: 0 });
  return { kind: "written", live: read };
}

/**
 * The patch, held to the object that was looked at. What an autoscaler decides is written back as it is, at the version that
 * was looked at: if the field were left out, the number would fall back to 1 when it was ours before.
 */
function withReplicas({ object, scaled }: DesiredObject, live: LiveObject | undefined): KubeObject {
  const metadata = recordOf(object["metadata"]);
  const identity = live === undefined ? {} : { uid: live.uid };
  if (scaled === undefined) return { ...object, metadata: { ...metadata, ...identity } };
  const { minReplicas, maxReplicas } = scaled;
  const now = Number(recordOf(live?.object["spec"])["replicas"] ?? minReplicas);
  const replicas = Math.min(Math.max(now, minReplicas), maxReplicas);
  const version = live === undefined ? {} : { resourceVersion: live.resourceVersion };
  return {
    ...object,
    metadata: { ...metadata, ...identity, ...version },
    spec: { ...recordOf(object["spec"]), replicas },
  };
}

function pathOf({ kind, namespace, name }: Pick<DesiredObject, "kind" | "namespace" | "name">): ResourcePath {
  return { ...managedKinds[kind], namespace, name };
}
