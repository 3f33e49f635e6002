import type { KubeClient } from "../kube/kube-client.ts";
import { readKubeConfig } from "../kube/kube-config.ts";
import { openKubeClient } from "../kube/open-kube-client.ts";
import { patientClient } from "../kube/patient-client.ts";
import type { FlagValues } from "./flags.ts";

/** A cluster, with the user's own permissions; closed when it goes out of scope. */
export type ClusterClient = AsyncDisposable & {
  readonly client: KubeClient;
  /** Address of the API server, for messages. */
  readonly server: string;
};

/** Opens what `--kubeconfig` and `--context` name. `fieldManager`: who writes, if anything is written. Rejects with an `ApiAccessError` when there is no such cluster. */
export async function openClusterClient(
  { kubeconfig, context }: Pick<FlagValues, "kubeconfig" | "context">,
  fieldManager: "sluice-install" | "sluice-migrate",
): Promise<ClusterClient> {
  const access = await readKubeConfig({
    ...(kubeconfig === undefined ? {} : { file: kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
  const client = patientClient(openKubeClient({ access, fieldManager }));
  return { client, server: access.server, [Symbol.asyncDispose]: () => client.close() };
}
