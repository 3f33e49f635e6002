import { describe, it } from "node:test";
import fc from "fast-check";
import { laws } from "./http1-laws.ts";

describe("HTTP/1.1 codec laws", () => {
  for (const [title, law] of Object.entries(laws)) {
    it(title, () => fc.assert(law as fc.IProperty<unknown>, { numRuns: 5_000, seed: 20_261 }));
  }
});
