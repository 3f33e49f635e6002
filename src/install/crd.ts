import type { JsonObject } from "../resource/json.ts";
import { type Kind, type KindRow, kindNames, kinds, type StatusShape } from "../resource/kinds.ts";
import { fieldTree } from "../resource/schema/field-tree.ts";
import { statusSchemas } from "./status-schema.ts";
import { structuralSchema } from "./structural-schema.ts";

/** A column of `kubectl get`. Spec: CustomResourceColumnDefinition. */
export type PrinterColumn = {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean" | "date";
  readonly jsonPath: string;
  readonly description?: string;
  /** Above 0: only with `-o wide`. Default: 0. */
  readonly priority?: number;
};

export type CrdOptions = {
  /** Columns before the age. */
  readonly columns?: readonly PrinterColumn[];
  readonly description?: string;
};

/** The kinds that Sluice defines; it installs no others. */
export const ownKinds: readonly Kind[] = kindNames.filter((kind) => kinds[kind].group.endsWith(".sluice.dev"));

const age: PrinterColumn = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };

/**
 * The CustomResourceDefinition of a kind: its row in the table of kinds and its declarations, every version that is not
 * removed, the current one stored. A kind with a status has the status subresource.
 */
export function customResourceDefinition(kind: Kind, options: CrdOptions = {}): JsonObject {
  const row: KindRow = kinds[kind];
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${row.plural}.${row.group}`, labels: { "app.kubernetes.io/name": "sluice" } },
    spec: {
      group: row.group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural: row.plural,
        singular: row.singular,
        ...(row.shortNames.length === 0 ? {} : { shortNames: row.shortNames }),
        categories: ["sluice"],
      },
      scope: row.scope,
      versions: Object.entries(row.versions)
        .filter(([, { state }]) => state !== "removed")
        .map(([name, { state, schema }]) => ({
          name,
          served: true,
          storage: name === row.version,
          ...(state === "deprecated" ? { deprecated: true } : {}),
          additionalPrinterColumns: [...(options.columns ?? []), age],
          ...(row.status === undefined ? {} : { subresources: { status: {} } }),
          schema: {
            openAPIV3Schema: objectSchema(structuralSchema(fieldTree(schema)), row.status, options.description),
          },
        })),
    },
  };
}

function objectSchema(
  fields: JsonObject,
  status: StatusShape | undefined,
  description: string | undefined,
): JsonObject {
  return {
    ...(description === undefined ? {} : { description }),
    ...fields,
    properties: {
      apiVersion: { type: "string", description: "Group and version of the schema of this object." },
      kind: { type: "string", description: "The kind of this object." },
      metadata: { type: "object" },
      ...(fields["properties"] as JsonObject),
      ...(status === undefined ? {} : { status: statusSchemas[status] }),
    },
  };
}
