import type { KubeClient } from "../kube/kube-client.ts";
import { readKubeConfig } from "../kube/kube-config.ts";
import { openKubeClient } from "../kube/open-kube-client.ts";
import { patientClient } from "../kube/patient-client.ts";
import type { FlagValues } from "./flags.ts";

/** The cluster that is installed into, with the user's own permissions; closed when it goes out of scope. */
export type InstallClient = AsyncDisposable & {
  readonly client: KubeClient;
  /** Address of the API server, for messages. */
  readonly server: string;
};

/** Opens what `--kubeconfig` and `--context` name. Rejects with an `ApiAccessError` when there is no such cluster. */
export async function openInstallClient({
  kubeconfig,
  context,
}: Pick<FlagValues, "kubeconfig" | "context">): Promise<InstallClient> {
  const access = await readKubeConfig({
    ...(kubeconfig === undefined ? {} : { file: kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
  const client = patientClient(openKubeClient({ access, fieldManager: "sluice-install" }));
  return { client, server: access.server, [Symbol.asyncDispose]: () => client.close() };
}
