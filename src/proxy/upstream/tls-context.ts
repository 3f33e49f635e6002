import { createHash } from "node:crypto";
import {
  checkServerIdentity,
  createSecureContext,
  type DetailedPeerCertificate,
  type PeerCertificate,
  type SecureContext,
} from "node:tls";
import type { UpstreamTls } from "../../ir/cluster.ts";
import type { SecretTable } from "../../ir/secret-table.ts";
import { readAuthorities } from "../transport/certificate-authorities.ts";
import { tlsCiphers, tlsCurves } from "../transport/tls-profile.ts";
import { UpstreamSessions } from "./upstream-sessions.ts";

/** How endpoints of a backend are spoken to over TLS. Equal `key`: the same authorities, names and client certificate. */
export type UpstreamTlsContext = {
  readonly key: string;
  /** Sent as SNI; `""`: none is. */
  readonly hostname: string;
  /** A certificate that is not for this backend ends the handshake. */
  readonly verifies: boolean;
  /** Whether ALPN offers HTTP/1.1 where nothing else is to be offered. */
  readonly offersHttp1: boolean;
  readonly secureContext: SecureContext;
  /** Of this context's connections: what they are resumed with. */
  readonly sessions: UpstreamSessions;
  /** `undefined` when the certificate is for this backend. Spec: BackendTLSPolicy.validation. */
  checkIdentity(certificate: PeerCertificate): Error | undefined;
};

/** Builds the context; an `Error` (never thrown) when its material is missing or cannot be used. */
export function buildUpstreamTlsContext(tls: UpstreamTls, secrets: SecretTable): UpstreamTlsContext | Error {
  const authorities = readAuthorities(tls.ca, secrets);
  if (authorities === undefined) return new Error("the CA bundle is missing");
  const client = tls.clientCertificate === undefined ? undefined : secrets.get(tls.clientCertificate);
  if (tls.clientCertificate !== undefined && client?.kind !== "certificate") {
    return new Error("the client certificate is missing");
  }
  const { handshakes } = tls;
  const pair = client?.kind === "certificate" ? client : undefined;
  try {
    const secureContext = createSecureContext({
      ca: [...authorities],
      ciphers: handshakes?.cipherSuites?.join(":") ?? tlsCiphers,
      ecdhCurve: handshakes?.groups?.join(":") ?? tlsCurves,
      minVersion: handshakes?.minVersion ?? "TLSv1.2",
      ...(handshakes?.maxVersion === undefined ? {} : { maxVersion: handshakes.maxVersion }),
      ...(handshakes?.signatureAlgorithms === undefined ? {} : { sigalgs: handshakes.signatureAlgorithms.join(":") }),
      ...(pair === undefined ? {} : { cert: pair.chainPem, key: pair.keyPem }),
    });
    const digest = createHash("sha256").update(JSON.stringify(tls));
    if (pair !== undefined) digest.update(pair.chainPem).update(pair.keyPem);
    return {
      key: digest.digest("base64url"),
      hostname: tls.hostname,
      verifies: tls.verification !== "none",
      offersHttp1: tls.alpn !== "none",
      secureContext,
      sessions: new UpstreamSessions(),
      checkIdentity: (certificate) => checkChain(tls, certificate) ?? checkIdentity(tls, certificate),
    };
  } catch (error) {
    return new Error("the TLS material of the backend cannot be used", { cause: error });
  }
}

/** Node has verified the chain; the last certificate of it is the one that vouches. */
function checkChain({ verification }: UpstreamTls, certificate: PeerCertificate): Error | undefined {
  if (typeof verification !== "object") return undefined;
  let intermediates = -1;
  let one: PeerCertificate | DetailedPeerCertificate = certificate;
  while ("issuerCertificate" in one && one.issuerCertificate !== undefined && one.issuerCertificate !== one) {
    one = one.issuerCertificate;
    intermediates++;
  }
  return intermediates > verification.maxIntermediates
    ? new Error("there are too many certificates between that of the endpoint and the one that vouches for it")
    : undefined;
}

function checkIdentity(tls: UpstreamTls, certificate: PeerCertificate): Error | undefined {
  if (tls.subjectAltNames.length === 0) return checkServerIdentity(tls.hostname, certificate);
  const names = parseSubjectAltNames(certificate.subjectaltname ?? "");
  for (const wanted of tls.subjectAltNames) {
    if (wanted.kind === "uri") {
      if (names.some((name) => name.kind === "URI" && name.value === wanted.value)) return undefined;
      continue;
    }
    // The common name is no alternative name: leave it out of the comparison.
    const alternativeNames = { subjectaltname: certificate.subjectaltname } as DetailedPeerCertificate;
    const hasDnsNames = names.some((name) => name.kind === "DNS");
    if (hasDnsNames && checkServerIdentity(wanted.value, alternativeNames) === undefined) return undefined;
  }
  return new Error("the certificate carries none of the expected names");
}

/**
 * Splits Node's text form of a certificate's alternative names (`DNS:a, URI:"b, c"`): values with special characters are
 * JSON strings, so that a comma inside one cannot pass for a separator. A text that does not follow this has no names.
 */
export function parseSubjectAltNames(text: string): readonly { readonly kind: string; readonly value: string }[] {
  const names: { kind: string; value: string }[] = [];
  let at = 0;
  while (at < text.length) {
    const colon = text.indexOf(":", at);
    if (colon < 0) return [];
    const kind = text.slice(at, colon);
    let end: number;
    let value: string;
    if (text[colon + 1] === '"') {
      end = colon + 2;
      while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
      end++;
      try {
        value = JSON.parse(text.slice(colon + 1, end)) as string;
      } catch {
        return [];
      }
    } else {
      const comma = text.indexOf(", ", colon);
      end = comma < 0 ? text.length : comma;
      value = text.slice(colon + 1, end);
    }
    names.push({ kind, value });
    if (end < text.length && !text.startsWith(", ", end)) return [];
    at = end + 2;
  }
  return names;
}
