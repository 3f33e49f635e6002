import type { Finding, Position } from "../../finding/finding.ts";
import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import type { Origin } from "../../resource/origin.ts";
import { Chunk, ChunkOrigin } from "./chunk.ts";
import { listFiles } from "./list-files.ts";
import type { LoadOptions } from "./load-paths.ts";
import { objectsIn, readValue } from "./parse-manifest.ts";
import { type FileText, readStream, readText, totalSizeLimitBytes } from "./read-file.ts";
import { splitDocuments } from "./split-documents.ts";

/** An object as it is written: of whatever kind, and nothing about it checked but that it has a kind. */
export type WrittenObject = { readonly raw: JsonObject; readonly origin: Origin };

/** A document that is no object: a template, a chart's values, or broken. */
export type OtherDocument = { readonly text: string; readonly position: Position };

export type WrittenFiles = {
  readonly objects: readonly WrittenObject[];
  readonly documents: readonly OtherDocument[];
  /** What could not be read, and why. */
  readonly findings: readonly Finding[];
  /** Whether any of the given paths could not be read: commands then exit with 2. */
  readonly unreadable: boolean;
};

/**
 * Reads objects of every kind once, for what reports on manifests instead of serving them. Never throws for what it finds. The
 * limits of files and folders are those of `loadPaths`.
 */
export async function readObjects(paths: readonly string[], { stdin }: LoadOptions = {}): Promise<WrittenFiles> {
  const listing = await listFiles(paths.filter((path) => path !== "-"));
  const findings: Finding[] = [...listing.findings];
  const objects: WrittenObject[] = [];
  const documents: OtherDocument[] = [];
  const add = (file: string, content: FileText): void => {
    if ("finding" in content) findings.push(content.finding);
    else
      for (const { text, linesAbove } of splitDocuments(content.text))
        addDocument(new Chunk(file, text, linesAbove), { objects, documents, findings });
  };
  if (paths.includes("-") && stdin !== undefined) add("-", await readStream(stdin));
  let bytesLeft = totalSizeLimitBytes;
  for (const file of listing.files) {
    const content = await readText(file, bytesLeft);
    if ("bytes" in content) bytesLeft -= content.bytes;
    add(file, content);
  }
  return { objects, documents, findings, unreadable: findings.some(({ name }) => name === "path-unreadable") };
}

type Found = {
  readonly objects: WrittenObject[];
  readonly documents: OtherDocument[];
  readonly findings: Finding[];
};

function addDocument(chunk: Chunk, found: Found): void {
  const value = readValue(chunk, found.findings);
  const objects = [...objectsIn(value)].flatMap(({ raw, base }) =>
    isJsonObject(raw) && typeof raw["kind"] === "string" && typeof raw["apiVersion"] === "string"
      ? [{ raw, origin: new ChunkOrigin(chunk, base) }]
      : [],
  );
  found.objects.push(...objects);
  if (objects.length === 0 && chunk.text.trim() !== "")
    found.documents.push({ text: chunk.text, position: chunk.positionAt(0) });
}
