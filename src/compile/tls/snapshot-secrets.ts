import { createHash, type X509Certificate } from "node:crypto";
import { type OcspStaple, type SecretMaterial, SecretTable } from "../../ir/secret-table.ts";
import type { CertificateRef, SecretKey } from "../../ir/tls.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { RetainedSecrets } from "../compile-options.ts";
import type { CaKind } from "./ca-kind.ts";
import { certificateNames, parseCertificates, turningPoints } from "./certificate.ts";
import { readOcspResponse } from "./ocsp-response.ts";
import type { ReadCertificate, SecretProblem, SecretReader } from "./secret-reader.ts";
import { bundleFault, pairFault } from "./tls-loading.ts";

type CaAnswer = ReturnType<SecretReader["caBundle"]>;

/** The reader of one snapshot. */
export type SnapshotSecrets = SecretReader & {
  /** The material of the keys that the finished model names. */
  table(keys: ReadonlySet<SecretKey>): SecretTable;
  /** The Secrets whose certificates the finished model names, each as it was when it could last be used. */
  retained(keys: ReadonlySet<SecretKey>): RetainedSecrets;
  /** When time alone next changes what is to be said of the certificates that were asked for. Milliseconds since the epoch. */
  freshUntilMs(): number;
};

/** A Secret that can be used, decoded and checked. */
type GoodSecret = {
  readonly secret: Resource<"Secret">;
  readonly answer: ReadCertificate;
  readonly material: SecretMaterial;
  /** What the Secret has under `tls.ocsp-staple`, or what is wrong with it; `undefined`: nothing. */
  readonly staple: OcspStaple | string | undefined;
};
type ReadBundle =
  | { readonly fault: undefined; readonly material: SecretMaterial; readonly fingerprint: string }
  | { readonly fault: string };

const bundleSuffix = "#ca";
/** Followed by the name of the entry. */
const entryMark = "#entry/";
/** Reading has OpenSSL load everything, so what came of it is kept as long as the object is. */
const readSecrets = new WeakMap<Resource<"Secret">, GoodSecret | SecretProblem>();
const readBundles = new WeakMap<Resource<CaKind>, ReadBundle>();

/**
 * Reads certificates and CA bundles from a snapshot's objects, and certificates that have become unusable from `retained`
 * until they end: `countsUntil` is told when, in milliseconds since the epoch. Pure but for keeping what it has decoded.
 */
export function createSecretReader(
  snapshot: Snapshot,
  { retained, nowMs }: { readonly retained: Pick<RetainedSecrets, "get">; readonly nowMs: number },
  countsUntil: (ms: number) => void = () => {},
): SnapshotSecrets {
  const asked = new Set<GoodSecret>();
  /** The last good one of a Secret that cannot be used. */
  const lastGood = (key: SecretKey): GoodSecret | undefined => {
    const secret = retained.get(key);
    const read = secret && readSecret(secret);
    const endMs = (read && "answer" in read && read.answer.chain[0]?.validToDate.getTime()) || 0;
    if (endMs <= nowMs) return undefined;
    countsUntil(endMs);
    return read && "answer" in read ? read : undefined;
  };
  const inForce = (key: SecretKey): GoodSecret | undefined => {
    const { namespace, name } = nameOfKey(key);
    const secret = snapshot.get("Secret", namespace, name);
    const read = secret && readSecret(secret);
    return read && "answer" in read ? read : lastGood(key);
  };
  const materialOf = (key: SecretKey): SecretMaterial | undefined => {
    if (key.includes(entryMark)) return entryMaterial(snapshot, key);
    return key.endsWith(bundleSuffix) ? bundleMaterial(snapshot, key) : inForce(key)?.material;
  };
  return {
    certificate(namespace, name) {
      const key = certificateKey(namespace, name);
      const good = inForce(key);
      if (good) asked.add(good);
      const secret = snapshot.get("Secret", namespace, name);
      const read = secret
        ? readSecret(secret)
        : ({ problem: "missing", message: `Secret ${namespace}/${name} does not exist.` } as const);
      return "answer" in read ? read.answer : { ...read, lastGood: good?.answer };
    },
    caBundle: (kind, namespace, name) => readBundle(snapshot, { kind, namespace, name }).answer,
    value: (namespace, name, entry) => {
      const read = readEntry(snapshot, { namespace, name, entry });
      const key = `${certificateKey(namespace, name)}${entryMark}${entry}`;
      return "problem" in read ? read : { key, bytes: Buffer.from(read.bytesBase64, "base64") };
    },
    table(keys) {
      const rows = [...keys].sort().flatMap((key) => {
        const material = materialOf(key);
        return material ? [[key, material] as const] : [];
      });
      return new SecretTable(new Map(rows));
    },
    retained(keys) {
      const good = new Map<SecretKey, Resource<"Secret">>();
      for (const key of [...keys].sort()) {
        const isCertificate = !key.includes("#");
        const secret = isCertificate ? inForce(key)?.secret : undefined;
        if (secret) good.set(key, secret);
      }
      return good;
    },
    freshUntilMs() {
      const moments = [...asked].flatMap(({ answer, staple }) => [
        ...turningPoints(answer.chain),
        ...(typeof staple === "object" ? [staple.toMs] : []),
      ]);
      return moments.reduce((first, ms) => (ms > nowMs && ms < first ? ms : first), Number.POSITIVE_INFINITY);
    },
  };
}

