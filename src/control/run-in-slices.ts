import { setImmediate } from "node:timers/promises";
import type { Steps } from "../base/steps.ts";

/** Time at a stretch: what requests wait for at most, beside the length of a step. Milliseconds. */
const sliceMs = 5;

/** Does work a little at a time: sockets have their turn in between. Rejects with what the work throws. */
export async function runInSlices<T>(steps: Steps<T>): Promise<T> {
  let startMs = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - startMs < sliceMs) continue;
    await setImmediate();
    startMs = performance.now();
  }
}
