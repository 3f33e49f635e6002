import { setTimeout as delay } from "node:timers/promises";

/** Looks every 20 ms whether something is so; rejects with `what` when it is not in time. */
export async function until(what: string, done: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const endMs = Date.now() + limitMs;
  while (!(await done())) {
    if (Date.now() > endMs) throw new Error(`${what}: not within ${limitMs} ms`);
    await delay(20);
  }
}