function readSecret(secret: Resource<"Secret">): GoodSecret | SecretProblem {
  let read = readSecrets.get(secret);
  if (!read) {
    read = readCertificate(secret);
    readSecrets.set(secret, read);
  }
  return read;
}

/** Keys are `Kind/namespace/name`, followed by a `#` and more where they name a part; no part of a name can hold a `/` or `#`. */
function nameOfKey(key: SecretKey): { readonly kind: string; readonly namespace: string; readonly name: string } {
  const [kind = "", namespace = "", name = ""] = key
    .slice(0, key.includes("#") ? key.indexOf("#") : undefined)
    .split("/");
  return { kind, namespace, name };
}

function bundleMaterial(snapshot: Snapshot, key: SecretKey): SecretMaterial | undefined {
  const { kind, namespace, name } = nameOfKey(key);
  return readBundle(snapshot, { kind: kind as CaKind, namespace: namespace === "" ? undefined : namespace, name })
    .material;
}

function entryMaterial(snapshot: Snapshot, key: SecretKey): SecretMaterial | undefined {
  const { namespace, name } = nameOfKey(key);
  const read = readEntry(snapshot, { namespace, name, entry: key.slice(key.indexOf(entryMark) + entryMark.length) });
  return "problem" in read ? undefined : read;
}

function readEntry(
  snapshot: Snapshot,
  { namespace, name, entry }: { readonly namespace: string; readonly name: string; readonly entry: string },
): Extract<SecretMaterial, { readonly kind: "opaque" }> | SecretProblem {
  const title = `Secret ${namespace}/${name}`;
  const secret = snapshot.get("Secret", namespace, name);
  if (secret === undefined) return { problem: "missing", message: `${title} does not exist.` };
  const bytesBase64 = Object.hasOwn(secret.data, entry) ? secret.data[entry] : undefined;
  if (bytesBase64 === undefined) return { problem: "wrongType", message: `${title} has no ${entry}.` };
  return { kind: "opaque", bytesBase64 };
}

/** The issuer's certificate that some tools write beside a chain (`ca.crt`); `undefined` when there is none. */
export function readAuthority(snapshot: Snapshot, namespace: string, name: string): X509Certificate | undefined {
  const text = snapshot.get("Secret", namespace, name)?.data["ca.crt"];
  return text === undefined ? undefined : parseCertificates(decode(text))?.[0];
}

/** The OCSP response of a certificate's Secret, or a clause that says why it cannot be used; `undefined` when there is none. */
export function readStaple(snapshot: Snapshot, namespace: string, name: string): OcspStaple | string | undefined {
  const secret = snapshot.get("Secret", namespace, name);
  const read = secret && readSecret(secret);
  return read && "answer" in read ? read.staple : undefined;
}

