import type { TestContext } from "node:test";
import type { Clock } from "../../src/base/clock.ts";

/** Time that stands still until the test moves it, by default in steps of 50 ms with time for promises after each. */
export type MockTime = Clock & { readonly pass: (ms: number, stepMs?: number) => Promise<void> };

export function mockTime(t: TestContext): MockTime {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.UTC(2026, 0, 1) });
  const startMs = Date.now();
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => Date.now() - startMs,
    async pass(ms, stepMs = 50) {
      await flush();
      for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
        t.mock.timers.tick(Math.min(stepMs, leftMs));
        await flush();
      }
    },
  };
}

/** Lets everything that waits for promises alone run. */
export async function flush(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise<void>((done) => setImmediate(done));
}
