import { createHash, createPrivateKey, type X509Certificate } from "node:crypto";
import { type OcspStaple, type SecretMaterial, SecretTable } from "../ir/secret-table.ts";
import type { CertificateRef, SecretKey } from "../ir/tls.ts";
import type { Resource } from "../resource/kinds.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { certificateNames, parseCertificates } from "./certificate.ts";
import { readOcspResponse } from "./ocsp-response.ts";
import type { SecretProblem, SecretReader } from "./secret-reader.ts";

type CaKind = "ConfigMap" | "Secret" | "ClusterTrustBundle";
type CertificateAnswer = ReturnType<SecretReader["certificate"]>;
type CaAnswer = ReturnType<SecretReader["caBundle"]>;

/** The reader of one snapshot; `table` hands out the material of the keys that the finished model names. */
export type SnapshotSecrets = SecretReader & { table(keys: ReadonlySet<SecretKey>): SecretTable };

/** What a Secret holds, decoded and checked. Reading costs a signature check, so it is kept as long as the object is. */
type ReadCertificate = {
  readonly answer: CertificateAnswer;
  readonly material: SecretMaterial | undefined;
  /** What the Secret has under `tls.ocsp-staple`, or what is wrong with it. */
  readonly staple?: OcspStaple | string;
};
const bundleSuffix = "#ca";
const readSecrets = new WeakMap<Resource<"Secret">, ReadCertificate>();

/** Reads certificates and CA bundles from a snapshot's objects. Pure but for keeping what it has decoded. */
export function createSecretReader(snapshot: Snapshot): SnapshotSecrets {
  return {
    certificate: (namespace, name) => readSecret(snapshot, namespace, name).answer,
    caBundle: (kind, namespace, name) => readBundle(snapshot, { kind, namespace, name }).answer,
    table(keys) {
      const rows = [...keys].sort().flatMap((key) => {
        const material = materialOf(snapshot, key);
        return material ? [[key, material] as const] : [];
      });
      return new SecretTable(new Map(rows));
    },
  };
}

function readSecret(snapshot: Snapshot, namespace: string, name: string): ReadCertificate {
  const secret = snapshot.get("Secret", namespace, name);
  if (!secret) return refuse("missing", `Secret ${namespace}/${name} does not exist.`);
  let read = readSecrets.get(secret);
  if (!read) {
    read = readCertificate(secret);
    readSecrets.set(secret, read);
  }
  return read;
}

/** Keys are `Kind/namespace/name`, with `${bundleSuffix}` for bundles; no part of a name can hold a `/`. */
function materialOf(snapshot: Snapshot, key: SecretKey): SecretMaterial | undefined {
  const [kind = "", namespace = "", name = ""] = key.replace(bundleSuffix, "").split("/");
  if (!key.endsWith(bundleSuffix)) return readSecret(snapshot, namespace, name).material;
  return readBundle(snapshot, { kind: kind as CaKind, namespace: namespace === "" ? undefined : namespace, name })
    .material;
}

/** The issuer's certificate that some tools write beside a chain (`ca.crt`); `undefined` when there is none. */
export function readAuthority(snapshot: Snapshot, namespace: string, name: string): X509Certificate | undefined {
  const text = snapshot.get("Secret", namespace, name)?.data["ca.crt"];
  return text === undefined ? undefined : parseCertificates(decode(text))?.[0];
}

/** The OCSP response of a certificate's Secret, or a clause that says why it cannot be used; `undefined` when there is none. */
export function readStaple(snapshot: Snapshot, namespace: string, name: string): OcspStaple | string | undefined {
  return readSecret(snapshot, namespace, name).staple;
}

function certificateKey(namespace: string, name: string): SecretKey {
  return `Secret/${namespace}/${name}`;
}