function certificateKey(namespace: string, name: string): SecretKey {
  return `Secret/${namespace}/${name}`;
}

function readCertificate(secret: Resource<"Secret">): GoodSecret | SecretProblem {
  const namespace = secret.metadata.namespace ?? "";
  const title = `Secret ${namespace}/${secret.metadata.name}`;
  const chainText = secret.data["tls.crt"];
  const keyText = secret.data["tls.key"];
  if (chainText === undefined || keyText === undefined) {
    const lacking = [chainText === undefined ? "tls.crt" : "", keyText === undefined ? "tls.key" : ""].filter(Boolean);
    return { problem: "wrongType", message: `${title} (type ${secret.type}) has no ${lacking.join(" and no ")}.` };
  }
  const chainPem = decode(chainText);
  const chain = parseCertificates(chainPem);
  const leaf = chain?.[0];
  if (!chain || !leaf) return { problem: "invalid", message: `${title} has a tls.crt that is not a PEM certificate.` };
  const keyPem = decode(keyText);
  const fault = pairFault({ leaf, chainPem, keyPem });
  if (fault !== undefined) return { problem: "invalid", message: `${title} ${fault}.` };
  const stapleText = secret.data["tls.ocsp-staple"];
  const staple = stapleText === undefined ? undefined : readOcspResponse(Buffer.from(stapleText, "base64"), leaf);
  const ocspStaple = typeof staple === "object" ? staple : undefined;
  const ref: CertificateRef = {
    key: certificateKey(namespace, secret.metadata.name),
    fingerprint: fingerprint(`${chainPem}${ocspStaple?.responseBase64 ?? ""}`),
    names: certificateNames(leaf),
  };
  return {
    secret,
    answer: { ref, chain },
    material: { kind: "certificate", chainPem, keyPem, ...(ocspStaple && { ocspStaple }) },
    staple,
  };
}

function readBundle(
  snapshot: Snapshot,
  wanted: { readonly kind: CaKind; readonly namespace: string | undefined; readonly name: string },
): { readonly answer: CaAnswer; readonly material: SecretMaterial | undefined } {
  const { kind, namespace, name } = wanted;
  const title = `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
  const object = snapshot.get(kind, namespace, name);
  if (object === undefined) {
    return { material: undefined, answer: { problem: "missing", message: `${title} does not exist.` } };
  }
  const bundlePem = bundleText(object);
  if (bundlePem === "") {
    return { material: undefined, answer: { problem: "wrongType", message: `${title} has no ca.crt.` } };
  }
  let read = readBundles.get(object);
  if (!read) {
    read = judgeBundle(bundlePem);
    readBundles.set(object, read);
  }
  if (read.fault !== undefined) {
    const message = `${title} has a ${kind === "ClusterTrustBundle" ? "trustBundle" : "ca.crt"} ${read.fault}.`;
    return { material: undefined, answer: { problem: "invalid", message } };
  }
  const key = `${kind}/${namespace ?? ""}/${name}${bundleSuffix}`;
  return { material: read.material, answer: { source: { kind: "bundle", key, fingerprint: read.fingerprint } } };
}

function judgeBundle(bundlePem: string): ReadBundle {
  const authorities = parseCertificates(bundlePem);
  const fault = authorities ? bundleFault(bundlePem, authorities) : "that is not a PEM certificate";
  if (fault !== undefined) return { fault };
  return { fault, material: { kind: "ca", bundlePem }, fingerprint: fingerprint(bundlePem) };
}

/** `""`: the object has no bundle. */
function bundleText(object: Resource<CaKind>): string {
  switch (object.kind) {
    case "ConfigMap":
      return object.data["ca.crt"] ?? decode(object.binaryData["ca.crt"] ?? "");
    case "Secret":
      return decode(object.data["ca.crt"] ?? "");
    case "ClusterTrustBundle":
      return object.spec.trustBundle;
  }
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}

/** Of the public part alone: it tells rotations apart and gives nothing away. */
function fingerprint(pem: string): string {
  return createHash("sha256").update(pem).digest("hex").slice(0, 32);
}
