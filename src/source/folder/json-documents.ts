/**
 * Cuts JSON objects that follow each other with nothing but white space in between, as several calls of kubectl or jq print
 * them. Every piece ends with its object, but for the last. A text that is anything else comes back whole.
 */
export function splitJson(text: string): readonly string[] {
  if (!/^\s*\{/.test(text) || !/\}\s*\{/.test(text)) return [text];
  const pieces: string[] = [];
  let start = 0;
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}]/g)) {
    if (token === "{") depth++;
    if (token !== "}" || --depth > 0) continue;
    pieces.push(text.slice(start, index + 1));
    start = index + 1;
  }
  const rest = text.slice(start);
  if (pieces.length < 2 || rest.trim() !== "" || !pieces.every(isJson)) return [text];
  return [...pieces.slice(0, -1), pieces.at(-1) + rest];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
