import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { kindNames, kinds } from "./kinds.ts";
import { validateObject } from "./validate-object.ts";

/** Everything that a finding owes its reader. */
function assertSound(raw: unknown): void {
  const before = JSON.stringify(raw);
  const { resource, ignored, findings } = validateObject(raw);
  assert.equal(JSON.stringify(raw), before, "the input is not changed");
  const isBroken = findings.some(({ severity }) => severity === "error");
  assert.equal(
    resource === undefined && ignored === undefined,
    isBroken,
    "an object is out of force exactly when an error says so",
  );
  for (const { message, fix, pointer } of findings) {
    assert.ok(message.length > 0 && message.length < 1000 && fix.length > 0 && fix.length < 2000);
    assert.ok(pointer === "" || pointer.startsWith("/"));
  }
}

const envelope = fc.constantFrom(
  ...kindNames.flatMap((kind) =>
    Object.keys(kinds[kind].versions).map((version) => ({
      apiVersion: kinds[kind].group === "" ? version : `${kinds[kind].group}/${version}`,
      kind,
    })),
  ),
);

test("validateObject takes any JSON value", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), assertSound));
});

test("validateObject takes any fields under any known kind", () => {
  const metadata = fc.oneof(fc.constant({ name: "a" }), fc.jsonValue());
  fc.assert(
    fc.property(envelope, metadata, fc.jsonValue({ maxDepth: 6 }), (head, meta, spec) =>
      assertSound({ ...head, metadata: meta, spec }),
    ),
    { numRuns: 500 },
  );
});

const whole = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "a", labels: { team: "shop" } },
  spec: {
    parentRefs: [{ name: "gw", sectionName: "http" }],
    hostnames: ["a.example.com", "*.example.org"],
    rules: [
      {
        name: "first",
        matches: [{ path: { type: "Exact", value: "/a" }, headers: [{ name: "x-a", value: "1" }], method: "GET" }],
        filters: [
          { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-b", value: "2" }] } },
          { type: "CORS", cors: { allowOrigins: ["https://a.example.com"] } },
        ],
        backendRefs: [{ name: "a", port: 80, weight: 3 }],
        timeouts: { request: "10s", backendRequest: "2s" },
      },
    ],
  },
};

/** Paths of all values in a JSON value. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  const below = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return [[...path], ...below.flatMap(([key, member]) => pathsOf(member, [...path, key]))];
}

function replaced(value: unknown, path: readonly string[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? replaced(item, rest, by) : item));
  return { ...(value as object), [key]: replaced((value as Record<string, unknown>)[key], rest, by) };
}

test("validateObject takes a route of which any part was replaced by anything", () => {
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.string({ unit: "binary" }),
    fc.constantFrom<unknown>(
      undefined,
      null,
      Number.NaN,
      -0,
      1e308,
      "a".repeat(100_000),
      "a-".repeat(50_000),
      Array(1000).fill({}),
    ),
  );
  fc.assert(
    fc.property(fc.constantFrom(...pathsOf(whole)), odd, (path, by) => assertSound(replaced(whole, path, by))),
    { numRuns: 500 },
  );
});

test("validateObject: a valid object stays valid and equal when it is read again", () => {
  const { resource } = validateObject(whole);
  assert.ok(resource);
  const again = validateObject(JSON.parse(JSON.stringify(resource)));
  assert.deepEqual(again.findings, []);
  assert.deepEqual(again.resource, resource);
});
