import { RE2JS } from "re2js";

/** A pattern as the steps of a machine that is in several of them at once. Numbers are indexes of `steps`. */
export type RegexProgram = {
  readonly start: number;
  readonly steps: readonly RegexStep[];
  /** Every text that matches begins with this; may be empty. */
  readonly literalPrefix: string;
};

export type RegexStep =
  /** Goes on in all of these without reading. */
  | { readonly kind: "branch"; readonly to: readonly number[] }
  /** Reads one code point. `ranges`: first and last code point of each, in pairs, ascending. */
  | { readonly kind: "read"; readonly ranges: Int32Array; readonly to: number }
  /** Goes on without reading where all these hold, as a sum of {@link Boundary}. */
  | { readonly kind: "assert"; readonly needs: number; readonly to: number }
  | { readonly kind: "accept" }
  | { readonly kind: "fail" };

/** What may hold between two code points. */
export const Boundary = { beginLine: 1, endLine: 2, beginText: 4, endText: 8, word: 16, noWord: 32 } as const;

/**
 * Parses a pattern in RE2 syntax. Throws what the library throws for one that is none; `undefined` for a program of more
 * than `maxSteps`. The library's program is not part of its documented interface: this is the only place that reads it.
 */
export function parseProgram(pattern: string, maxSteps: number): RegexProgram | undefined {
  const { prog, prefix } = RE2JS.compile(pattern).re2() as unknown as LibraryMachine;
  if (prog.inst.length > maxSteps) return undefined;
  return { start: prog.start, steps: prog.inst.map(stepOf), literalPrefix: prefix ?? "" };
}

type LibraryMachine = {
  readonly prog: { readonly start: number; readonly inst: readonly LibraryInstruction[] };
  readonly prefix: string | null;
};

type LibraryInstruction = {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
};

/** The library's operation codes. */
const Op = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  assert: 4,
  fail: 5,
  match: 6,
  nop: 7,
  firstRune: 8,
  lastRune: 11,
} as const;

function stepOf({ op, out, arg, runes }: LibraryInstruction): RegexStep {
  if (op >= Op.firstRune && op <= Op.lastRune) return { kind: "read", ranges: rangesOf(runes, arg), to: out };
  switch (op) {
    case Op.alt:
    case Op.altMatch:
      return { kind: "branch", to: [out, arg] };
    case Op.capture:
    case Op.nop:
      return { kind: "branch", to: [out] };
    case Op.assert:
      return { kind: "assert", needs: arg, to: out };
    case Op.match:
      return { kind: "accept" };
    case Op.fail:
      return { kind: "fail" };
    default:
      throw new Error("look-around is not supported");
  }
}

const foldsCase = 1;

/** A single code point stands alone in the library's list, and may stand for its other cases too. */
function rangesOf(runes: ArrayLike<number>, flags: number): Int32Array {
  const only = runes[0];
  if (runes.length !== 1 || only === undefined) return runes as Int32Array;
  return (flags & foldsCase) === 0 ? Int32Array.of(only, only) : casesOf(only);
}

const knownCases = new Map<number, Int32Array>();

/** All cases of a code point, as the library has them: it writes them out for a set of more than one member. */
function casesOf(rune: number): Int32Array {
  let cases = knownCases.get(rune);
  if (cases === undefined) {
    const { prog } = RE2JS.compile(`(?i)[\\x{${rune.toString(16)}}\\x{10FFFF}]`).re2() as unknown as LibraryMachine;
    const set = prog.inst.find(({ op, runes }) => op >= Op.firstRune && op <= Op.lastRune && runes.length > 2);
    cases = Int32Array.from(Array.from(set?.runes ?? []).slice(0, -2));
    knownCases.set(rune, cases);
  }
  return cases;
}
