import { isDeepStrictEqual } from "node:util";
import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import { keyOf } from "../../store/create-snapshot.ts";
import type { SourcePart } from "../../store/store.ts";
import { fileFinding } from "./file-finding.ts";
import { type Manifest, parseManifest, resourcesOf } from "./parse-manifest.ts";
import type { FileText } from "./read-file.ts";

/** One file as it was read last, with what it contributes. */
export type SourceFile = {
  /** Fingerprint of the content; `undefined` when it could not be read. */
  readonly hash: string | undefined;
  /** The last that could be read. */
  readonly manifest: Manifest | undefined;
  readonly part: SourcePart;
};

/**
 * Reads a file anew. The same content gives back the same object. Where the new content is broken, objects of the
 * version before stay: all that the new content does not define validly, when a document does not parse; those of the
 * same name, when single objects are invalid. A finding says so.
 */
export function updateSourceFile(file: string, content: FileText, previous?: SourceFile): SourceFile {
  if ("finding" in content) {
    const kept = previous?.part.resources ?? [];
    return unread(file, [content.finding, ...keptWhole(file, kept, content.finding)], previous);
  }
  if (previous?.hash === content.hash) return previous;
  const before = previous?.part.resources ?? [];
  if (content.text.trim() === "" && before.length > 0) return { ...emptied(file, before), hash: content.hash };
  const manifest = parseManifest(file, content.text, previous?.manifest);
  return { hash: content.hash, manifest, part: partOf(manifest, before) };
}

/** A file that can no longer be reached, as it was. Its findings go: that it is missing is told once for all that are. */
export function vanishedSourceFile(previous: SourceFile): SourceFile {
  return unread(previous.part.file, [], previous);
}

/** One finding for all objects that stay although what they were read from, a file or a folder, cannot be read as a whole. */
export function keptWhole(path: string, kept: readonly Resource[], cause: Finding): readonly Finding[] {
  if (kept.length === 0) return [];
  return [
    fileFinding("last-good-kept", path, {
      message: `\`${path}\` cannot be read; the previous version stays in use for ${listed(kept)}.`,
      fix: `Correct it: ${cause.message}`,
    }),
  ];
}

/** A file without new content keeps what it had. */
function unread(file: string, findings: readonly Finding[], previous: SourceFile | undefined): SourceFile {
  if (previous !== undefined && previous.hash === undefined && isDeepStrictEqual(previous.part.findings, findings))
    return previous;
  const { resources = [], ignored = [] } = previous?.part ?? {};
  return { hash: undefined, manifest: previous?.manifest, part: { file, resources, findings, ignored } };
}

/** An empty file is most likely one that an editor is about to write. */
function emptied(file: string, before: readonly Resource[]): Omit<SourceFile, "hash"> {
  const finding = fileFinding("last-good-kept", file, {
    message: `\`${file}\` is empty; its previous version stays in use.`,
    fix: "To remove its objects, delete the file or leave only a comment in it.",
  });
  return { manifest: undefined, part: { file, resources: before, findings: [finding], ignored: [] } };
}

function partOf(manifest: Manifest, before: readonly Resource[]): SourcePart {
  const objects = manifest.chunks.flatMap((chunk) => chunk.objects);
  const syntax = manifest.chunks.flatMap((chunk) => chunk.findings);
  const fresh = resourcesOf(manifest);
  const defined = new Set(fresh.map(nameOf));
  const broken = objects.filter(({ resource, ignored }) => resource === undefined && ignored === undefined);
  const brokenNames = new Set(broken.map(({ ref }) => `${ref.kind} ${ref.namespace ?? ""}/${ref.name}`));

  const kept = before.filter(
    (resource) => !defined.has(nameOf(resource)) && (syntax.length > 0 || brokenNames.has(nameOf(resource))),
  );
  const own = [...syntax, ...objects.flatMap(({ findings }) => findings)];
  const causes = [
    ...syntax,
    ...broken.flatMap(({ findings }) => findings.filter(({ severity }) => severity === "error")),
  ];
  return {
    file: manifest.file,
    resources: [...kept, ...fresh],
    findings: [...own, ...keptFindings(manifest.file, kept, causes)],
    ignored: manifest.chunks.flatMap(({ ignored }) => ignored),
  };
}

/** One finding for all that is kept, at the first error. */
function keptFindings(file: string, kept: readonly Resource[], causes: readonly Finding[]): readonly Finding[] {
  const cause = causes[0];
  if (kept.length === 0 || cause === undefined) return [];
  const position = cause.position ?? { file, line: 1, column: 1 };
  return [
    fileFinding("last-good-kept", position, {
      message: `\`${file}\` has an error on line ${position.line}; the previous version stays in use for ${listed(kept)}.`,
      fix: `Correct it: ${cause.message}`,
    }),
  ];
}

/** The first three, and how many more. */
function listed(resources: readonly Resource[]): string {
  const names = resources.slice(0, 3).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  return `${names.join(", ")}${resources.length > 3 ? ` and ${resources.length - 3} more` : ""}`;
}

function nameOf(resource: Resource): string {
  return `${resource.kind} ${keyOf(resource)}`;
}
