import { servedClass } from "../../ingress/ingress-class.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { CompileOptions } from "../compile-options.ts";
import { defaultCertificate } from "./ingress-tls.ts";

/** The Secret of the default certificate, to be made before compiling where Ingresses are served and it does not exist. */
export function missingIngressCertificates(
  snapshot: Snapshot,
  { ingress }: Pick<CompileOptions, "ingress">,
): readonly { readonly namespace: string; readonly name: string; readonly hostnames: readonly string[] }[] {
  const { namespace, name } = defaultCertificate(ingress);
  if (servedClass(snapshot, ingress) === undefined) return [];
  return snapshot.get("Secret", namespace, name) === undefined ? [{ namespace, name, hostnames: [] }] : [];
}
