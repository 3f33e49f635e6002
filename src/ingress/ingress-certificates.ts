import { X509Certificate } from "node:crypto";
import type { SourceRef } from "../ir/source-ref.ts";
import type { Resource } from "../resource/kinds.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { ServerCertificate } from "./ingress-model.ts";

/**
 * The certificate that an Ingress gives a host: that of the `tls` entry that lists the host, else the first one that is for it.
 * `undefined`: the Ingress has no `tls`. Spec: ingress-nginx, extractTLSSecretName.
 */
export function certificateOf(
  ingress: Resource<"Ingress">,
  hostname: string,
  snapshot: Snapshot,
): ServerCertificate | undefined {
  const { tls } = ingress.spec;
  if (tls.length === 0) return undefined;
  const { namespace } = ingress.metadata;
  const isFor = (name: string | undefined): boolean =>
    name !== undefined && name !== "" && namesHost(snapshot.get("Secret", namespace, name), hostname);
  const listed = tls.findIndex(({ hosts }) => hosts.some((host) => host.toLowerCase() === hostname));
  const index = listed >= 0 ? listed : tls.findIndex(({ secretName }) => isFor(secretName));
  const from = sourceOf(ingress, index < 0 ? "/spec/tls" : `/spec/tls/${index}`);
  const name = tls[index]?.secretName;
  return name !== undefined && isFor(name) ? { kind: "secret", namespace, name, from } : { kind: "default", from };
}

function sourceOf({ metadata }: Resource<"Ingress">, pointer: string): SourceRef {
  return { kind: "Ingress", namespace: metadata.namespace, name: metadata.name, pointer };
}

/** Certificates by the Secret that holds them: reading one costs more than asking it. */
const certificates = new WeakMap<Resource<"Secret">, X509Certificate | undefined>();

/** Whether the certificate of a Secret can be read, and is for the host. RFC 9525; the common name counts where it has no names. */
function namesHost(secret: Resource<"Secret"> | undefined, hostname: string): boolean {
  if (secret === undefined) return false;
  if (!certificates.has(secret)) certificates.set(secret, readLeaf(secret));
  const certificate = certificates.get(secret);
  if (certificate === undefined) return false;
  // No host has this name; a wildcard that covers it covers every one.
  const asked = hostname.startsWith("*.") ? `any${hostname.slice(1)}` : hostname;
  return certificate.checkHost(asked, { subject: "default" }) !== undefined;
}

function readLeaf({ data }: Resource<"Secret">): X509Certificate | undefined {
  const pem = data["tls.crt"];
  if (pem === undefined || data["tls.key"] === undefined) return undefined;
  try {
    return new X509Certificate(Buffer.from(pem, "base64"));
  } catch {
    return undefined;
  }
}
