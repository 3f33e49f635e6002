/** Names a row of the secret table. The model never holds key material. */
export type SecretKey = string;

/** Certificates that may sign a peer: a bundle in the secret table, or the system's own roots. */
export type CaSource =
  | { readonly kind: "bundle"; readonly key: SecretKey; readonly fingerprint: string }
  | { readonly kind: "system" };

/** A certificate with its key. `fingerprint` changes when the content does, so that a plane sees a rotation. */
export type CertificateRef = {
  readonly key: SecretKey;
  readonly fingerprint: string;
  /** Lower-case DNS names that the certificate is for (SAN, else CN), for SNI selection. */
  readonly names: readonly string[];
};

export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/** What is agreed on in handshakes. What is absent is that of the intermediate profile. */
export type TlsHandshakes = {
  readonly minVersion: TlsVersion;
  /** Absent: the highest. */
  readonly maxVersion?: TlsVersion;
  /** OpenSSL names, preferred first. */
  readonly cipherSuites?: readonly string[];
  /** Of the key exchange, OpenSSL names, preferred first. */
  readonly groups?: readonly string[];
  /** Names of RFC 8446. Absent: OpenSSL's. */
  readonly signatureAlgorithms?: readonly string[];
};

/** Client certificates asked for on a listener. Spec: FrontendTLSValidation. */
export type ClientValidation = {
  readonly ca: readonly CaSource[];
  /** `allowInsecureFallback` lets a client in without a valid certificate, marked as unverified. */
  readonly mode: "allowValidOnly" | "allowInsecureFallback";
};

/** How a listener handles TLS. Absent on a clear listener. */
export type ListenerTls =
  | (TlsHandshakes & {
      readonly mode: "terminate";
      readonly certificates: readonly CertificateRef[];
      readonly clientValidation?: ClientValidation;
    })
  | { readonly mode: "passthrough" };
