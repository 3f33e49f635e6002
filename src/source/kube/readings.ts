/** What is asked of the API server for each kind, and what of an object is kept. */
import type { KubeObject, Selection } from "../../kube/kube-client.ts";
import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import { type Kind, kindNames, kinds, twinOf } from "../../resource/kinds.ts";

/** How a kind is read. */
export type Reading = {
  /** Default: every object, whole. */
  readonly selection?: Selection;
  /** The fields beside metadata that are kept; `undefined` to leave the object out. Default: all but status. */
  readonly fields?: (object: JsonObject, name: string) => JsonObject | undefined;
  /**
   * What follows when the kind may not be read (403). `wait`: nothing may be concluded without it, so the start waits.
   * `without`: all else works without it. Default `wait`.
   */
  readonly forbidden?: "wait" | "without";
};

/** Groups whose CustomResourceDefinitions tell us something. */
const crdGroups: ReadonlySet<string> = new Set(
  kindNames
    .filter((kind) => kinds[kind].channel !== "core")
    .flatMap((kind) => [kinds[kind].group, twinOf(kind)?.group])
    .filter((group) => group !== undefined),
);

/** Keys of Secrets of type kubernetes.io/tls that a certificate or an authority is read from. */
const secretKeys = ["tls.crt", "tls.key", "tls.ocsp-staple", "ca.crt"] as const;
/**
 * The keys of ConfigMaps that something is read from: authorities, revocations, key sets of tokens, answers. Of ConfigMaps with
 * other keys only that they exist is known.
 */
const configMapKeys = ["ca.crt", "ca.crl", "jwks", "response.body"] as const;

/** Type of the Secrets that are watched. Others are read by name, where something refers to them. */
export const tlsSecretType = "kubernetes.io/tls";

/** Kinds that differ from the defaults. */
const rows: Partial<Record<Kind, Reading>> = {
  // Labels are all that matters of a namespace.
  Namespace: { selection: { metadataOnly: true }, fields: () => ({}) },
  // Their schemas are the bulk of what a cluster stores; name and annotations say which release they are from.
  CustomResourceDefinition: { selection: { metadataOnly: true }, fields: crdFields, forbidden: "without" },
  Secret: {
    selection: { fieldSelector: `type=${tlsSecretType}` },
    fields: (object) => ({ type: object["type"], data: pick(object["data"], secretKeys) }),
  },
  ConfigMap: {
    fields: (object) => ({
      data: pick(object["data"], configMapKeys),
      binaryData: pick(object["binaryData"], configMapKeys),
    }),
  },
  ClusterTrustBundle: { forbidden: "without" },
  Middleware: { forbidden: "without" },
};

/** Kinds that are read only where Ingresses are served: otherwise they are the matter of their own controllers. */
export const ingressKinds: readonly Kind[] = ["Ingress", "IngressClass"];

/** Kinds that are read from a cluster, with or without those of Ingresses. */
export function readKinds(ingresses: boolean): readonly Kind[] {
  return ingresses ? kindNames : kindNames.filter((kind) => !ingressKinds.includes(kind));
}

export function readingOf(kind: Kind): Reading {
  return rows[kind] ?? {};
}

/** Settings of a controller are small; what is larger is an application's file. Characters. */
const maxSettings = 128 * 1024;

/** A ConfigMap where any may be settings that an Ingress, or its controller, names: whole, unless it is too large for that. */
export function trimSettings(object: KubeObject): JsonObject | undefined {
  if (JSON.stringify(object["data"] ?? {}).length > maxSettings) return trimObject("ConfigMap", object);
  return trim(object, ({ data, binaryData }) => ({ data, binaryData: pick(binaryData, configMapKeys) }));
}

/** A Secret that something refers to by name: what of it is read depends on who refers to it, so all of it is kept. */
export function trimNamedSecret(object: KubeObject): JsonObject | undefined {
  return trim(object, ({ type, data }) => ({ type, data }));
}

/** The object with nothing that no one reads; `undefined` when no one reads it at all. Its status is not in it. */
export function trimObject(kind: Kind, object: KubeObject): JsonObject | undefined {
  return trim(object, readingOf(kind).fields);
}

function trim(object: KubeObject, fields: Reading["fields"]): JsonObject | undefined {
  const { apiVersion, kind: kindName, metadata, status: _, ...rest } = object;
  const own = isJsonObject(metadata) ? metadata : {};
  const kept = fields ? fields(rest, String(own["name"])) : rest;
  return kept && { apiVersion, kind: kindName, metadata: trimMetadata(own), ...kept };
}

const metadataKeys = [
  "name",
  "namespace",
  "labels",
  "generation",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
] as const;

function trimMetadata(metadata: JsonObject): JsonObject {
  const annotations = Object.entries(isJsonObject(metadata["annotations"]) ? metadata["annotations"] : {});
  const read = annotations.filter(([key]) => isReadAnnotation(key));
  return { ...pick(metadata, metadataKeys), ...(read.length === 0 ? {} : { annotations: Object.fromEntries(read) }) };
}

/**
 * Ours, the Gateway API's and those of Ingresses; others are large (last-applied-configuration) or change all the time (leader
 * elections).
 */
export function isReadAnnotation(key: string): boolean {
  return /^([^/]+\.)?(sluice\.dev|gateway\.networking\.k8s\.io|ingress(class)?\.kubernetes\.io)\/|^kubernetes\.io\/ingress\.class$/.test(
    key,
  );
}

/** Their metadata alone comes, and names are always `plural.group`. */
function crdFields(_object: JsonObject, name: string): JsonObject | undefined {
  const dot = name.indexOf(".");
  const [plural, group] = [name.slice(0, dot), name.slice(dot + 1)];
  if (!crdGroups.has(group)) return undefined;
  return { spec: { group, names: { kind: kindOfCrd(name) ?? plural, plural } } };
}

/** The kind whose twin a CustomResourceDefinition of this name defines. */
export function kindOfTwinCrd(name: string): Kind | undefined {
  return kindNames.find((kind) => {
    const twin = twinOf(kind);
    return twin !== undefined && `${twin.plural}.${twin.group}` === name;
  });
}

/** The kind that a CustomResourceDefinition of this name defines, when it is one of ours. */
export function kindOfCrd(name: string): Kind | undefined {
  return kindNames.find(
    (kind) => kinds[kind].channel !== "core" && `${kinds[kind].plural}.${kinds[kind].group}` === name,
  );
}

function pick(from: unknown, keys: readonly string[]): JsonObject {
  if (!isJsonObject(from)) return {};
  return Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])));
}
