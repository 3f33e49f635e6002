/** What conversion writes: an object of an API with what a reader of the file should know of it. */
import type { JsonObject } from "../../resource/json.ts";

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    /** `undefined`: the kind is of the cluster. */
    readonly namespace: string | undefined;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  /** Everything else that stands at the top of the object: `spec`, or `data` and `type` of a Secret. */
  readonly content: JsonObject;
  /** Lines of the comment above it: which Ingress and which annotations it came from, and what is left to do by hand. */
  readonly comments: readonly string[];
  /** Name of the Ingress whose file it stands in; `undefined`: it is of several, or of none. */
  readonly app: string | undefined;
};

/** The object as it is written: no empty maps. */
export function objectOf({ apiVersion, kind, metadata, content }: Manifest): JsonObject {
  const { name, namespace, labels, annotations } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    ...content,
  };
}

/** Names an object among all: what two runs of a conversion have in common. */
export function identityOf(object: JsonObject): string {
  const metadata = object["metadata"] as JsonObject | undefined;
  const { apiVersion, kind } = object;
  const group = String(apiVersion).split("/").at(-2) ?? "";
  return [group, kind, metadata?.["namespace"] ?? "", metadata?.["name"]].join("/");
}
