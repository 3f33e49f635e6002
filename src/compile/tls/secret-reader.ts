import type { X509Certificate } from "node:crypto";
import type { CaSource, CertificateRef, SecretKey } from "../../ir/tls.ts";
import type { CaKind } from "./ca-kind.ts";

/** A reference that did not resolve, as data: the caller makes the finding, because it knows the field. */
export type SecretProblem = {
  readonly problem: "missing" | "wrongType" | "invalid";
  /** One sentence that names the Secret or ConfigMap and what is wrong with it. Never its content. */
  readonly message: string;
};

/** A certificate that can be served: its leaf comes first in `chain`. */
export type ReadCertificate = { readonly ref: CertificateRef; readonly chain: readonly X509Certificate[] };

/** `lastGood`: what the Secret held when it could last be used, as long as that is valid; it goes on serving. */
export type CertificateProblem = SecretProblem & { readonly lastGood: ReadCertificate | undefined };

/** One entry of a Secret, under its name in the secret table. */
export type ReadValue = { readonly key: SecretKey; readonly bytes: Buffer };

/** Resolves certificate and CA references (grants are checked before, by the caller) and remembers what was used. */
export interface SecretReader {
  /** A `kubernetes.io/tls` Secret (or one with the same keys). */
  certificate(namespace: string, name: string): ReadCertificate | CertificateProblem;
  /** A CA bundle: `ca.crt` of a ConfigMap or Secret, or a ClusterTrustBundle (namespace undefined). */
  caBundle(kind: CaKind, namespace: string | undefined, name: string): { readonly source: CaSource } | SecretProblem;
  /** Any entry of a Secret, for filters. */
  value(namespace: string, name: string, entry: string): ReadValue | SecretProblem;
}
