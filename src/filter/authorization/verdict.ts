/**
 * Whether a condition holds. `unknown`: two readers of the request could see it in two ways, or it cannot be evaluated; then a
 * rule that denies applies, and one that allows does not.
 */
export type Answer = boolean | "unknown";

/** Whether all of them hold. */
export function all<T>(items: readonly T[], ask: (item: T) => Answer): Answer {
  let answer: Answer = true;
  for (const item of items) {
    const one = ask(item);
    if (one === false) return false;
    if (one === "unknown") answer = one;
  }
  return answer;
}
