/** The controller's pods, and which of them leads. */
import { type ApiObject, at } from "../../test/cluster/api-object.ts";
import type { Scene } from "../../test/cluster/feature.ts";
import { type PodProcess, processesOf } from "../../test/cluster/pod-process.ts";

const leaseApi = "coordination.k8s.io/v1";

export async function controllerProcesses({ cluster, controllerNamespace }: Scene): Promise<readonly PodProcess[]> {
  const pods = await cluster.list(
    { apiVersion: "v1", kind: "Pod", namespace: controllerNamespace },
    "app.kubernetes.io/component=controller",
  );
  const processes = processesOf(pods);
  if (processes.length === 0) throw new Error(`no controller runs in namespace ${controllerNamespace}`);
  return processes;
}

/** The Lease that the controllers share, as it stands. */
export async function findLease({ cluster, controllerNamespace }: Scene): Promise<ApiObject> {
  const leases = await cluster.list({ apiVersion: leaseApi, kind: "Lease", namespace: controllerNamespace });
  const [lease] = leases;
  if (lease === undefined) throw new Error(`there is no Lease in namespace ${controllerNamespace}`);
  return lease;
}

/** `""` when nobody holds it. */
export function holderOf(lease: ApiObject): string {
  return String(at(lease, "spec", "holderIdentity") ?? "");
}

/** The process that leads: candidates have the name of their pod in their identity. */
export async function leaderProcess(scene: Scene): Promise<PodProcess> {
  const holder = holderOf(await findLease(scene));
  const leader = (await controllerProcesses(scene)).find(({ pod }) => holder.startsWith(pod));
  if (leader === undefined) throw new Error(`the Lease is held by "${holder}", which is none of the controllers' pods`);
  return leader;
}
