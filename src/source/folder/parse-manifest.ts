import { type Document, isMap, LineCounter, parseDocument, visit, type YAMLError } from "yaml";
import type { Finding, Position } from "../../finding/finding.ts";
import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import { type ValidatedObject, validateObject } from "../../resource/validate-object.ts";
import type { IgnoredObject } from "../../store/store.ts";
import { Chunk, ChunkOrigin } from "./chunk.ts";
import { fileFinding } from "./file-finding.ts";
import { splitDocuments } from "./split-documents.ts";
import { aliasLimit, yamlOptions } from "./yaml-options.ts";

/** One YAML document, read. */
export type ParsedChunk = {
  readonly chunk: Chunk;
  readonly objects: readonly ValidatedObject[];
  /** Of the document itself: syntax. */
  readonly findings: readonly Finding[];
  readonly ignored: readonly IgnoredObject[];
};

/** One file, read. */
export type Manifest = { readonly file: string; readonly chunks: readonly ParsedChunk[] };

/** Objects that one document (a List) may hold. */
const listLimit = 50_000;

/**
 * Reads the YAML or JSON text of a file. Documents whose text stood in `previous` already are not read again: their
 * resources keep their identity. Never throws.
 */
export function parseManifest(file: string, text: string, previous?: Manifest): Manifest {
  const known = new Map<string, ParsedChunk[]>();
  for (const parsed of previous?.chunks ?? []) {
    const same = known.get(parsed.chunk.text);
    if (same === undefined) known.set(parsed.chunk.text, [parsed]);
    else same.push(parsed);
  }
  const chunks = splitDocuments(text).map(({ text: part, linesAbove }) => {
    const old = known.get(part)?.shift();
    return old === undefined ? parseChunk(new Chunk(file, part, linesAbove)) : moved(old, linesAbove);
  });
  return { file, chunks };
}

/** Resources of a manifest, in order. */
export function resourcesOf(manifest: Manifest): readonly Resource[] {
  return manifest.chunks.flatMap(({ objects }) =>
    objects.flatMap(({ resource }) => (resource === undefined ? [] : [resource])),
  );
}

function moved(old: ParsedChunk, linesAbove: number): ParsedChunk {
  const { chunk, objects, findings, ignored } = old;
  const shift = linesAbove - chunk.linesAbove;
  if (shift === 0) return old;
  chunk.linesAbove = linesAbove;
  const shifted = <T extends { readonly position?: Position }>(item: T): T =>
    item.position === undefined ? item : { ...item, position: { ...item.position, line: item.position.line + shift } };
  return {
    chunk,
    findings: findings.map(shifted),
    ignored: ignored.map(shifted),
    objects: objects.map((object) =>
      object.findings.length === 0 ? object : { ...object, findings: object.findings.map(shifted) },
    ),
  };
}

function parseChunk(chunk: Chunk): ParsedChunk {
  const findings: Finding[] = [];
  const objects: ValidatedObject[] = [];
  const ignored: IgnoredObject[] = [];
  for (const { raw, base } of objectsIn(readValue(chunk, findings))) {
    if (objects.length >= listLimit) {
      findings.push(
        fileFinding("source-too-large", chunk.locate(base), {
          message: `The list has more than ${listLimit} objects; the rest is not read.`,
          fix: "Split it into several files.",
        }),
      );
      break;
    }
    const object = validateObject(raw, new ChunkOrigin(chunk, base));
    objects.push(object);
    if (object.ignored !== undefined) ignored.push({ ...object.ignored, position: chunk.locate(base) });
  }
  return { chunk, objects, findings, ignored };
}

/** The value of the document; `undefined` when it is empty or broken. */
export function readValue(chunk: Chunk, findings: Finding[]): unknown {
  const { text } = chunk;
  if (/^\s*\{/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // Flow-style YAML, or broken JSON, whose error the YAML parser tells with its position.
    }
  }
  try {
    const document = parseDocument(text, { ...yamlOptions, lineCounter: new LineCounter() });
    const error = document.errors[0];
    if (error !== undefined) {
      findings.push(syntaxFinding(chunk, error));
      return undefined;
    }
    if (isTemplate(document, text)) {
      findings.push(templateFinding(chunk));
      return undefined;
    }
    const json: unknown = (document as Document).toJS({ maxAliasCount: aliasLimit });
    return json ?? undefined;
  } catch (error) {
    findings.push(unreadableFinding(chunk, error));
    return undefined;
  }
}

