import type { TextMatch } from "./text-match.ts";

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

/** A list of revoked certificates, PEM in the secret table. */
export type RevocationList = { readonly key: SecretKey; readonly fingerprint: string };

/** A kind of alternative name that a certificate may carry, and how it must read. */
export type CertificateName = { readonly kind: "dns" | "email" | "ip" | "uri"; readonly match: TextMatch };

/** What of a client's certificate lets it in, besides who vouches for it: one entry of each list that is not empty must fit. */
export type CertificateDemands = {
  /** SHA-256 of the public key (SPKI), Base64. */
  readonly keys: readonly string[];
  /** SHA-256 of the certificate, lower-case hexadecimal digits. */
  readonly certificates: readonly string[];
  readonly names: readonly CertificateName[];
};

/** Client certificates asked for on a listener. Spec: FrontendTLSValidation; ClientValidationContext of Envoy Gateway. */
export type ClientValidation = {
  /** Empty: nobody vouches for anybody. */
  readonly ca: readonly CaSource[];
  /**
   * `allowInsecureFallback` lets a client in without a valid certificate, marked as unverified. `validIfGiven` lets it in without
   * one, but not with an invalid one. `anyCertificate` needs one, whoever vouches for it.
   */
  readonly mode: "allowValidOnly" | "allowInsecureFallback" | "validIfGiven" | "anyCertificate";
  /** Certificates in them, and those without a list of their authority, are not valid. Absent: no lists. */
  readonly revoked?: readonly RevocationList[];
  /** Absent: none. */
  readonly demands?: CertificateDemands;
};

/** How a listener handles TLS. Absent on a clear listener. */
export type ListenerTls =
  | (TlsHandshakes & {
      readonly mode: "terminate";
      readonly certificates: readonly CertificateRef[];
      readonly clientValidation?: ClientValidation;
      /** Offered to clients of HTTPS. Absent: HTTP/2 and HTTP/1.1. Empty: none, which is HTTP/1.1. */
      readonly alpnProtocols?: readonly ("h2" | "http/1.1")[];
      /** `none`: every connection makes a full handshake. Absent: sessions are resumed. */
      readonly resumption?: "none";
    })
  | { readonly mode: "passthrough" };
