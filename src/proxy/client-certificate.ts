/**
 * What is known of a client by its certificate, and how backends are told: X-Forwarded-Client-Cert, in the form that Envoy
 * made known (elements of `Key=value` pairs with semicolons between them; elements with commas).
 */
import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { ClientCredential, ClientIdentity } from "../filter/contract/exchange.ts";
import { CertificateIdentity } from "./certificate-identity.ts";
import { parseSubjectAltNames } from "./upstream/tls-context.ts";

/**
 * `off`: the header is taken from every request and never sent. `sanitize`: it is taken from every request, and sent with
 * what this gateway saw. `append`: what trusted proxies in front have sent is kept, and ours put behind it.
 */
export const clientCertificateForwardings = ["off", "sanitize", "append"] as const;
export type ClientCertificateForwarding = (typeof clientCertificateForwardings)[number];

/** How far a client's certificate was found good: `none` also where none was asked for. */
export type ClientCertificateState = "verified" | "unverified" | "none";

export type ClientCertificate = {
  readonly state: ClientCertificateState;
  /** Element of X-Forwarded-Client-Cert; `""` when the client showed no certificate. */
  readonly element: string;
  /** What a certificate that was found good says; `undefined` otherwise. */
  readonly identity: ClientIdentity | undefined;
  /** The certificate itself; `undefined` when the client showed none. */
  readonly presented: CertificateIdentity | undefined;
  /** What it says; `undefined` when the client showed none. */
  readonly credential: ClientCredential | undefined;
};

/** Names are left out of an element when it would become longer. In characters. */
const maxElementLength = 4_096;

/** Of a client that has shown none. */
export const noClientCertificate: ClientCertificate = {
  state: "none",
  element: "",
  identity: undefined,
  presented: undefined,
  credential: undefined,
};

/** Reads the certificate of a client whose handshake is done. */
export function readClientCertificate(socket: TLSSocket, forwarding: ClientCertificateForwarding): ClientCertificate {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return noClientCertificate;
  // A resumed session brings the verdict of its handshake along: dates may have passed since.
  const verified = socket.authorized && certificate.validToDate.getTime() > Date.now();
  return {
    state: verified ? "verified" : "unverified",
    element: forwarding === "off" ? "" : describe(certificate, verified),
    identity: verified ? readIdentity(certificate) : undefined,
    presented: new CertificateIdentity(certificate),
    credential: readCredential(certificate, verified ? undefined : socket.authorizationError),
  };
}

function readIdentity(certificate: X509Certificate): ClientIdentity {
  const names = parseSubjectAltNames(certificate.subjectAltName ?? "");
  const ofKind = (wanted: string) => names.filter(({ kind }) => kind === wanted).map(({ value }) => value);
  return {
    subject: subjectOf(certificate),
    uris: ofKind("URI"),
    dnsNames: ofKind("DNS"),
    fingerprint: fingerprintOf(certificate),
  };
}

/** Faults by the name that OpenSSL's has in Node, in OpenSSL's words, that leave a certificate current. */
const vouchingFaults: ReadonlyMap<string, string> = new Map([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate in certificate chain"],
  ["UNABLE_TO_GET_ISSUER_CERT", "unable to get issuer certificate"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "unable to get local issuer certificate"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate"],
]);

function readCredential(certificate: X509Certificate, error: unknown): ClientCredential {
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? "") : String(error ?? "");
  const vouching = vouchingFaults.get(code);
  const isCurrent = certificate.validToDate.getTime() > Date.now();
  const fault = (): NonNullable<ClientCredential["fault"]> =>
    vouching !== undefined && isCurrent
      ? { message: vouching, vouching: true }
      : { message: isCurrent ? "certificate is not valid" : "certificate has expired", vouching: false };
  return {
    subject: subjectOf(certificate),
    issuer: nameOf(certificate.issuer),
    fault: error === undefined || error === null ? undefined : fault(),
    pem: () => certificate.toString(),
  };
}

function nameOf(lines: string): string {
  return lines.split("\n").reverse().join(",");
}

function subjectOf({ subject }: X509Certificate): string {
  return nameOf(subject);
}

function fingerprintOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(":", "").toLowerCase();
}

/** Of a certificate that nobody vouches for, only the fingerprint is told: its names are whatever the client wrote. */
function describe(certificate: X509Certificate, verified: boolean): string {
  let element = `Hash=${fingerprintOf(certificate)};Verified=${verified}`;
  if (!verified) return element;
  const add = (key: string, value: string): void => {
    const pair = `;${key}=${value}`;
    if (element.length + pair.length <= maxElementLength) element += pair;
  };
  add("Subject", quoted(subjectOf(certificate)));
  for (const { kind, value } of parseSubjectAltNames(certificate.subjectAltName ?? "")) {
    if (kind === "URI" || kind === "DNS") add(kind, /[,;="\\ ]/.test(value) ? quoted(value) : plain(value));
  }
  return element;
}

function quoted(text: string): string {
  return `"${plain(text).replace(/["\\]/g, "\\$&")}"`;
}

/** Only printable ASCII may stand in a header that we write: everything else is percent-encoded. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (char) =>
    Buffer.from(char, "utf8").reduce((hex, byte) => `${hex}%${byte.toString(16).toUpperCase().padStart(2, "0")}`, ""),
  );
}
