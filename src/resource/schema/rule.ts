import type { z } from "zod";

/** A path below the value that a rule is given. */
export type RulePath = readonly (string | number)[];

/** Tells that the rule is broken at a place below the value: what is wrong, and what to change, in plain words. */
export type Report = (path: RulePath, message: string, fix: string) => void;

/**
 * A rule between fields, as a check for `z.….check(…)`. It runs only when the value's own fields are valid, as the API
 * server's do. Every report becomes one finding. `invalid`: the rule is about one value by itself, not about several.
 */
export function rule<T>(
  judge: (value: T, report: Report) => void,
  kind: "rule" | "invalid" = "rule",
): (context: z.core.ParsePayload<T>) => void {
  return (context) => {
    judge(context.value, (path, message, fix) => {
      context.issues.push({
        code: "custom",
        path: [...path],
        message,
        params: { fix, kind },
        input: context.value,
        continue: true,
      });
    });
  };
}

/** Index of the first earlier element with the same key, for every element that repeats one. */
export function repeated<T>(list: readonly T[], keyOf: (item: T) => string): { index: number; first: number }[] {
  const seen = new Map<string, number>();
  const found: { index: number; first: number }[] = [];
  list.forEach((item, index) => {
    const key = keyOf(item);
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else found.push({ index, first });
  });
  return found;
}
