import { issueClient, isUsableClient, type StreamAuthority } from "../config-stream/stream-authority.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { LiveObjects } from "../provision/live-objects.ts";
import { managedKinds, usedKinds } from "../provision/managed-kinds.ts";
import { managedSelector } from "../provision/object-labels.ts";
import { Provisioner, type ProvisionerOptions } from "../provision/provisioner.ts";
import { Reflector } from "../source/kube/reflector.ts";

export type OpenProvisionerOptions = Omit<ProvisionerOptions, "live" | "certificates"> & {
  readonly client: KubeClient;
  /** The authority of the configuration stream as it is now. */
  readonly authority: () => StreamAuthority;
};

/** A provisioner with the watches of what it made; it acts once it has been given what is wanted. */
export interface OpenProvisioner extends AsyncDisposable {
  readonly provisioner: Provisioner;
}

/** Begins to watch the objects of data planes. */
export function openProvisioner({ authority, ...options }: OpenProvisionerOptions): OpenProvisioner {
  const { client, namespaces } = options;
  const live = new LiveObjects();
  const provisioner = new Provisioner({
    ...options,
    live,
    certificates: {
      issue: (identity, nowMs) => issueClient(authority(), identity, nowMs),
      isUsable: (stored, identity, nowMs) => isUsableClient(stored, identity, { authority: authority(), nowMs }),
      bundlePem: () => authority().bundlePem,
    },
  });
  const places = namespaces.length === 0 ? [undefined] : namespaces;
  const reflectors = usedKinds(options).flatMap((kind) =>
    places.map(
      (namespace) =>
        new Reflector({
          client,
          path: { ...managedKinds[kind], ...(namespace === undefined ? {} : { namespace }) },
          selection: { labelSelector: managedSelector },
          sink: live.sink(kind, namespace),
        }),
    ),
  );
  const closing = new AbortController();
  const running = reflectors.map((reflector) => reflector.run(closing.signal));
  return {
    provisioner,
    async [Symbol.asyncDispose]() {
      await provisioner.close();
      closing.abort();
      await Promise.all(running);
    },
  };
}
