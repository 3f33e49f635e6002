/** Runs laws on generated inputs: each input has a seed of its own, which repeats it alone. */
import { parseArgs } from "node:util";
import type { Random } from "./random.ts";
import { createRandom } from "./random.ts";

/** Throws when the law is broken by what `random` makes. */
export type Law = (random: Random) => void;

export type FuzzOptions = {
  readonly runs: number;
  readonly seed: number;
};

/** `--runs` and `--seed` of the command line. Default seed: another one each time. */
export function readFuzzOptions(defaultRuns = 50_000): FuzzOptions {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: String(defaultRuns) },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    },
  });
  return { runs: Number(values.runs), seed: Number(values.seed) };
}

/** Runs every law, prints what failed with the seed that repeats it, and closes with `N passed, N failed`. */
export function runLaws(laws: Readonly<Record<string, Law>>, { runs, seed }: FuzzOptions): void {
  console.log(`runs of each law: ${runs}, seed: ${seed}`);
  let failed = 0;
  for (const [title, law] of Object.entries(laws)) {
    const failure = firstFailure(law, { runs, seed });
    if (failure === undefined) {
      console.log(`ok ${title}`);
      continue;
    }
    failed++;
    const { stack } = failure.error as Error;
    console.log(`FAILED ${title}\n  repeat with: --runs 1 --seed ${failure.seed}\n${stack ?? String(failure.error)}`);
  }
  console.log(`${Object.keys(laws).length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** The first input that breaks the law, by its seed. */
export function firstFailure(
  law: Law,
  { runs, seed }: FuzzOptions,
): { readonly seed: number; readonly error: unknown } | undefined {
  for (let run = 0; run < runs; run++) {
    const own = (seed + run) >>> 0;
    try {
      law(createRandom(own));
    } catch (error) {
      return { seed: own, error };
    }
  }
  return undefined;
}
