/**
 * The text that `JSON.stringify` makes of a plain JSON value, in pieces of about `length` characters: a piece is longer only
 * where a single value that is not taken apart is. So that large values can be written without holding everything else up.
 */
export function* jsonPieces(value: unknown, length: number): Generator<string> {
  let piece = "";
  for (const part of parts(value)) {
    piece += part;
    if (piece.length < length) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

/** Values are taken apart down to here: to the single rule and listener of a state. Further down that costs more than it spares. */
const maxDepth = 5;

function* parts(value: unknown, depth = 0): Generator<string> {
  if (typeof value !== "object" || value === null || depth === maxDepth) {
    yield JSON.stringify(value) ?? "null";
  } else if (Array.isArray(value)) {
    let before = "[";
    for (const item of value) {
      yield before;
      yield* parts(item, depth + 1);
      before = ",";
    }
    yield before === "[" ? "[]" : "]";
  } else {
    let before = "{";
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined) continue;
      yield `${before}${JSON.stringify(key)}:`;
      yield* parts(member, depth + 1);
      before = ",";
    }
    yield before === "{" ? "{}" : "}";
  }
}
