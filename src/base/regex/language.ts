import type { Automaton } from "./automaton.ts";

/** Texts of ASCII as a table: `next[state * 128 + code]` is the state after a character, 0 where none goes on. */
export type Language = {
  readonly start: number;
  readonly next: Uint8Array;
  /** For each state, 1 where a text may end. */
  readonly ends: Uint8Array;
};

/** Pairs of states looked at before the question is left open: a millisecond or two. */
const maxPairs = 5000;

/** Whether no text of the language is accepted. `false` also when that would take too long to tell. */
export function acceptsNothingOf({ table, alphabet, start }: Automaton, language: Language): boolean {
  const count = language.ends.length;
  const seen = new Set<number>([start * count + language.start]);
  // The last found goes first: an expression that can match is left at the first text that does.
  const open = [...seen];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [row, state] = [Math.floor(pair / count), pair % count];
    if (table[row + alphabet.size] === 1 && language.ends[state] === 1) return false;
    for (let code = 0; code < 128; code++) {
      const nextState = language.next[state * 128 + code]!;
      const nextRow = nextState === 0 ? 0 : table[row + alphabet.latin1[code]!]!;
      if (nextRow === 0) continue;
      const next = nextRow * count + nextState;
      if (seen.has(next)) continue;
      if (seen.size >= maxPairs) return false;
      seen.add(next);
      open.push(next);
    }
  }
  return true;
}
