/** The text of one document of a stream, with the number of lines above it. */
export type DocumentText = { readonly text: string; readonly linesAbove: number };

/**
 * Cuts a stream into documents. A line that begins with `---` is a document marker wherever it stands (YAML 1.2 section
 * 9.1.2), so this needs no parser; a stream with directives is left whole, because they stand before the marker.
 */
export function splitDocuments(text: string): readonly DocumentText[] {
  if (/^%/m.test(text)) return [{ text, linesAbove: 0 }];
  const parts: { text: string; linesAbove: number }[] = [];
  let start = 0;
  let linesAbove = 0;
  for (const { index } of text.matchAll(/^---(?=\s|$)/gm)) {
    if (index === start) continue;
    const part = text.slice(start, index);
    parts.push({ text: part, linesAbove });
    linesAbove += countLines(part);
    start = index;
  }
  parts.push({ text: text.slice(start), linesAbove });
  return parts;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
