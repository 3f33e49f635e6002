/**
 * A path that a regular expression takes: of every choice the first, of every repetition as few as are allowed, but one where none
 * would do. `undefined` for what this cannot tell, such as references to groups.
 */
export function samplePath(pattern: string): string | undefined {
  const reader = { text: pattern.replace(/^\(\?[a-zA-Z]+\)/, "").replace(/^\^/, ""), at: 0 };
  const sample = alternatives(reader);
  return sample !== undefined && reader.at >= reader.text.length && sample.startsWith("/") ? sample : undefined;
}

type Reader = { readonly text: string; at: number };

const classes: Readonly<Record<string, string>> = { d: "1", w: "a", s: " ", D: "a", W: "-", S: "a" };
/** Nothing is consumed, and in a path that is made by these rules all of them hold or may. */
const anchors = new Set(["b", "B", "A", "z", "Z"]);

/** The first alternative; the others are read and left out. */
function alternatives(reader: Reader): string | undefined {
  let first: string | undefined;
  let count = 0;
  for (;;) {
    const sample = sequence(reader);
    if (sample === undefined) return undefined;
    // An empty alternative is as good as any, but says less.
    if (count++ === 0 || first === "") first = sample;
    if (reader.text[reader.at] !== "|") return first;
    reader.at++;
  }
}

function sequence(reader: Reader): string | undefined {
  let sample = "";
  while (reader.at < reader.text.length && !"|)".includes(reader.text[reader.at] as string)) {
    const atom = readAtom(reader);
    if (atom === undefined) return undefined;
    const times = readRepetition(reader);
    if (times === undefined) return undefined;
    sample += atom.repeat(times);
  }
  return sample;
}

function readAtom(reader: Reader): string | undefined {
  const { text } = reader;
  const char = text[reader.at++] as string;
  if (char === "^" || char === "$") return "";
  if (char === ".") return "x";
  if (char === "[") return readClass(reader);
  if (char === "\\") {
    const escaped = text[reader.at++];
    if (escaped === undefined || /[1-9]/.test(escaped)) return undefined;
    return anchors.has(escaped) ? "" : (classes[escaped] ?? escaped);
  }
  if (char !== "(") return char;
  const group = /^\?(?:(<?[=!])|:|P?<\w+>|[a-z-]+:|([a-z-]+)\))/.exec(text.slice(reader.at));
  if (group === null && text[reader.at] === "?") return undefined;
  if (group) {
    reader.at += group[0].length;
    if (group[2] !== undefined) return "";
  }
  const inner = alternatives(reader);
  if (text[reader.at++] !== ")") return undefined;
  // What is looked at and not taken: what it asks for cannot be told apart from what follows.
  return group?.[1] === undefined ? inner : "";
}

function readClass(reader: Reader): string | undefined {
  const { text } = reader;
  const end = text.indexOf("]", text[reader.at] === "]" || text[reader.at] === "^" ? reader.at + 2 : reader.at + 1);
  if (end < 0) return undefined;
  const content = text.slice(reader.at, end);
  reader.at = end + 1;
  if (!content.startsWith("^"))
    return content.startsWith("\\") ? (classes[content[1] as string] ?? content[1]) : content[0];
  return ["x", "1", "-", "_"].find((char) => !content.slice(1).includes(char) && !/\\w|a-z/.test(content)) ?? "~";
}

/** How often: none for `*` and `?`, which are as well left out. */
function readRepetition(reader: Reader): number | undefined {
  const { text } = reader;
  const found = /^(?:([*?])|\+|\{(\d+)(?:,\d*)?\})[?+]?/.exec(text.slice(reader.at));
  if (found === null) return 1;
  reader.at += found[0].length;
  if (found[1] !== undefined) return 0;
  return found[2] === undefined ? 1 : Number(found[2]) > 64 ? undefined : Number(found[2]);
}
