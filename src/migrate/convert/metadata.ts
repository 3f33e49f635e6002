/** What of an Ingress's metadata goes on with its routes. */
import type { Resource } from "../../resource/kinds.ts";

/** Said by whoever applied the Ingress, about the Ingress. */
export const ofTheApplier =
  /^(?:helm\.sh\/|meta\.helm\.sh\/|app\.kubernetes\.io\/managed-by$|kubectl\.kubernetes\.io\/|kustomize\.toolkit\.fluxcd\.io\/|argocd\.argoproj\.io\/(?:instance|tracking-id)$)/;

export function carriedLabels({ metadata }: Resource<"Ingress">): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(metadata.labels).filter(([key]) => !ofTheApplier.test(key)));
}

/** external-dns reads these from routes, all but the target, which it reads from the Gateway. */
const externalDns = "external-dns.alpha.kubernetes.io/";
export const externalDnsTarget = `${externalDns}target`;

/** What `certificates.ts` reads. */
export const certManager = "cert-manager.io/";

/** How Argo CD applies an object. */
const argo = "argocd.argoproj.io/";

export function carriedAnnotations({ metadata }: Resource<"Ingress">): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(metadata.annotations).filter(
      ([key]) =>
        onRoutes.some((prefix) => key.startsWith(prefix)) && key !== externalDnsTarget && !ofTheApplier.test(key),
    ),
  );
}

const onRoutes = [externalDns, argo];

/** Whether an annotation goes on somewhere: with the routes, the Gateway or the certificates. */
export function carried(key: string): boolean {
  return [...onRoutes, certManager].some((prefix) => key.startsWith(prefix));
}
