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
    const findings = [content.finding, ...keptFindings(file, kept, [content.finding])];
    const part: SourcePart = { file, resources: kept, findings, ignored: previous?.part.ignored ?? [] };
    const same =
      previous?.hash === undefined && previous !== undefined && isDeepStrictEqual(previous.part.findings, findings);
    return same ? previous : { hash: undefined, manifest: previous?.manifest, part };
  }
  if (previous?.hash === content.hash) return previous;
  const before = previous?.part.resources ?? [];
  if (content.text.trim() === "" && before.length > 0) return { ...emptied(file, before), hash: content.hash };
  const manifest = parseManifest(file, content.text, previous?.manifest);
  return { hash: content.hash, manifest, part: partOf(manifest, before) };
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
  const names = kept.slice(0, 3).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const rest = kept.length > 3 ? ` and ${kept.length - 3} more` : "";
  const position = cause.position ?? { file, line: 1, column: 1 };
  return [
    fileFinding("last-good-kept", position, {
      message: `\`${file}\` has an error on line ${position.line}; the previous version stays in use for ${names.join(", ")}${rest}.`,
      fix: `Correct it: ${cause.message}`,
    }),
  ];
}

function nameOf(resource: Resource): string {
  return `${resource.kind} ${keyOf(resource)}`;
}
