import { type GroupSlip, groupSlip } from "../reference/group-slip.ts";

export type CaKind = "ConfigMap" | "Secret" | "ClusterTrustBundle";
type CaRef = { readonly group: string; readonly kind: string; readonly name: string };

const caKinds = ["/ConfigMap", "/Secret", "certificates.k8s.io/ClusterTrustBundle"] as const;

/** The kind of a reference to CA certificates; `undefined` when they cannot be read from it. */
export function caKind({ group, kind }: CaRef): CaKind | undefined {
  return caKinds.some((known) => known === `${group}/${kind}`) ? (kind as CaKind) : undefined;
}

/** What is wrong with a reference that {@link caKind} does not know. */
export function caKindFault(ref: CaRef): GroupSlip {
  return (
    groupSlip(ref, caKinds) ?? {
      reason: `${ref.kind}${ref.group === "" ? "" : ` (group ${ref.group})`} is not a kind that can hold them`,
      fix: 'Refer to a ConfigMap (`group: "", kind: ConfigMap`) with the certificates in the key ca.crt.',
    }
  );
}
