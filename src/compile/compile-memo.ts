import type { CompileOptions } from "./compile-options.ts";
import { CompileState } from "./memo/compile-state.ts";

/**
 * Keeps what earlier compilations made, so that a change costs little more than what follows from it. One memo serves one
 * sequence of compilations.
 */
export type CompileMemo = {
  /** What the compilation before this one left; nothing when that did not come to its end, or other options held. */
  take(options: CompileOptions): CompileState;
  /** The compilation has come to its end. */
  keep(state: CompileState): void;
  /** How many parts (routes for each of their Gateways, backends, what is made as a whole) the last compilation made. */
  partsMade(): number;
};

export function createCompileMemo(): CompileMemo {
  let state: CompileState | undefined;
  let settings = "";
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    take({ nowMs, retained: _, ...stable }) {
      const next = JSON.stringify(stable);
      // What counts until a moment would count again for a clock that was set back.
      const known = next === settings && nowMs >= lastMs ? state : undefined;
      settings = next;
      lastMs = nowMs;
      state = undefined;
      return known ?? new CompileState();
    },
    keep(made) {
      state = made;
    },
    partsMade: () => state?.partsMade ?? 0,
  };
}
