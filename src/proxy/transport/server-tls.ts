import { createHash, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { bySpecificity } from "../../ir/hostname.ts";
import type { HttpListener } from "../../ir/routing-model.ts";
import type { OcspStaple, SecretMaterial, SecretTable } from "../../ir/secret-table.ts";
import type { CertificateRef, RevocationList } from "../../ir/tls.ts";
import { buildHostTable, type HostTable, lookUpHost } from "../host-table.ts";
import { readAuthorities } from "./certificate-authorities.ts";
import { allowRetriedHandshakes } from "./session-tickets.ts";
import { sessionLifetimeSeconds } from "./ticket-keys.ts";
import { tlsCiphers, tlsCurves } from "./tls-profile.ts";

type TlsSettings = NonNullable<HttpListener["tls"]>;

/** Certificates of one HTTPS listener, ready for handshakes. */
export class ListenerCertificates {
  readonly #byName: HostTable<ServerContext>;
  /** For a name that no certificate is for, and for clients that send none. */
  readonly fallback: ServerContext;
  /** All of them, the fallback last. */
  readonly contexts: readonly ServerContext[];

  constructor(byName: HostTable<ServerContext>, contexts: readonly ServerContext[]) {
    this.#byName = byName;
    this.fallback = contexts.at(-1)!;
    this.contexts = contexts;
  }

  /** The certificate for a server name: one that names it, else one with a wildcard for it, else the first. */
  choose(serverName: string): ServerContext {
    return lookUpHost(this.#byName, serverName)[0] ?? this.fallback;
  }
}

export type ServerContext = {
  /** Changes when any of the content does. */
  readonly key: string;
  readonly context: SecureContext;
  /** What the context was made from: a server wants these for clients without a server name. */
  readonly options: SecureContextOptions;
  /** Its certificates, with the OCSP responses that the Secrets carry. */
  readonly leaves: readonly { readonly digest: string; readonly staple: OcspStaple | undefined }[];
};

/** Names a certificate (DER) among those of a port. */
export function certificateDigest(certificate: Buffer): string {
  return createHash("sha256").update(certificate).digest("base64url");
}

/** Secure contexts by content, so that a swap that changes nothing of a listener's TLS makes none anew. */
export class SecureContextCache {
  #contexts = new Map<string, ServerContext>();
  #used = new Map<string, ServerContext>();

  /** Builds the certificates of a listener; an `Error` (never thrown) when its material is missing or cannot be used. */
  build(tls: TlsSettings, secrets: SecretTable): ListenerCertificates | Error {
    try {
      const byName = new Map<string, CertificateRef[]>();
      for (const certificate of tls.certificates) {
        for (const name of certificate.names) byName.set(name, [...(byName.get(name) ?? []), certificate]);
      }
      const first = tls.certificates[0];
      if (first === undefined) return new Error("the listener has no certificate");
      const rows = [...byName]
        .sort(([a], [b]) => bySpecificity(a, b))
        .map(([hostname, certificates]) => ({ hostname, value: this.#context(certificates, tls, secrets) }));
      // The first, together with those for just the same names: an RSA and an ECDSA one are served side by side here too.
      const alike = tls.certificates.filter(({ names }) => names.join() === first.names.join());
      const contexts = [...rows.map(({ value }) => value), this.#context(alike, tls, secrets)];
      return new ListenerCertificates(buildHostTable(rows), contexts);
    } catch (error) {
      return error as Error;
    }
  }

  /** Ends a round of builds: forgets what none of them used. */
  prune(): void {
    this.#contexts = this.#used;
    this.#used = new Map();
  }

  /** Several certificates for one name (RSA and ECDSA) serve together; of two with keys of one type, the first. */
  #context(certificates: readonly CertificateRef[], tls: TlsSettings, secrets: SecretTable): ServerContext {
    const key = JSON.stringify([
      certificates.map((one) => one.fingerprint),
      tls.clientValidation ?? null,
      tls.minVersion,
      tls.cipherSuites ?? null,
      tls.groups ?? null,
      tls.maxVersion ?? null,
      tls.signatureAlgorithms ?? null,
    ]);
    const known = this.#used.get(key) ?? this.#contexts.get(key);
    const context = known ?? makeContext(key, { pairs: readPairs(certificates, secrets), tls, secrets });
    this.#used.set(key, context);
    return context;
  }
}

type CertificatePair = Extract<SecretMaterial, { readonly kind: "certificate" }>;

type ContextParts = {
  readonly pairs: readonly CertificatePair[];
  readonly tls: TlsSettings;
  readonly secrets: SecretTable;
};

function makeContext(key: string, parts: ContextParts): ServerContext {
  const options = contextOptions(parts);
  const leaves = parts.pairs.map(({ chainPem, ocspStaple }) => ({
    digest: certificateDigest(new X509Certificate(chainPem).raw),
    staple: ocspStaple,
  }));
  const context = createSecureContext(options);
  allowRetriedHandshakes(context);
  return { key, options, leaves, context };
}

/** A context holds one certificate of each type of key: OpenSSL refuses the key of another one. */
function readPairs(certificates: readonly CertificateRef[], secrets: SecretTable): readonly CertificatePair[] {
  const byType = new Map<string | undefined, CertificatePair>();
  for (const certificate of certificates) {
    const material = secrets.get(certificate.key);
    if (material?.kind !== "certificate") throw new Error("a certificate of the listener is missing");
    const type = new X509Certificate(material.chainPem).publicKey.asymmetricKeyType;
    if (!byType.has(type)) byType.set(type, material);
  }
  return [...byType.values()];
}

function contextOptions({ pairs, tls, secrets }: ContextParts): SecureContextOptions {
  const authorities =
    tls.clientValidation === undefined ? undefined : readAuthorities(tls.clientValidation.ca, secrets);
  const revoked = tls.clientValidation?.revoked;
  if (tls.clientValidation !== undefined && authorities === undefined) {
    throw new Error("the CA bundle for client certificates is missing");
  }
  return {
    cert: pairs.map((pair) => pair.chainPem),
    key: pairs.map((pair) => pair.keyPem),
    ciphers: tls.cipherSuites?.join(":") ?? tlsCiphers,
    ecdhCurve: tls.groups?.join(":") ?? tlsCurves,
    minVersion: tls.minVersion,
    ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion }),
    ...(tls.signatureAlgorithms === undefined ? {} : { sigalgs: tls.signatureAlgorithms.join(":") }),
    sessionTimeout: sessionLifetimeSeconds,
    ...(authorities === undefined ? {} : { ca: [...authorities] }),
    ...(revoked === undefined ? {} : { crl: readLists(revoked, secrets) }),
  };
}

function readLists(lists: readonly RevocationList[], secrets: SecretTable): string[] {
  return lists.map(({ key }) => {
    const material = secrets.get(key);
    if (material?.kind !== "opaque") throw new Error("a list of revoked certificates is missing");
    return Buffer.from(material.bytesBase64, "base64").toString("latin1");
  });
}
