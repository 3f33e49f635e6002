import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compile } from "../../src/compile/compile.ts";
import { createCompileMemo } from "../../src/compile/compile-memo.ts";
import { nothingRetained } from "../../src/compile/compile-options.ts";
import type { CompileResult } from "../../src/compile/contract.ts";
import type { Resource } from "../../src/resource/kinds.ts";
import { validateObject } from "../../src/resource/validate-object.ts";
import { createSnapshot } from "../../src/store/create-snapshot.ts";
import { defaultOptions } from "../compile-case.ts";
import { beginning, type Change, change, changes } from "./random-change.ts";

/** How many changes are made in all: `SLUICE_CHANGES=10000 node --test test/property/incremental-compile.test.ts`. */
const total = Number(process.env["SLUICE_CHANGES"] ?? 400);
const changesPerRun = 25;
const startMs = Date.now();

/** Everything of a result as text, with what the secret table holds. */
function textOf(result: CompileResult): string {
  const secrets = result.secrets.exportUnredacted(result.secrets.keys());
  return JSON.stringify({ ...result, secrets, retained: [...result.retained] }, undefined, 1);
}

/** The world as objects, changed one by one. */
class World {
  readonly #objects = new Map<string, Resource>();

  apply({ id, object }: Change): void {
    const resource = object === undefined ? undefined : validateObject(object).resource;
    if (resource === undefined) this.#objects.delete(id);
    else this.#objects.set(id, resource);
  }

  get resources(): readonly Resource[] {
    return [...this.#objects.values()];
  }
}

describe("compile after a change", () => {
  it("gives what a compilation from nothing gives, whatever changes one by one", () => {
    const step = fc.record({ change, daysLater: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 20) });
    fc.assert(
      fc.property(fc.array(step, { minLength: changesPerRun, maxLength: changesPerRun }), (steps) => {
        const world = new World();
        for (const first of beginning) world.apply(first);
        const memo = createCompileMemo();
        let options = { ...defaultOptions, retained: nothingRetained, nowMs: startMs };
        let before: { readonly result: CompileResult; readonly text: string } | undefined;
        for (const { change: next, daysLater } of steps) {
          world.apply(next);
          options = { ...options, nowMs: options.nowMs + daysLater * 86_400_000 };
          const result = compile(createSnapshot(world.resources), options, memo);
          const text = textOf(result);
          const anew = compile(createSnapshot(world.resources.toReversed()), options);
          assert.equal(text, textOf(anew));
          // What was given out is not written to any more.
          if (before) assert.equal(textOf(before.result), before.text);
          before = { result, text };
          options = { ...options, retained: result.retained };
        }
      }),
      { numRuns: Math.ceil(total / changesPerRun) },
    );
  });

  it("is tried with objects that are valid", () => {
    for (const one of changes) {
      const objects = fc.sample(one, { numRuns: 40, seed: 1 }).flatMap(({ object }) => object ?? []);
      const invalid = objects.flatMap((object) => {
        const { resource, findings } = validateObject(object);
        return resource === undefined ? findings.map(({ message }) => message) : [];
      });
      assert.deepEqual(invalid, []);
    }
  });
});
