import type { IngressModel, IngressServer } from "../../ingress/ingress-model.ts";
import type { SourceRef } from "../../ir/source-ref.ts";
import type { SecretName } from "./convert-feature.ts";
import type { ConvertOptions } from "./options.ts";
import type { Workspace } from "./workspace.ts";

export type HostCertificate = { readonly certificate: SecretName; readonly comment: string };

/**
 * The Secret of a host's certificate: the one that is written, also if it is not among the objects that were read, as it is when a
 * chart is converted. `undefined`: none is written.
 */
export function certificateOf(
  server: IngressServer,
  hasDefault: boolean,
  workspace: Workspace,
): HostCertificate | undefined {
  const { certificate, owner, hostname } = server;
  if (certificate.kind === "none") return undefined;
  const { from } = certificate;
  const comment = `certificate of ${hostname || "all hosts"}, from Ingress ${from.namespace}/${from.name}`;
  if (certificate.kind === "secret") {
    const { namespace, name } = certificate;
    return { certificate: { namespace, name }, comment };
  }
  const name = secretNameAt(from, workspace);
  // Input without any Secret is input of which the Secrets were left out.
  if (name !== undefined && !readsSecrets(workspace)) {
    const ingress = workspace.snapshot.get("Ingress", from.namespace, from.name);
    if (ingress !== undefined) {
      workspace.report(
        "convert-differs",
        { resource: ingress, pointer: from.pointer },
        {
          message: `Secret ${from.namespace}/${name} is not among what was read, and taken to be there: without it ${hostname || "the host"} has no https, rather than the controller's default certificate.`,
          fix: "Nothing, if it exists.",
        },
      );
    }
    return { certificate: { namespace: from.namespace, name }, comment };
  }
  if (hasDefault) return undefined;
  const resource = workspace.snapshot.get("Ingress", from.namespace, from.name) ?? owner;
  if (resource !== undefined) {
    workspace.report(
      "convert-certificate",
      { resource, pointer: from.pointer },
      {
        message:
          name === undefined
            ? `${hostname || "Every host"} is to have https, but no Secret is named; ingress-nginx shows its default certificate.`
            : `Secret ${from.namespace}/${name} cannot be used for ${hostname || "every host"}; ingress-nginx shows its default certificate.`,
        fix: "Name a Secret in spec.tls, or pass the default certificate with --default-certificate NAMESPACE/NAME.",
      },
    );
  }
  return name === undefined ? undefined : { certificate: { namespace: from.namespace, name }, comment };
}

/** Whether Secrets are among what was read, but for those that were assumed to be there. */
function readsSecrets({ snapshot }: Workspace): boolean {
  return snapshot.list("Secret").some(({ data }) => Object.values(data).some((value) => value !== ""));
}

/** The `secretName` of the entry of `spec.tls` that a reference points to or into. */
function secretNameAt({ namespace, name, pointer }: SourceRef, workspace: Workspace): string | undefined {
  const [, index] = /^\/spec\/tls\/(\d+)/.exec(pointer) ?? [];
  const secretName = workspace.snapshot.get("Ingress", namespace, name)?.spec.tls[Number(index)]?.secretName;
  return secretName === "" ? undefined : secretName;
}

/** The certificate for hosts that have none of their own. */
export function defaultCertificateOf(
  { controller }: Pick<IngressModel, "controller">,
  options: ConvertOptions,
): SecretName | undefined {
  if (options.defaultCertificate !== undefined) return options.defaultCertificate;
  const [namespace, name] = controller.value("default-ssl-certificate")?.split("/") ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}
