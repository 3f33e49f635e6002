/** A folder that conversion wrote before, brought together with what it writes now. Pure: texts by path in, texts by path out. */
import type { Document } from "yaml";
import { isJsonObject, type JsonObject } from "../../../resource/json.ts";
import { identityOf } from "../manifest.ts";
import { type EditConflict, mergeEdits } from "./merge-edits.ts";
import { parseDocuments, renderDocument } from "./render-manifests.ts";

/** Texts of YAML by their paths below the folder. */
export type FolderTexts = ReadonlyMap<string, string>;

export type FolderMerge = {
  /** Every file as it is to be; what is not among them and was written before goes. */
  readonly files: FolderTexts;
  /** What a person should know of their edits. */
  readonly notes: readonly EditNote[];
};

export type EditNote = { readonly file: string; readonly object: string } & (
  | ({ readonly kind: "conflict" } & EditConflict)
  /** The person took it out; conversion still has it. */
  | { readonly kind: "staysOut" }
  /** Conversion no longer has it, and the person edited it. */
  | { readonly kind: "leftOver" }
  /** It was there before conversion first wrote it, in other words. */
  | { readonly kind: "notOurs" }
  /** The file is no YAML, so that nothing of it can be merged. */
  | { readonly kind: "unreadable" }
);

type Part = { readonly text: string; readonly document: Document; readonly object: JsonObject };

/**
 * `existing` is what stands in the folder, `base` what was written last time (empty: nothing was), `converted` what is to be.
 * Files and objects that no conversion wrote are left alone.
 */
export function mergeFolder(existing: FolderTexts, base: FolderTexts, converted: FolderTexts): FolderMerge {
  const files = new Map(existing);
  const notes: EditNote[] = [];
  for (const file of new Set([...base.keys(), ...converted.keys()])) {
    const merged = mergeFile(file, [existing.get(file), base.get(file), converted.get(file)], notes);
    if (merged === undefined) files.delete(file);
    else files.set(file, merged);
  }
  return { files, notes };
}

type FileTexts = readonly [existing: string | undefined, base: string | undefined, converted: string | undefined];

/** `undefined`: there is no such file any more. */
function mergeFile(file: string, [existing, base, converted]: FileTexts, notes: EditNote[]): string | undefined {
  if (existing === base || existing === converted) return converted;
  const [edited, before, after] = [existing, base, converted].map((text) => partsOf(text ?? ""));
  if (edited === undefined || before === undefined || after === undefined) {
    notes.push({ kind: "unreadable", file, object: "" });
    return existing;
  }
  const merged: string[] = [];
  for (const [id, part] of edited) {
    const text = mergeObject(part, before.get(id), after.get(id), (note) => notes.push({ ...note, file, object: id }));
    if (text !== undefined) merged.push(text);
  }
  for (const [id, part] of after) {
    if (edited.has(id)) continue;
    if (before.has(id)) notes.push({ kind: "staysOut", file, object: id });
    else merged.push(part.text);
  }
  return merged.length === 0
    ? undefined
    : merged.map((text) => (text.endsWith("\n") ? text : `${text}\n`)).join("---\n");
}

/** An {@link EditNote} of an object that is known already. */
type Note = EditNote extends infer N ? (N extends EditNote ? Omit<N, "file" | "object"> : never) : never;

function mergeObject(
  edited: Part,
  base: Part | undefined,
  converted: Part | undefined,
  tell: (note: Note) => void,
): string | undefined {
  if (base === undefined) {
    if (converted !== undefined && converted.text !== edited.text) tell({ kind: "notOurs" });
    return edited.text;
  }
  if (edited.text === base.text) return converted?.text;
  if (converted === undefined) {
    tell({ kind: "leftOver" });
    return edited.text;
  }
  if (converted.text === base.text) return edited.text;
  for (const conflict of mergeEdits(edited.document, base.object, converted.object))
    tell({ kind: "conflict", ...conflict });
  return renderDocument(edited.document);
}

/** Objects of a file by their identity, in order. Documents that are no objects keep their text as their name. */
function partsOf(text: string): ReadonlyMap<string, Part> | undefined {
  const texts = text.split(/^---[ \t]*\n/m).filter((part) => part.trim() !== "");
  const documents = parseDocuments(text);
  if (documents === undefined || documents.length !== texts.length) return undefined;
  const parts = new Map<string, Part>();
  for (const [index, document] of documents.entries()) {
    const object: unknown = document.toJS();
    const own = texts[index] as string;
    parts.set(isJsonObject(object) ? identityOf(object) : own, {
      text: own,
      document,
      object: isJsonObject(object) ? object : {},
    });
  }
  return parts;
}
