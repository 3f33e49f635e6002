import { type NamespacedName, namespacedName } from "../../resource/keys.ts";
import type { Kind, Resource } from "../../resource/kinds.ts";

/** Kinds that can refer to a Secret. */
const secretOwners: ReadonlySet<Kind> = new Set([
  "Gateway",
  "ListenerSet",
  "BackendTLSPolicy",
  "XBackend",
  "ClientTrafficPolicy",
  "BackendTrafficPolicy",
  "SecurityPolicy",
  "ExtensionPolicy",
  "HTTPRouteFilter",
  "Backend",
  "Middleware",
  "Ingress",
]);

/** Whether objects of a kind can refer to a Secret. */
export function isSecretOwner(kind: Kind): boolean {
  return secretOwners.has(kind);
}

export type SecretReference = {
  readonly key: NamespacedName;
  readonly namespace: string;
  readonly name: string;
  /** Namespace of what refers to it. */
  readonly from: string;
};

/**
 * Every Secret that a resource names, wherever in its fields: what has `group: ""`, `kind: Secret` and a name. Traefik's Middleware
 * names those of its own namespace by name alone, and so do Ingresses; their annotations may name another, as `namespace/name`.
 */
export function secretReferences(resource: Resource): readonly SecretReference[] {
  const { metadata, ...fields } = resource;
  const found: SecretReference[] = [];
  const home = metadata.namespace ?? "";
  collect(fields, home, found);
  const secret = resource.kind === "Middleware" ? resource.spec.basicAuth?.secret : undefined;
  if (secret !== undefined) found.push(referenceIn(home, secret, home));
  if (resource.kind === "Ingress") found.push(...ingressSecrets(resource));
  return found;
}

/** Annotations that name a Secret, whosever Ingress it is. */
const secretAnnotation = /^[^/]*ingress\.kubernetes\.io\/[a-z-]*-secret$/;

function ingressSecrets({ metadata, spec }: Resource<"Ingress">): readonly SecretReference[] {
  const home = metadata.namespace;
  const certificates = spec.tls.map(({ secretName }) => secretName);
  const annotations = Object.entries(metadata.annotations).filter(([key]) => secretAnnotation.test(key));
  return [...certificates, ...annotations.map(([, value]) => value)].flatMap((text = "") => {
    const [name = "", namespace = home] = text.trim().split("/").reverse();
    return name === "" ? [] : [referenceIn(namespace, name, home)];
  });
}

function referenceIn(namespace: string, name: string, from: string): SecretReference {
  return { key: namespacedName(namespace, name), namespace, name, from };
}

function collect(value: unknown, home: string, found: SecretReference[]): void {
  if (typeof value !== "object" || value === null) return;
  const { group, kind, name, namespace = home } = value as Readonly<Record<string, unknown>>;
  if (group === "" && kind === "Secret" && typeof name === "string" && typeof namespace === "string")
    found.push(referenceIn(namespace, name, home));
  for (const member of Object.values(value)) collect(member, home, found);
}
