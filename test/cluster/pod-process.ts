/** Processes behind pods: the rig runs containers as plain processes of the machine. */
import { type ApiObject, at } from "./api-object.ts";
import type { Cluster } from "./cluster.ts";

export type PodProcess = {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly pid: number;
};

/** Of the running containers of pods: the rig's container ids end with the process id. */
export function processesOf(pods: readonly ApiObject[]): readonly PodProcess[] {
  return pods.flatMap((pod) => {
    const statuses = at(pod, "status", "containerStatuses");
    return (Array.isArray(statuses) ? statuses : []).flatMap((status) => {
      const pid = Number(
        String(at(status, "containerID") ?? "")
          .split("/")
          .at(-1),
      );
      if (!(pid > 0) || at(status, "state", "running") === undefined) return [];
      const { namespace = "", name } = pod.metadata;
      return [{ namespace, pod: name, container: String(at(status, "name")), pid }];
    });
  });
}

/** Label of everything that is provisioned for a Gateway. Spec: GEP-1762. */
export const gatewayNameLabel = "gateway.networking.k8s.io/gateway-name";

/** Of a Gateway's own data plane. */
export async function dataPlaneProcesses(
  cluster: Cluster,
  gateway: { readonly namespace: string; readonly name: string },
): Promise<readonly PodProcess[]> {
  const pods = await cluster.list(
    { apiVersion: "v1", kind: "Pod", namespace: gateway.namespace },
    `${gatewayNameLabel}=${gateway.name}`,
  );
  return processesOf(pods);
}
