/** Parts of an object as it is written, before anything of it has been checked: what is not as it should be is empty. */
import { isJsonObject, type JsonObject } from "./json.ts";

export function metadataOf(object: JsonObject): JsonObject {
  return isJsonObject(object["metadata"]) ? object["metadata"] : {};
}

export function specOf(object: JsonObject): JsonObject {
  return isJsonObject(object["spec"]) ? object["spec"] : {};
}

export function annotationsOf(object: JsonObject): JsonObject {
  const { annotations } = metadataOf(object);
  return isJsonObject(annotations) ? annotations : {};
}

/** Those whose values are texts. */
export function labelsOf(object: JsonObject): Readonly<Record<string, string>> {
  const { labels } = metadataOf(object);
  const entries = isJsonObject(labels) ? Object.entries(labels) : [];
  return Object.fromEntries(entries.flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
}

/** Namespace, `default` where none is written, and name. */
export function placeOf(object: JsonObject): { readonly namespace: string; readonly name: string } {
  const { namespace, name } = metadataOf(object);
  return { namespace: textOf(namespace) || "default", name: textOf(name) };
}

/** `namespace/name`. */
export function nameOf(object: JsonObject): string {
  const { namespace, name } = placeOf(object);
  return `${namespace}/${name}`;
}

/** The mappings of a list. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** The texts of a list. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
