/** Work that stops where something else may have its turn. Every stop is short after the last. */
export type Steps<T> = Generator<undefined, T>;

/** Does the work without a stop. */
export function runToEnd<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
