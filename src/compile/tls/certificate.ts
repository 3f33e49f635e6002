/** Reads X.509 certificates and judges them as a client will. Pure: the time is given. */
import { X509Certificate } from "node:crypto";
import { patternCovers } from "../hostname-patterns.ts";

/** Something about a served chain that clients will stumble on; `message` continues a sentence that begins with its Secret. */
export type CertificateFault = {
  readonly fault: "expired" | "expiresSoon" | "notYetValid" | "wrongHostname" | "incompleteChain";
  readonly message: string;
};

const dayMs = 86_400_000;

/** A certificate is reported for the last third of its life, and at most for so many days: by then it should be renewed. */
const warningDays = 14;
const warningShare = 1 / 3;
const pemBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Largest PEM text that is read, in bytes; a Secret is at most 1 MiB. */
const pemLimit = 1_048_576;

/** All certificates of a PEM text in their order; text around them is skipped. `undefined` when one cannot be read, or none is there. */
export function parseCertificates(pem: string): readonly X509Certificate[] | undefined {
  if (pem.length > pemLimit) return undefined;
  try {
    const chain = (pem.match(pemBlock) ?? []).map((block) => new X509Certificate(block));
    return chain.length === 0 ? undefined : chain;
  } catch {
    return undefined;
  }
}

/** When a certificate begins to be reported as ending soon. Milliseconds since the epoch. */
function warningFromMs({ validFromDate, validToDate }: X509Certificate): number {
  const toMs = validToDate.getTime();
  return toMs - Math.min((toMs - validFromDate.getTime()) * warningShare, warningDays * dayMs);
}

/** The moments at which time alone changes what {@link certificateFaults} says of a chain. Milliseconds since the epoch. */
export function turningPoints([leaf]: readonly X509Certificate[]): readonly number[] {
  return leaf ? [leaf.validFromDate.getTime(), warningFromMs(leaf), leaf.validToDate.getTime()] : [];
}

/** DNS names that a certificate is for, lower case: its subject alternative names, else its common name. RFC 9525 section 6. */
export function certificateNames(certificate: X509Certificate): readonly string[] {
  const names = [...(certificate.subjectAltName ?? "").matchAll(/(?:^|, )DNS:([^,"]+)/g)].map(
    (match) => match[1] ?? "",
  );
  if (names.length === 0 && certificate.subjectAltName === undefined) {
    const commonName = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
    if (commonName !== undefined && /^(\*\.)?[a-z0-9.-]+$/i.test(commonName)) names.push(commonName);
  }
  return [...new Set(names.map((name) => name.toLowerCase()))];
}

/**
 * True when clients that ask for the hostname will take a certificate with these names. A wildcard in a certificate stands
 * for one label only (RFC 9525 section 6.3), unlike a listener's; a wildcard hostname needs the same wildcard.
 */
export function namesCover(names: readonly string[], hostname: string): boolean {
  return names.some((name) => {
    if (name === hostname) return true;
    if (!name.startsWith("*.") || hostname.startsWith("*.")) return false;
    const dot = hostname.indexOf(".");
    return dot > 0 && hostname.slice(dot) === name.slice(1);
  });
}

/**
 * Judges a served chain, leaf first.
 * `hostname` is the listener's (`""` for any, which no certificate can be wrong for); `authority` is the issuer that the Secret
 * carries beside the chain (`ca.crt`), which tells a missing intermediate from a private root.
 */
export function certificateFaults(
  chain: readonly X509Certificate[],
  use: { readonly hostname: string; readonly nowMs: number; readonly authority?: X509Certificate | undefined },
): readonly CertificateFault[] {
  const leaf = chain[0];
  if (!leaf) return [];
  const faults: CertificateFault[] = [];
  const fromMs = leaf.validFromDate.getTime();
  const toMs = leaf.validToDate.getTime();
  if (toMs <= use.nowMs) {
    faults.push({ fault: "expired", message: `has a certificate that expired on ${day(toMs)}` });
  } else if (warningFromMs(leaf) <= use.nowMs) {
    const days = Math.floor((toMs - use.nowMs) / dayMs);
    faults.push({ fault: "expiresSoon", message: `has a certificate that expires on ${day(toMs)}, ${inDays(days)}` });
  }
  if (fromMs > use.nowMs) {
    faults.push({ fault: "notYetValid", message: `has a certificate that is not valid before ${day(fromMs)}` });
  }
  const names = certificateNames(leaf);
  if (
    use.hostname !== "" &&
    !namesCover(names, use.hostname) &&
    !names.some((name) => patternCovers(use.hostname, name))
  ) {
    const shown = names.length === 0 ? "no DNS names" : names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");
    faults.push({
      fault: "wrongHostname",
      message: `has a certificate for ${shown}, but the listener's hostname is ${use.hostname}`,
    });
  }
  const gap = chainGap(chain, use.authority);
  if (gap) faults.push({ fault: "incompleteChain", message: gap });
  return faults;
}

/** Whether a client that knows only root certificates can build the path from the leaf up. */
function chainGap(chain: readonly X509Certificate[], authority: X509Certificate | undefined): string | undefined {
  for (let i = 0; i + 1 < chain.length; i++) {
    const certificate = chain[i];
    const issuer = chain[i + 1];
    if (certificate && issuer && !certificate.checkIssued(issuer)) {
      return `has a chain in which certificate ${i + 2} (${subjectOf(issuer)}) did not sign certificate ${i + 1} (${subjectOf(certificate)})`;
    }
  }
  const last = chain.at(-1);
  if (!last || isSelfIssued(last)) return undefined;
  if (authority) {
    const complete = last.checkIssued(authority) && isSelfIssued(authority);
    return complete ? undefined : missingIntermediate(last);
  }
  // Public authorities never sign a server's certificate with their root, and always say where the issuer's can be fetched.
  return chain.length === 1 && /CA Issuers/.test(last.infoAccess ?? "") ? missingIntermediate(last) : undefined;
}

function missingIntermediate(last: X509Certificate): string {
  return `has a chain without the certificate of its issuer (${nameIn(last.issuer)})`;
}

function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.issuer === certificate.subject && certificate.checkIssued(certificate);
}

function subjectOf(certificate: X509Certificate): string {
  return nameIn(certificate.subject) || certificateNames(certificate)[0] || "no name";
}

/** `CN` of a distinguished name, else the name on one line. */
function nameIn(distinguishedName: string): string {
  return /^CN=(.+)$/m.exec(distinguishedName)?.[1] ?? distinguishedName.replaceAll("\n", ", ");
}

/** `2026-12-31`. */
export function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function inDays(days: number): string {
  return days === 0 ? "within a day" : days === 1 ? "in 1 day" : `in ${days} days`;
}
