import { splitJson } from "./json-documents.ts";

/** The text of one document of a stream, with the number of lines above it. */
export type DocumentText = { readonly text: string; readonly linesAbove: number };

/**
 * Cuts a stream into documents. A line that begins with `---` is a document marker wherever it stands (YAML 1.2 section
 * 9.1.2), so this needs no parser; a stream with directives is left whole, because they stand before the marker. JSON needs
 * no markers.
 */
export function splitDocuments(text: string): readonly DocumentText[] {
  if (/^%/m.test(text)) return [{ text, linesAbove: 0 }];
  const texts: string[] = [];
  let start = 0;
  for (const { index } of text.matchAll(/^---(?=\s|$)/gm)) {
    if (index === start) continue;
    texts.push(text.slice(start, index));
    start = index;
  }
  texts.push(text.slice(start));
  let linesAbove = 0;
  return texts.flatMap(splitJson).map((part) => {
    const placed = { text: part, linesAbove };
    linesAbove += countLines(part);
    return placed;
  });
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
