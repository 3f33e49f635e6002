/**
 * Manifests of applications often come without the Secrets that they name. An Ingress is read as if these existed then: that a password
 * is asked for must not be lost because the file with the passwords is not there. Input with any Secret is taken as complete.
 */
import { annotationPrefix } from "../../ingress/read-feature.ts";
import type { Resource } from "../../resource/kinds.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import type { Snapshot } from "../../store/snapshot.ts";

/** Annotations that name a Secret, and the keys that they want in it. */
const wanted = [
  ["auth-secret", ["auth"]],
  ["auth-tls-secret", ["ca.crt"]],
  ["proxy-ssl-secret", ["ca.crt", "tls.crt", "tls.key"]],
] as const;

/** The snapshot with a Secret, of empty values, for each that an annotation names. */
export function assumeSecrets(snapshot: Snapshot): Snapshot {
  if (!snapshot.isEmpty("Secret")) return snapshot;
  const secrets = new Map<string, Resource<"Secret">>();
  for (const { metadata } of snapshot.list("Ingress")) {
    for (const [annotation, keys] of wanted) {
      const [first = "", second, ...more] = (metadata.annotations[annotationPrefix + annotation] ?? "").split("/");
      const [namespace, name] = second === undefined ? [metadata.namespace, first] : [first, second];
      if (name === "" || more.length > 0) continue;
      secrets.set(`${namespace}/${name}`, secret(namespace, name, keys));
    }
  }
  if (secrets.size === 0) return snapshot;
  const made = createSnapshot([...secrets.values()]);
  return {
    list: (kind) => (kind === "Secret" ? made : snapshot).list(kind),
    get: (kind, namespace, name, group) => (kind === "Secret" ? made : snapshot).get(kind, namespace, name, group),
    find: (index, key) => snapshot.find(index, key),
    isEmpty: (kind) => (kind === "Secret" ? made : snapshot).isEmpty(kind),
  };
}

function secret(namespace: string, name: string, keys: readonly string[]): Resource<"Secret"> {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace, name, labels: {}, annotations: {}, generation: 0 },
    type: "Opaque",
    data: Object.fromEntries(keys.map((key) => [key, ""])),
  };
}
