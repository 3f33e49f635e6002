import type { Language } from "../../base/regex/language.ts";
import { LITERAL_PATH, UNRESERVED } from "./ascii.ts";

const [slash, dot, percent] = [0x2f, 0x2e, 0x25];

/** States of a path that is being read. 0 is no state: nothing goes on there. `escape` and 16 more follow these. */
const State = { root: 1, segment: 2, oneDot: 3, twoDots: 4, inside: 5, escape: 6, lowDigit: 7 } as const;
const stateCount = State.lowDigit + 16;

/**
 * The paths that requests can have when they are matched: absolute, what needs no escape without one, other escapes with
 * upper-case digits, no query. `segments`: whether runs of slashes and dot segments are resolved, or kept as on a listener that
 * keeps them. It holds a few more paths than `normalizePath` lets through, and none fewer.
 */
export function pathLanguage(segments: "resolved" | "kept"): Language {
  const next = new Uint8Array(stateCount * 128);
  const set = (state: number, code: number, to: number) => {
    next[state * 128 + code] = to;
  };
  const kept = segments === "kept";
  set(State.root, slash, State.segment);
  for (const state of [State.segment, State.oneDot, State.twoDots, State.inside]) {
    for (let code = 0; code < 128; code++) if (LITERAL_PATH[code] === 1) set(state, code, State.inside);
    set(state, percent, State.escape);
    set(state, slash, kept || state === State.inside ? State.segment : 0);
  }
  set(State.segment, dot, State.oneDot);
  set(State.oneDot, dot, State.twoDots);
  for (const [high, digit] of hexDigits.entries()) {
    set(State.escape, digit, State.lowDigit + high);
    for (const [low, lowDigit] of hexDigits.entries())
      if (UNRESERVED[high * 16 + low] !== 1) set(State.lowDigit + high, lowDigit, State.inside);
  }
  const ends = new Uint8Array(stateCount);
  ends[State.segment] = ends[State.inside] = 1;
  ends[State.oneDot] = ends[State.twoDots] = kept ? 1 : 0;
  return { start: State.root, next, ends };
}

const hexDigits = [...Buffer.from("0123456789ABCDEF")];
