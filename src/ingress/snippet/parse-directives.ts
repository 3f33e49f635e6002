/** Reads the language of nginx's configuration: directives of words, and blocks of directives. */

/** One directive, such as `add_header X-A "b c" always;`. */
export type Directive = {
  readonly name: string;
  /** Without quotes and escapes. */
  readonly words: readonly string[];
  /** What stands between its braces; `undefined` for a directive that ends with `;`. Of Lua, nothing. */
  readonly block: readonly Directive[] | undefined;
  /** As written, without the spaces around it. */
  readonly text: string;
  /** Counts from 1. */
  readonly line: number;
};

export type ParsedDirectives =
  | { readonly kind: "directives"; readonly directives: readonly Directive[] }
  /** Completes "line 3: …". */
  | { readonly kind: "error"; readonly line: number; readonly message: string };

/** Deepest nesting of blocks that is read. */
const maxDepth = 16;

type Token =
  | { readonly kind: "word"; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: ";" | "{" | "}" | "end"; readonly start: number; readonly end: number };

class Unreadable extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** Directives of a snippet, or where it is not what nginx reads. Takes time in proportion to the text. */
export function parseDirectives(text: string): ParsedDirectives {
  const starts = lineStarts(text);
  const lineAt = (at: number): number => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= at) low = middle;
      else high = middle;
    }
    return low + 1;
  };
  let at = 0;
  const next = (): Token => {
    const token = readToken(text, at);
    at = token.end;
    return token;
  };

  function readBlock(depth: number): readonly Directive[] {
    if (depth > maxDepth) throw new Unreadable(at, `blocks are nested more than ${maxDepth} deep`);
    const directives: Directive[] = [];
    for (;;) {
      const first = next();
      if (first.kind === "end" || first.kind === "}") {
        if ((first.kind === "end") !== (depth === 0)) {
          throw new Unreadable(first.start, first.kind === "end" ? "a } is missing" : "there is a } too many");
        }
        return directives;
      }
      if (first.kind !== "word") throw new Unreadable(first.start, `${first.kind} stands where a directive begins`);
      directives.push(readDirective(first.text, first.start, depth));
    }
  }

  function readDirective(name: string, start: number, depth: number): Directive {
    const words: string[] = [];
    for (;;) {
      const token = next();
      switch (token.kind) {
        case "word":
          words.push(token.text);
          break;
        case ";":
          return made(undefined, token.end);
        case "{": {
          if (name.endsWith("_by_lua_block")) {
            at = endOfLua(text, token.end);
            return made([], at);
          }
          const block = readBlock(depth + 1);
          return made(block, at);
        }
        default:
          throw new Unreadable(token.start, `${name} has no ; at its end`);
      }
    }

    function made(block: readonly Directive[] | undefined, end: number): Directive {
      return { name, words, block, text: text.slice(start, end), line: lineAt(start) };
    }
  }

  try {
    return { kind: "directives", directives: readBlock(0) };
  } catch (thrown) {
    if (!(thrown instanceof Unreadable)) throw thrown;
    return { kind: "error", line: lineAt(thrown.at), message: thrown.message };
  }
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

const blank = /[ \t\r\n]/;
const escapes: Readonly<Record<string, string>> = { '"': '"', "'": "'", "\\": "\\", t: "\t", r: "\r", n: "\n" };

/** The next token from `from` on, behind spaces and comments. */
function readToken(text: string, from: number): Token {
  let at = from;
  for (;;) {
    while (at < text.length && blank.test(text[at]!)) at++;
    if (text[at] !== "#") break;
    const end = text.indexOf("\n", at);
    at = end < 0 ? text.length : end;
  }
  const start = at;
  const first = text[at];
  if (first === undefined) return { kind: "end", start, end: at };
  if (first === ";" || first === "{" || first === "}") return { kind: first, start, end: at + 1 };
  return first === '"' || first === "'" ? quoted(text, start, first) : plain(text, start);
}

function quoted(text: string, start: number, quote: string): Token {
  const parts: string[] = [];
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]!;
    if (character === quote) {
      const after = text[at + 1];
      if (after !== undefined && !blank.test(after) && !";{)".includes(after)) {
        throw new Unreadable(at + 1, `${after} stands directly behind a quotation mark`);
      }
      return { kind: "word", text: parts.join(""), start, end: at + 1 };
    }
    if (character === "\\" && at + 1 < text.length) {
      at++;
      parts.push(escapes[text[at]!] ?? `\\${text[at]}`);
    } else parts.push(character);
  }
  throw new Unreadable(start, "a quotation mark is not closed");
}

function plain(text: string, start: number): Token {
  const parts: string[] = [];
  let at = start;
  for (; at < text.length; at++) {
    const character = text[at]!;
    if (blank.test(character) || character === ";") break;
    if (character === "{") {
      // The brace of a variable, as in ${host}, is part of the word.
      if (text[at - 1] !== "$" || at === start) break;
    }
    if (character === "\\" && at + 1 < text.length) {
      at++;
      parts.push(escapes[text[at]!] ?? `\\${text[at]}`);
    } else parts.push(character);
  }
  return { kind: "word", text: parts.join(""), start, end: at };
}

/** Behind the brace that ends a block of Lua; strings and comments of Lua are respected. */
function endOfLua(text: string, from: number): number {
  const part = /--\[\[[\s\S]*?\]\]|--[^\n]*|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|\[\[[\s\S]*?\]\]|[{}]/g;
  part.lastIndex = from;
  for (let depth = 1; ; ) {
    const found = part.exec(text);
    if (found === null) throw new Unreadable(from, "a } is missing");
    if (found[0] === "{") depth++;
    if (found[0] === "}") depth--;
    if (depth === 0) return part.lastIndex;
  }
}
