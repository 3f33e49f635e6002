import { createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { splitCertificates } from "../x509/der.ts";
import { type KeyedCertificate, makeCertificate } from "../x509/make-certificate.ts";
import { certificateUris, controllerUri, type DataPlaneIdentity, dataPlaneKey, dataPlaneUri } from "./identity.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Life of an authority; its successor is made at two thirds of it. */
export const authorityLifeMs = 180 * dayMs;
/** Life of the certificates of controllers and proxies, which are renewed at two thirds of it. */
export const leafLifeMs = dayMs;
/** How long an authority is trusted everywhere before it signs: proxies read the bundle with each renewal of theirs. */
export const overlapMs = dayMs;

/** Certificates begin so much earlier than now, for peers whose clocks are behind. */
const backdateMs = 5 * 60_000;
/** How stale the state may be that a certificate was issued from, in judging when the last of an authority's has expired. */
const marginMs = hourMs;
const seedBytes = 32;

/** What the controller's Secret holds (type `kubernetes.io/tls`), as text before base64. */
export type AuthorityData = {
  /** The authority that signs. */
  readonly "tls.crt": string;
  readonly "tls.key": string;
  /** Every authority that is trusted. */
  readonly "ca.crt": string;
  /** The successor, trusted and not yet signing. */
  readonly "next.crt"?: string;
  readonly "next.key"?: string;
  /** Predecessors whose certificates have not all expired. */
  readonly "previous.crt"?: string;
  /** Base64. The keys that proxies of one data plane share are derived from it: see `plane-keys.ts`. */
  readonly seed: string;
};

/** What a proxy's Secret and a controller's memory hold: certificate, key and the authorities to trust, as PEM text. */
export type StreamCertificate = { readonly "tls.crt": string; readonly "tls.key": string; readonly "ca.crt": string };

export type StreamAuthority = {
  readonly signing: KeyedCertificate;
  readonly next?: KeyedCertificate;
  /** PEM. */
  readonly previous: readonly string[];
  /** Everything that is trusted now, as PEM; differs from one call of {@link nextAuthority} to another when a rotation moves on. */
  readonly bundlePem: string;
  readonly seed: Buffer;
};

export type AuthorityStep = {
  readonly authority: StreamAuthority;
  /** What is to be stored before the authority is used; absent: nothing has changed. */
  readonly write?: AuthorityData;
  /** One sentence, when what was stored could not be read and everything begins anew. */
  readonly problem?: string;
};

/**
 * The authority of the configuration stream as it is to be at `nowMs`, and what to store for it. A successor is trusted for
 * {@link overlapMs} before it signs, and a predecessor until all that it signed has expired. Call it before issuing, at least
 * every hour; equal input gives equal rotation (keys are random).
 */
export function nextAuthority(stored: Readonly<Record<string, string>> | undefined, nowMs: number): AuthorityStep {
  const read = stored && readAuthority(stored);
  if (read === undefined || read instanceof Error) {
    const fresh = assemble({ signing: makeAuthority(nowMs), previous: [], seed: randomBytes(seedBytes) });
    const problem = read && `The stored authority of the configuration stream cannot be read: ${read.message}.`;
    return { authority: fresh, write: storedForm(fresh), ...(problem === undefined ? {} : { problem }) };
  }
  const authority = assemble(rotate(read, nowMs));
  const write = storedForm(authority);
  return sameData(write, stored ?? {}) ? { authority } : { authority, write };
}

/** A certificate for the proxies of a data plane. */
export function issueClient(authority: StreamAuthority, identity: DataPlaneIdentity, nowMs: number): StreamCertificate {
  return issue(authority, nowMs, {
    commonName: dataPlaneKey(identity),
    purpose: "clientAuth",
    alternativeNames: [{ kind: "uri", value: dataPlaneUri(identity) }],
  });
}

/** A certificate for a controller. `dnsNames` are DNS names or addresses, for tools that check them; proxies check the URI. */
export function issueServer(authority: StreamAuthority, dnsNames: readonly string[], nowMs: number): StreamCertificate {
  return issue(authority, nowMs, {
    commonName: "controller",
    purpose: "serverAuth",
    alternativeNames: [
      { kind: "uri", value: controllerUri },
      ...dnsNames.map((value) => ({ kind: "host" as const, value })),
    ],
  });
}

/** Whether a certificate should be replaced: past two thirds of its life, of an authority that is not trusted, or not readable. */
export function needsRenewal(certificatePem: string | undefined, authority: StreamAuthority, nowMs: number): boolean {
  if (certificatePem === undefined) return true;
  try {
    const certificate = new X509Certificate(certificatePem);
    if (isLate(certificate, nowMs)) return true;
    const trusted = splitCertificates(authority.bundlePem).map((pem) => new X509Certificate(pem));
    return !trusted.some((one) => certificate.checkIssued(one) && certificate.verify(one.publicKey));
  } catch {
    return true;
  }
}

/** What a data plane's Secret holds of its certificate. */
export type StoredClient = Readonly<Partial<Pick<StreamCertificate, "tls.crt" | "tls.key">>>;

/**
 * Whether the proxies of a data plane can go on with what their Secret holds: it names them, the key is the certificate's, and
 * it needs no renewal. Anything else in there, which somebody may have put there, is replaced.
 */
export function isUsableClient(
  stored: StoredClient,
  identity: DataPlaneIdentity,
  { authority, nowMs }: { readonly authority: StreamAuthority; readonly nowMs: number },
): boolean {
  const { "tls.crt": chain = "", "tls.key": key = "" } = stored;
  try {
    const certificate = new X509Certificate(chain);
    const isTheirs = certificateUris(certificate.subjectAltName).includes(dataPlaneUri(identity));
    return isTheirs && certificate.checkPrivateKey(createPrivateKey(key)) && !needsRenewal(chain, authority, nowMs);
  } catch {
    return false;
  }
}

function issue(
  { signing, bundlePem }: StreamAuthority,
  nowMs: number,
  leaf: Pick<Parameters<typeof makeCertificate>[0], "commonName" | "purpose" | "alternativeNames">,
): StreamCertificate {
  const made = makeCertificate({
    ...leaf,
    organization: "Sluice",
    notBeforeMs: nowMs - backdateMs,
    notAfterMs: Math.min(nowMs + leafLifeMs, new X509Certificate(signing.certificatePem).validToDate.getTime()),
    issuer: signing,
  });
  return { "tls.crt": made.certificatePem, "tls.key": made.keyPem, "ca.crt": bundlePem };
}

function makeAuthority(nowMs: number): KeyedCertificate {
  return makeCertificate({
    organization: "Sluice",
    // Two authorities with one name would be mixed up by verifiers that look issuers up by name.
    commonName: `configuration stream ${new Date(nowMs).toISOString()} ${randomBytes(4).toString("hex")}`,
    purpose: "authority",
    alternativeNames: [],
    notBeforeMs: nowMs - backdateMs,
    notAfterMs: nowMs + authorityLifeMs,
  });
}

type AuthorityParts = Omit<StreamAuthority, "bundlePem">;

function rotate(parts: AuthorityParts, nowMs: number): AuthorityParts {
  const signing = new X509Certificate(parts.signing.certificatePem);
  const isDead = signing.validToDate.getTime() <= nowMs;
  const next = parts.next && new X509Certificate(parts.next.certificatePem);
  if (parts.next && next && next.validToDate.getTime() > nowMs && (isDead || madeMs(next) + overlapMs <= nowMs)) {
    return {
      signing: parts.next,
      previous: isDead ? [] : [parts.signing.certificatePem],
      seed: parts.seed,
    };
  }
  if (isDead) return { signing: makeAuthority(nowMs), previous: [], seed: parts.seed };
  // The present authority signs since its own overlap ended: what its predecessor signed is gone a leaf's life after that.
  const predecessorsEndMs = madeMs(signing) + overlapMs + leafLifeMs + marginMs;
  const kept = { ...parts, previous: nowMs < predecessorsEndMs ? parts.previous : [] };
  return parts.next === undefined && isLate(signing, nowMs) ? { ...kept, next: makeAuthority(nowMs) } : kept;
}

function madeMs(certificate: X509Certificate): number {
  return certificate.validFromDate.getTime() + backdateMs;
}

function isLate(certificate: X509Certificate, nowMs: number): boolean {
  const fromMs = madeMs(certificate);
  return nowMs >= fromMs + ((certificate.validToDate.getTime() - fromMs) * 2) / 3;
}

function assemble(parts: AuthorityParts): StreamAuthority {
  const trusted = [parts.signing, ...(parts.next ? [parts.next] : [])].map(({ certificatePem }) => certificatePem);
  return { ...parts, bundlePem: [...trusted, ...parts.previous].join("") };
}

function storedForm({ signing, next, previous, bundlePem, seed }: StreamAuthority): AuthorityData {
  return {
    "tls.crt": signing.certificatePem,
    "tls.key": signing.keyPem,
    "ca.crt": bundlePem,
    ...(next ? { "next.crt": next.certificatePem, "next.key": next.keyPem } : {}),
    ...(previous.length > 0 ? { "previous.crt": previous.join("") } : {}),
    seed: seed.toString("base64"),
  };
}

function readAuthority(stored: Readonly<Record<string, string>>): AuthorityParts | Error {
  try {
    const seed = Buffer.from(stored["seed"] ?? "", "base64");
    if (seed.length < seedBytes) throw new TypeError("its seed is too short");
    const signing = readPair(stored["tls.crt"], stored["tls.key"]);
    if (signing === undefined) throw new TypeError("it has no certificate");
    const next = readPair(stored["next.crt"], stored["next.key"]);
    return { signing, ...(next ? { next } : {}), previous: splitCertificates(stored["previous.crt"] ?? ""), seed };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Throws for a pair that cannot sign. */
function readPair(certificatePem: string | undefined, keyPem: string | undefined): KeyedCertificate | undefined {
  if (certificatePem === undefined || keyPem === undefined) return undefined;
  const certificate = new X509Certificate(certificatePem);
  if (!certificate.ca) throw new TypeError("its certificate is not a CA certificate");
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem)))
    throw new TypeError("its key does not match its certificate");
  return { certificatePem, keyPem };
}

function sameData(a: AuthorityData, b: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(a);
  return entries.length === Object.keys(b).length && entries.every(([key, value]) => b[key] === value);
}