/** What goes wrong most, in words that need no YAML specification. */
const causes: Readonly<Record<string, { readonly cause: string; readonly fix: string }>> = {
  TAB_AS_INDENT: { cause: "a tab is used for indentation", fix: "Indent with spaces." },
  DUPLICATE_KEY: { cause: "a field is written twice in the same mapping", fix: "Remove one of the two." },
  BAD_INDENT: {
    cause: "the indentation does not match the lines above, or a bracket is not closed",
    fix: "Align the line with its siblings, or close the bracket.",
  },
  BLOCK_AS_IMPLICIT_KEY: {
    cause: 'a line has two "key: value" pairs, or is indented below a value',
    fix: "Quote text that contains a colon, or correct the indentation.",
  },
  MULTILINE_IMPLICIT_KEY: {
    cause: "a field name spans several lines, or its colon is missing",
    fix: "Add the colon after the field's name.",
  },
  MISSING_CHAR: { cause: "a quotation mark, bracket, comma or colon is missing", fix: "Add it." },
  UNEXPECTED_TOKEN: { cause: "an unexpected character or value", fix: "Correct the line." },
};

function syntaxFinding(chunk: Chunk, error: YAMLError): Finding {
  if (templateMark.test(chunk.text)) return templateFinding(chunk);
  const known = causes[error.code];
  const language = /^\s*\{/.test(chunk.text) ? "JSON or YAML" : "YAML";
  return fileFinding("syntax-error", chunk.positionAt(error.pos[0]), {
    // Not the parser's own words: they quote the document, which may be a Secret.
    message: `The document is not valid ${language}: ${known?.cause ?? "it breaks the rules of the language"}.`,
    fix: known?.fix ?? "Correct the line.",
  });
}

const templateMark = /\{\{.*\}\}/;

/** A bare `{{ … }}` as a value is valid YAML, a mapping with a mapping for a key, which no manifest has. */
function isTemplate(document: Document, text: string): boolean {
  if (!templateMark.test(text)) return false;
  let found = false;
  visit(document, {
    Pair(_, { key }) {
      if (!isMap(key)) return undefined;
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

function templateFinding(chunk: Chunk): Finding {
  return fileFinding("syntax-error", chunk.positionAt(Math.max(0, chunk.text.search(templateMark))), {
    message: "The document is a template, not a manifest: its `{{ … }}` must be rendered first.",
    fix: "Render it, for example: helm template <chart> | sluice check -",
  });
}

/** Anchors that are missing or expand without end, or nesting too deep for the parser. Its own words are not for users. */
function unreadableFinding(chunk: Chunk, error: unknown): Finding {
  const alias = error instanceof ReferenceError ? /^Unresolved alias .*: (.+)$/.exec(error.message)?.[1] : undefined;
  if (alias !== undefined) {
    return fileFinding("syntax-error", chunk.positionAt(Math.max(0, chunk.text.indexOf(`*${alias}`))), {
      message: "The document is not valid YAML: an alias (text that begins with *) has no anchor above it.",
      fix: "Define the anchor, or quote text that begins with *.",
    });
  }
  if (error instanceof ReferenceError) {
    return fileFinding("source-too-large", chunk.positionAt(0), {
      message: "The document's aliases expand to too much.",
      fix: "Write out the repeated parts.",
    });
  }
  return fileFinding("syntax-error", chunk.positionAt(0), {
    message: "The document is nested too deeply.",
    fix: "Simplify the document.",
  });
}

/** The object itself, or the items of a `List` or of a list of one kind, whose items may leave their kind out. */
export function* objectsIn(json: unknown): Generator<{ readonly raw: unknown; readonly base: readonly string[] }> {
  if (json === undefined) return;
  const isList =
    isJsonObject(json) &&
    typeof json["kind"] === "string" &&
    json["kind"].endsWith("List") &&
    Array.isArray(json["items"]);
  if (!isList) {
    yield { raw: json, base: [] };
    return;
  }
  const kind = String(json["kind"]).slice(0, -"List".length);
  const common: JsonObject = kind === "" ? {} : { apiVersion: json["apiVersion"], kind };
  for (const [index, item] of (json["items"] as readonly unknown[]).entries()) {
    yield { raw: isJsonObject(item) ? { ...common, ...item } : item, base: ["items", String(index)] };
  }
}
