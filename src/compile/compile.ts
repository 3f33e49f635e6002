import { runToEnd, type Steps } from "../base/steps.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { type CompileMemo, createCompileMemo } from "./compile-memo.ts";
import type { CompileOptions } from "./compile-options.ts";
import type { CompileResult } from "./contract.ts";

/**
 * Compiles everything that users wrote into what the data planes serve, what the statuses say and what is wrong.
 * Pure but for `memo`, which only saves time: equal input gives equal output, in whatever order the objects come.
 * Never throws for what a user wrote.
 */
export function compile(
  snapshot: Snapshot,
  options: CompileOptions,
  memo: CompileMemo = createCompileMemo(),
): CompileResult {
  return runToEnd(compileInSteps(snapshot, options, memo));
}

/** The same in steps, for whoever serves requests on the same thread. Nothing else may use `memo` before it has ended. */
export function* compileInSteps(snapshot: Snapshot, options: CompileOptions, memo: CompileMemo): Steps<CompileResult> {
  const state = memo.take(options);
  const result = yield* state.compile(snapshot, options);
  memo.keep(state);
  return result;
}
