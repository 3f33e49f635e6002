/** Who is at the ends of the configuration stream, as the URI of a certificate's subject alternative names. */

import type { DataPlaneKey } from "../infrastructure/data-plane.ts";

/** A data plane: a set of proxies that serve the same Gateways. Namespace and name as Kubernetes allows them. */
export type DataPlaneIdentity = { readonly namespace: string; readonly name: string };

/** In the certificate of every controller: proxies know it by this, under whatever address they reach it. */
export const controllerUri = "spiffe://sluice.dev/controller";

const dataPlanePattern =
  /^spiffe:\/\/sluice\.dev\/ns\/([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/dataplane\/([a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?)$/;

/** The URI of a data plane's proxies. */
export function dataPlaneUri({ namespace, name }: DataPlaneIdentity): string {
  return `spiffe://sluice.dev/ns/${namespace}/dataplane/${name}`;
}

/** The data plane that a URI names; `undefined` for any other URI. */
export function parseDataPlaneUri(uri: string): DataPlaneIdentity | undefined {
  const [, namespace, name] = dataPlanePattern.exec(uri) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** The identity as one word. */
export function dataPlaneKey({ namespace, name }: DataPlaneIdentity): DataPlaneKey {
  return `${namespace}/${name}`;
}

/** The URIs of a certificate, from the text that Node makes of its alternative names. Quoted entries (odd characters) are left out. */
export function certificateUris(subjectAltName: string | undefined): readonly string[] {
  return (subjectAltName ?? "").split(", ").flatMap((entry) => (entry.startsWith("URI:") ? [entry.slice(4)] : []));
}
