import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { bySpecificity } from "../../ir/hostname.ts";
import type { HttpListener } from "../../ir/routing-model.ts";
import type { SecretTable } from "../../ir/secret-table.ts";
import type { CertificateRef } from "../../ir/tls.ts";
import { buildHostTable, type HostTable, lookUpHost } from "../host-table.ts";
import { readAuthorities } from "./certificate-authorities.ts";
import { tlsCiphers, tlsCurves } from "./tls-profile.ts";

type TlsSettings = NonNullable<HttpListener["tls"]>;

/** Certificates of one HTTPS listener, ready for handshakes. */
export class ListenerCertificates {
  readonly #byName: HostTable<SecureContext>;
  /** For a name that no certificate is for, and for clients that send none. */
  readonly fallback: ServerContext;

  constructor(byName: HostTable<SecureContext>, fallback: ServerContext) {
    this.#byName = byName;
    this.fallback = fallback;
  }

  /** The certificate for a server name: one that names it, else one with a wildcard for it, else the first. */
  choose(serverName: string): SecureContext {
    return lookUpHost(this.#byName, serverName)[0] ?? this.fallback.context;
  }
}

export type ServerContext = {
  /** Changes when any of the content does. */
  readonly key: string;
  readonly context: SecureContext;
  /** What the context was made from: a server wants these for clients without a server name. */
  readonly options: SecureContextOptions;
};

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
        .map(([hostname, certificates]) => ({ hostname, value: this.#context(certificates, tls, secrets).context }));
      return new ListenerCertificates(buildHostTable(rows), this.#context([first], tls, secrets));
    } catch (error) {
      return error as Error;
    }
  }

  /** Ends a round of builds: forgets what none of them used. */
  prune(): void {
    this.#contexts = this.#used;
    this.#used = new Map();
  }

  /** Several certificates for one name (RSA and ECDSA) serve together. */
  #context(certificates: readonly CertificateRef[], tls: TlsSettings, secrets: SecretTable): ServerContext {
    const key = JSON.stringify([
      certificates.map((one) => one.fingerprint),
      tls.clientValidation ?? null,
      tls.minVersion,
    ]);
    const known = this.#used.get(key) ?? this.#contexts.get(key);
    const context = known ?? makeContext(key, contextOptions(certificates, tls, secrets));
    this.#used.set(key, context);
    return context;
  }
}

function makeContext(key: string, options: SecureContextOptions): ServerContext {
  return { key, options, context: createSecureContext(options) };
}

function contextOptions(
  certificates: readonly CertificateRef[],
  tls: TlsSettings,
  secrets: SecretTable,
): SecureContextOptions {
  const pairs = certificates.map((certificate) => {
    const material = secrets.get(certificate.key);
    if (material?.kind !== "certificate") throw new Error("a certificate of the listener is missing");
    return material;
  });
  const authorities =
    tls.clientValidation === undefined ? undefined : readAuthorities(tls.clientValidation.ca, secrets);
  if (tls.clientValidation !== undefined && authorities === undefined) {
    throw new Error("the CA bundle for client certificates is missing");
  }
  return {
    cert: pairs.map((pair) => pair.chainPem),
    key: pairs.map((pair) => pair.keyPem),
    ciphers: tlsCiphers,
    ecdhCurve: tlsCurves,
    minVersion: tls.minVersion,
    ...(authorities === undefined ? {} : { ca: [...authorities] }),
  };
}
