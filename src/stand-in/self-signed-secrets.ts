import type { Resource } from "../resource/kinds.ts";
import { createSnapshot } from "../store/create-snapshot.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { makeSelfSigned } from "./self-signed.ts";

/** A TLS Secret that a listener names and that does not exist. */
export type MissingCertificate = {
  readonly namespace: string;
  readonly name: string;
  /** What the certificate should be for; empty when any name may ask. */
  readonly hostnames: readonly string[];
};

type Secret = Resource<"Secret">;

/** Certificates are made again a day before they end. */
const renewMs = 29 * 86_400_000;

/** Makes Secrets where they are missing, and keeps them, so that a reload does not change certificates. */
export class SelfSignedSecrets {
  readonly #made = new Map<string, { readonly secret: Secret; readonly madeMs: number }>();

  /** The snapshot with a `kubernetes.io/tls` Secret for each of `missing`. */
  fill(snapshot: Snapshot, missing: readonly MissingCertificate[], nowMs: number): Snapshot {
    if (missing.length === 0) return snapshot;
    return withSecrets(
      snapshot,
      missing.map((certificate) => this.#secretFor(certificate, nowMs)),
    );
  }

  #secretFor({ namespace, name, hostnames }: MissingCertificate, nowMs: number): Secret {
    const names = [...new Set(hostnames)].sort();
    const key = JSON.stringify([namespace, name, names]);
    const known = this.#made.get(key);
    if (known && nowMs - known.madeMs < renewMs) return known.secret;
    const { certificatePem, keyPem } = makeSelfSigned(names, nowMs);
    const secret: Secret = {
      kind: "Secret",
      apiVersion: "v1",
      metadata: { namespace, name, labels: {}, annotations: {}, generation: 1 },
      type: "kubernetes.io/tls",
      data: { "tls.crt": toBase64(certificatePem), "tls.key": toBase64(keyPem) },
    };
    this.#made.set(key, { secret, madeMs: nowMs });
    return secret;
  }
}

function toBase64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function withSecrets(snapshot: Snapshot, secrets: readonly Secret[]): Snapshot {
  const list = Object.freeze([...snapshot.list("Secret"), ...secrets]);
  const ofSecrets = createSnapshot(list);
  return {
    list: (kind) => (kind === "Secret" ? (list as readonly Resource<typeof kind>[]) : snapshot.list(kind)),
    get: (kind, namespace, name) => (kind === "Secret" ? ofSecrets : snapshot).get(kind, namespace, name),
    find: (by, key) => (by.kind === "Secret" ? ofSecrets : snapshot).find(by, key),
    isEmpty: (kind) => (kind === "Secret" ? ofSecrets : snapshot).isEmpty(kind),
  };
}
