import { type Document, parseDocument, stringify } from "yaml";
import type { JsonObject } from "../../../resource/json.ts";
import { type Manifest, objectOf } from "../manifest.ts";

/** YAML in which nothing is folded, nothing stands for something else, and what kubectl takes for a boolean (`on`) is in quotation marks. */
const style = { aliasDuplicateObjects: false, compat: "yaml-1.1", lineWidth: 0 } as const;

/** One object as YAML, with its comment above it and a final newline. */
function renderManifest(manifest: Manifest): string {
  return renderObject(objectOf(manifest), manifest.comments);
}

/** Several objects as one text of YAML. */
export function renderManifests(manifests: readonly Manifest[]): string {
  return manifests.map(renderManifest).join("---\n");
}

export function renderObject(object: JsonObject, comments: readonly string[]): string {
  const head = comments.flatMap((line) => line.split("\n")).map((line) => `# ${line}`.trimEnd());
  return `${head.map((line) => `${line}\n`).join("")}${stringify(object, style)}`;
}

/** A document that somebody may have edited, as it is written, so that its comments stay. */
export function renderDocument(document: Document): string {
  return document.toString({ lineWidth: 0 });
}

/** The documents of a text, in order; `undefined` when it is no YAML. */
export function parseDocuments(text: string): readonly Document[] | undefined {
  const documents = text
    .split(/^---[ \t]*$/m)
    .filter((part) => part.trim() !== "")
    .map((part) => parseDocument(part, { compat: "yaml-1.1" }));
  return documents.some(({ errors }) => errors.length > 0) ? undefined : documents;
}