function readCertificate(secret: Resource<"Secret">): ReadCertificate {
  const namespace = secret.metadata.namespace ?? "";
  const title = `Secret ${namespace}/${secret.metadata.name}`;
  const chainText = secret.data["tls.crt"];
  const keyText = secret.data["tls.key"];
  if (chainText === undefined || keyText === undefined) {
    const lacking = [chainText === undefined ? "tls.crt" : "", keyText === undefined ? "tls.key" : ""].filter(Boolean);
    return refuse("wrongType", `${title} (type ${secret.type}) has no ${lacking.join(" and no ")}.`);
  }
  const chainPem = decode(chainText);
  const chain = parseCertificates(chainPem);
  const leaf = chain?.[0];
  if (!chain || !leaf) return refuse("invalid", `${title} has a tls.crt that is not a PEM certificate.`);
  const keyPem = decode(keyText);
  try {
    const key = createPrivateKey(keyPem);
    if (!leaf.checkPrivateKey(key)) {
      return refuse("invalid", `${title} has a tls.key that does not belong to the first certificate in tls.crt.`);
    }
  } catch {
    return refuse("invalid", `${title} has a tls.key that is not an unencrypted PEM private key.`);
  }
  const stapleText = secret.data["tls.ocsp-staple"];
  const staple = stapleText === undefined ? undefined : readOcspResponse(Buffer.from(stapleText, "base64"), leaf);
  const ocspStaple = typeof staple === "object" ? staple : undefined;
  const ref: CertificateRef = {
    key: certificateKey(namespace, secret.metadata.name),
    fingerprint: fingerprint(`${chainPem}${ocspStaple?.responseBase64 ?? ""}`),
    names: certificateNames(leaf),
  };
  return {
    answer: { ref, chain },
    material: { kind: "certificate", chainPem, keyPem, ...(ocspStaple && { ocspStaple }) },
    ...(staple === undefined ? {} : { staple }),
  };
}

function refuse(problem: SecretProblem["problem"], message: string): ReadCertificate {
  return { answer: { problem, message }, material: undefined };
}

function readBundle(
  snapshot: Snapshot,
  wanted: { readonly kind: CaKind; readonly namespace: string | undefined; readonly name: string },
): { readonly answer: CaAnswer; readonly material: SecretMaterial | undefined } {
  const { kind, namespace, name } = wanted;
  const title = `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
  const key = `${kind}/${namespace ?? ""}/${name}${bundleSuffix}`;
  const bundlePem = bundleText(snapshot, wanted);
  if (bundlePem === undefined) {
    return { material: undefined, answer: { problem: "missing", message: `${title} does not exist.` } };
  }
  if (bundlePem === "") {
    return { material: undefined, answer: { problem: "wrongType", message: `${title} has no ca.crt.` } };
  }
  if (!parseCertificates(bundlePem)) {
    const message = `${title} has a ca.crt that is not a PEM certificate.`;
    return { material: undefined, answer: { problem: "invalid", message } };
  }
  return {
    material: { kind: "ca", bundlePem },
    answer: { source: { kind: "bundle", key, fingerprint: fingerprint(bundlePem) } },
  };
}

/** `undefined`: no such object. `""`: the object has no bundle. */
function bundleText(
  snapshot: Snapshot,
  wanted: { readonly kind: CaKind; readonly namespace: string | undefined; readonly name: string },
): string | undefined {
  switch (wanted.kind) {
    case "ConfigMap": {
      const object = snapshot.get("ConfigMap", wanted.namespace, wanted.name);
      return object && (object.data["ca.crt"] ?? decode(object.binaryData["ca.crt"] ?? ""));
    }
    case "Secret": {
      const object = snapshot.get("Secret", wanted.namespace, wanted.name);
      return object && decode(object.data["ca.crt"] ?? "");
    }
    case "ClusterTrustBundle":
      return snapshot.get("ClusterTrustBundle", undefined, wanted.name)?.spec.trustBundle;
  }
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}

/** Of the public part alone: it tells rotations apart and gives nothing away. */
function fingerprint(pem: string): string {
  return createHash("sha256").update(pem).digest("hex").slice(0, 32);
}
