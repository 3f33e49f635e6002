/** Objects of the API as manifests write them. */
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../src/kube/kube-client.ts";

export type ApiCondition = {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
};

export type ApiMetadata = {
  readonly name: string;
  readonly namespace?: string;
  readonly generation?: number;
  readonly resourceVersion?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

export type ApiObject = KubeObject & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ApiMetadata;
};

/** Kind, and what names one object of it. */
export type ObjectName = Pick<ApiObject, "apiVersion" | "kind"> & {
  readonly name: string;
  readonly namespace?: string;
};

/** The documents of a YAML text. Throws on what is no YAML or no object. */
export function parseManifest(text: string): readonly ApiObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(`a manifest is no YAML: ${document.errors[0]?.message}`);
    const value: unknown = document.toJS();
    return value === null ? [] : [value as ApiObject];
  });
}

export function nameOf({ apiVersion, kind, metadata: { name, namespace } }: ApiObject): ObjectName {
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** `HTTPRoute shop/cart`. */
export function printName({ kind, namespace, name }: ObjectName): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** The value at a path of keys and indexes, or `undefined`. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );
}

export function conditionsAt(object: KubeObject, ...path: readonly (string | number)[]): readonly ApiCondition[] {
  const conditions = at(object, ...path);
  return Array.isArray(conditions) ? (conditions as ApiCondition[]) : [];
}
