/** What a process of `bench/memory.ts` tells its parent: what it holds when everything that can go has gone. */
export type HeldMemory = {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly queued: number;
};

/** Answers every message of the parent. `queued`: bytes that wait in the process to be sent. Needs `--expose-gc`. */
export function tellHeldMemory(queued: () => number): void {
  process.on("message", async () => {
    // Buffers are given back behind a collection, not in it.
    for (let round = 0; round < 6; round++) {
      await globalThis.gc?.({ execution: "async", type: "major" });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    process.send?.({ rss, heapUsed, external, queued: queued() } satisfies HeldMemory);
  });
}
