import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { JsonObject } from "../../resource/json.ts";
import { fieldSources, mergeSpecs, sourceAt, type TracedSpec, traceSpec } from "./merge-specs.ts";

const listKeys = { "/rules": "name", "/rules/<any>/headers": "key" };

/** Folds specs as policies `a`, `b`, … from the least specific on. */
function fold(type: "StrategicMerge" | "JSONMerge", first: JsonObject, ...more: readonly JsonObject[]) {
  let traced = traceSpec("a", first);
  more.forEach((spec, index) => {
    traced = mergeSpecs(traced, { policy: String.fromCharCode(98 + index), spec }, { type, listKeys });
  });
  return traced;
}

const sourcesOf = (traced: TracedSpec<string>) =>
  fieldSources(traced).map(({ field, from }) => `${field} ${from.policy}${from.pointer}`);

describe("mergeSpecs", () => {
  it("puts objects over each other member by member, and says where each field came from", () => {
    const traced = fold(
      "JSONMerge",
      { timeout: { http: { request: "10s", idle: "1m" } }, retry: { count: 1 } },
      { timeout: { http: { request: "2s" } }, buffer: { limit: "1Mi" } },
    );
    assert.deepEqual(traced.spec, {
      timeout: { http: { request: "2s", idle: "1m" } },
      retry: { count: 1 },
      buffer: { limit: "1Mi" },
    });
    assert.deepEqual(sourcesOf(traced), [
      "/timeout/http/request b/spec/timeout/http/request",
      "/timeout/http/idle a/spec/timeout/http/idle",
      "/retry/count a/spec/retry/count",
      "/buffer/limit b/spec/buffer/limit",
    ]);
  });

  it("replaces lists with JSONMerge, and lists without a key with either", () => {
    const parent = { rules: [{ name: "x", cost: 1 }], codes: [1, 2] };
    const child = { rules: [{ name: "y" }], codes: [3] };
    assert.deepEqual(fold("JSONMerge", parent, child).spec, child);
    assert.deepEqual(fold("StrategicMerge", parent, { codes: [3] }).spec, { ...parent, codes: [3] });
  });

  it("merges the items of lists with a key by it with StrategicMerge, lists in lists too", () => {
    const traced = fold(
      "StrategicMerge",
      {
        rules: [
          { name: "x", cost: 1, headers: [{ key: "k", value: 1 }] },
          { name: "y", cost: 2 },
        ],
      },
      {
        rules: [{ name: "z" }, { name: "y", cost: 3 }, { name: "x", headers: [{ key: "l" }, { key: "k", value: 2 }] }],
      },
    );
    assert.deepEqual(traced.spec, {
      rules: [
        { name: "x", cost: 1, headers: [{ key: "k", value: 2 }, { key: "l" }] },
        { name: "y", cost: 3 },
        { name: "z" },
      ],
    });
    assert.deepEqual(sourceAt(traced, "/rules/0/cost"), { policy: "a", pointer: "/spec/rules/0/cost" });
    assert.deepEqual(sourceAt(traced, "/rules/0/headers/0/value"), {
      policy: "b",
      pointer: "/spec/rules/2/headers/1/value",
    });
    assert.deepEqual(sourceAt(traced, "/rules/1/cost"), { policy: "b", pointer: "/spec/rules/1/cost" });
    assert.deepEqual(sourceAt(traced, "/rules/2/name"), { policy: "b", pointer: "/spec/rules/0/name" });
  });

  it("keeps items without a name, and forgets the sources of what is replaced", () => {
    const traced = fold("StrategicMerge", { rules: [{ cost: 1 }] }, { rules: [{ cost: 2 }] }, { rules: "none" });
    assert.deepEqual(fold("StrategicMerge", { rules: [{ cost: 1 }] }, { rules: [{ cost: 2 }] }).spec, {
      rules: [{ cost: 1 }, { cost: 2 }],
    });
    assert.deepEqual(sourcesOf(traced), ["/rules c/spec/rules"]);
    assert.deepEqual([...traced.sources.keys()], ["", "/rules"]);
  });

  it("takes any member name for a name", () => {
    const traced = fold("JSONMerge", { "a/b": { "~": 1 } }, JSON.parse('{"__proto__": {"x": 1}, "a/b": {"c": 2}}'));
    assert.equal(Object.getPrototypeOf(traced.spec), Object.prototype);
    assert.deepEqual(sourcesOf(traced), [
      "/a~1b/~0 a/spec/a~1b/~0",
      "/a~1b/c b/spec/a~1b/c",
      "/__proto__/x b/spec/__proto__/x",
    ]);
  });

  it("finds every field in the policy that it says it came from", () => {
    const name = fc.constantFrom("rules", "headers", "name", "key", "a", "b");
    const { spec } = fc.letrec<{ spec: JsonObject; value: unknown }>((tie) => ({
      spec: fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<JsonObject>,
      value: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.constantFrom("x", "y", 1),
        tie("spec"),
        fc.array(tie("value"), { maxLength: 3 }),
      ),
    }));
    fc.assert(
      fc.property(
        fc.array(spec, { minLength: 1, maxLength: 4 }),
        fc.constantFrom("StrategicMerge" as const, "JSONMerge" as const),
        (specs, type) => {
          const [first = {}, ...more] = specs;
          const before = JSON.stringify(specs);
          const traced = fold(type, first, ...more);
          assert.equal(JSON.stringify(specs), before);
          for (const { field, from } of fieldSources(traced)) {
            const written = { spec: specs[from.policy.charCodeAt(0) - 97] };
            assert.deepEqual(valueAt(written, from.pointer), valueAt(traced.spec, field));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

function valueAt(value: unknown, pointer: string): unknown {
  let at = value;
  for (const part of pointer.split("/").slice(1)) {
    at = (at as Record<string, unknown>)[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return at;
}
