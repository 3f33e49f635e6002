import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseAllDocuments } from "yaml";
import { compile } from "../../src/compile/compile.ts";
import type { CompileResult } from "../../src/compile/contract.ts";
import { checkInvariants } from "../../src/ir/invariants.ts";
import type { Resource } from "../../src/resource/kinds.ts";
import { validateObject } from "../../src/resource/validate-object.ts";
import { createSnapshot } from "../../src/store/create-snapshot.ts";
import { goldenCases, goldenOptions } from "../golden/golden-case.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const documentsOf = (file: string): Json[] =>
  parseAllDocuments(readFileSync(file, "utf8")).map((document) => document.toJS() as Json);

const base = documentsOf(join(import.meta.dirname, "../golden/base.yaml"));
const cases = goldenCases.map(({ folder }) => documentsOf(join(folder, "in.yaml")));
const anyCase = fc.constantFrom(...cases);

const compileObjects = (objects: readonly Json[]): CompileResult => {
  const resources = objects.flatMap((object) => validateObject(object).resource ?? []) as Resource[];
  return compile(createSnapshot(resources), goldenOptions);
};

/** What must not depend on order: everything but the secret table, which has no equality. */
const visible = ({ routing, endpoints, status, findings }: CompileResult): unknown =>
  JSON.parse(JSON.stringify({ routing, endpoints, status, findings }));

/** One small damage somewhere in an object: a field dropped, doubled or replaced. */
const damage = fc.record({
  path: fc.array(fc.nat(20), { minLength: 1, maxLength: 8 }),
  value: fc.option(
    fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.string(), fc.integer(), fc.constantFrom("*", "", "/", "-1", "a.b")),
    {
      nil: undefined,
    },
  ),
});

function damaged(object: Json, { path, value }: { path: number[]; value: unknown }): Json {
  const copy = structuredClone(object);
  let at: Json = copy;
  for (const step of path) {
    if (at === null || typeof at !== "object") break;
    const keys = Object.keys(at);
    if (keys.length === 0) break;
    const key = keys[step % keys.length] as string;
    const holder = at as Record<string, Json>;
    const next = holder[key] as Json;
    if (next === null || typeof next !== "object" || step === path.at(-1)) {
      if (value === undefined) delete holder[key];
      else holder[key] = value as Json;
      break;
    }
    at = next;
  }
  return copy;
}

describe("compile()", () => {
  test("gives the same for every order of the objects", () => {
    fc.assert(
      fc.property(
        anyCase.chain((objects) =>
          fc.tuple(
            fc.constant(objects),
            fc.shuffledSubarray([...base, ...objects], { minLength: base.length + objects.length }),
          ),
        ),
        ([objects, shuffled]) => {
          assert.deepEqual(visible(compileObjects(shuffled)), visible(compileObjects([...base, ...objects])));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("gives the same twice, and leaves its input as it was", () => {
    for (const objects of cases) {
      const resources = [...base, ...objects].flatMap((object) => validateObject(object).resource ?? []) as Resource[];
      const before = JSON.stringify(resources);
      const snapshot = createSnapshot(resources);
      assert.deepEqual(visible(compile(snapshot, goldenOptions)), visible(compile(snapshot, goldenOptions)));
      assert.equal(JSON.stringify(resources), before);
    }
  });

  test("never throws on damaged objects, and its model keeps the invariants", () => {
    const scene = fc.tuple(anyCase, fc.array(fc.tuple(fc.nat(30), damage), { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(scene, ([objects, damages]) => {
        const all = [...objects, ...base];
        for (const [index, one] of damages) all[index % all.length] = damaged(all[index % all.length] as Json, one);
        assert.deepEqual(checkInvariants(compileObjects(all).routing), []);
      }),
      { numRuns: 400 },
    );
  });

  test("never throws on any part of a set of objects", () => {
    const part = anyCase.chain((objects) => fc.subarray([...base, ...objects]));
    fc.assert(
      fc.property(part, (objects) => {
        assert.deepEqual(checkInvariants(compileObjects(objects).routing), []);
      }),
      { numRuns: 200 },
    );
  });
});
