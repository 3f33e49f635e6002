import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { catalogue } from "../../finding/catalogue.ts";
import type { FindingRow } from "../../finding/finding.ts";
import type { ObjectStatus, StatusBody, TimedCondition } from "../condition.ts";
import { hasOwnEntries, planStatus, type StatusIntent } from "./plan-status.ts";

const controllerName = "sluice.dev/gateway-controller";
const now = "2026-01-02T00:00:00Z";
const before = "2026-01-01T00:00:00Z";
const gatewayApi = "gateway.networking.k8s.io";

const condition = (type: string, fields: Partial<TimedCondition> = {}): TimedCondition => ({
  type,
  status: "True",
  reason: type,
  message: "",
  observedGeneration: 2,
  lastTransitionTime: now,
  ...fields,
});

function intent(body: StatusBody<TimedCondition>, generation = 2): StatusIntent {
  const source: ObjectStatus<TimedCondition> = {
    ref: { kind: "X", group: gatewayApi, namespace: "shop", name: "web" },
    generation,
    body,
  };
  return { kind: "set", source };
}

const route = (...names: readonly string[]): StatusIntent =>
  intent({
    shape: "route",
    parents: names.map((name) => ({ parentRef: { name }, conditions: [condition("Accepted")] })),
  });

const gateway = (fields: Partial<Extract<StatusBody<TimedCondition>, { shape: "gateway" }>> = {}): StatusIntent =>
  intent({
    shape: "gateway",
    conditions: [condition("Accepted"), condition("Programmed")],
    listeners: [
      {
        name: "http",
        supportedKinds: [{ group: gatewayApi, kind: "HTTPRoute" }],
        attachedRoutes: 1,
        conditions: [condition("Accepted")],
      },
    ],
    attachedListenerSets: 0,
    addresses: [{ type: "IPAddress", value: "198.51.100.1" }],
    ...fields,
  });

/** RFC 7386 for patches of whole fields. */
function applied(live: unknown, patch: unknown): Record<string, unknown> {
  const fields = Object.entries({ ...(live as object), ...(patch as object) });
  return Object.fromEntries(fields.filter(([, value]) => value !== null));
}

const plan = (wanted: StatusIntent, live: unknown) => planStatus(wanted, { live, controllerName });

describe("planStatus", () => {
  it("writes nothing over what it has written itself", () => {
    for (const wanted of [route("edge", "inner"), gateway(), gateway({ addresses: [] })]) {
      const live = applied({}, plan(wanted, undefined));
      assert.equal(plan(wanted, live), undefined);
    }
  });

  it("takes what the API server fills in, and another order of what has no order, for the same", () => {
    const live = applied({}, plan(gateway(), undefined));
    const [listener] = live["listeners"] as Record<string, unknown>[];
    const stored = {
      ...live,
      conditions: (live["conditions"] as unknown[]).toReversed(),
      addresses: [{ value: "198.51.100.1" }],
      listeners: [{ ...listener, supportedKinds: [{ kind: "HTTPRoute" }] }],
    };
    assert.equal(plan(gateway(), stored), undefined);
    const parents = (applied({}, plan(route("a", "b"), undefined))["parents"] as { parentRef: object }[]).map(
      (entry) => ({ ...entry, parentRef: { group: gatewayApi, kind: "Gateway", ...entry.parentRef } }),
    );
    assert.equal(plan(route("a", "b"), { parents: parents.toReversed() }), undefined);
  });

  it("does not write for another transition time alone, and keeps the stored one when it writes", () => {
    const live = {
      parents: [
        {
          controllerName,
          parentRef: { name: "edge" },
          conditions: [condition("Accepted", { lastTransitionTime: before })],
        },
      ],
    };
    assert.equal(plan(route("edge"), live), undefined);
    const patch = plan(
      intent({
        shape: "route",
        parents: [
          {
            parentRef: { name: "edge" },
            conditions: [condition("Accepted", { message: "new", observedGeneration: 3 })],
          },
        ],
      }),
      live,
    );
    const entry = (patch?.["parents"] as { conditions: TimedCondition[] }[] | undefined)?.[0];
    assert.deepEqual(entry?.conditions[0]?.lastTransitionTime, before);
    assert.deepEqual(entry?.conditions[0]?.message, "new");
  });

  it("writes only the fields that changed", () => {
    const live = applied({ fromElsewhere: { a: 1 } }, plan(gateway(), undefined));
    const patch = plan(gateway({ attachedListenerSets: 2 }), live);
    assert.deepEqual(patch, { attachedListenerSets: 2 });
  });

  it("takes addresses away when there are none, and writes no empty list", () => {
    const live = applied({}, plan(gateway(), undefined));
    assert.deepEqual(plan(gateway({ addresses: [] }), live), { addresses: null });
    assert.equal("addresses" in (plan(gateway({ addresses: [] }), {}) ?? {}), false);
  });

  it("writes nothing over what was concluded from a later generation", () => {
    const later = condition("Accepted", { status: "False", reason: "Invalid", observedGeneration: 3 });
    assert.equal(
      plan(route("edge"), { parents: [{ controllerName, parentRef: { name: "edge" }, conditions: [later] }] }),
      undefined,
    );
    assert.equal(plan(gateway(), { conditions: [later] }), undefined);
    const clear: StatusIntent = { kind: "clear", generation: 2 };
    assert.equal(
      plan(clear, { parents: [{ controllerName, parentRef: { name: "edge" }, conditions: [later] }] }),
      undefined,
    );
    // Another controller's view of the generation is not ours.
    const foreign = { controllerName: "other.example/x", parentRef: { name: "edge" }, conditions: [later] };
    assert.ok(plan(route("edge"), { parents: [foreign] }));
    assert.ok(plan(gateway(), { conditions: [{ ...later, type: "other.example/Scored" }] }));
  });

  it("cuts messages to what the API takes, at a whole character", () => {
    const message = `${"x".repeat(32_767)}😀 and more`;
    const patch = plan(gateway({ conditions: [condition("Accepted", { message })] }), {});
    const accepted = (patch?.["conditions"] as TimedCondition[] | undefined)?.[0];
    assert.equal(accepted?.message, "x".repeat(32_767));
    assert.equal(plan(gateway({ conditions: [condition("Accepted", { message })] }), applied({}, patch)), undefined);
  });

  it("leaves every foreign entry byte for byte as it is, and settles in one write", () => {
    const foreignName = fc.stringMatching(/^[a-z]{1,8}\.example\/[a-z]{1,8}$/);
    const entryOf = (field: string) =>
      fc.record({
        [field]: fc.dictionary(fc.string(), fc.jsonValue()),
        controllerName: foreignName,
        conditions: fc.jsonValue({ maxDepth: 3 }),
      });
    const own = fc.record({
      parentRef: fc.record({ name: fc.constantFrom("edge", "gone"), port: fc.constantFrom(80, 443) }),
      controllerName: fc.constant(controllerName),
      conditions: fc.constantFrom([], [condition("Accepted", { status: "False" })], "nonsense"),
    });
    const live = fc.record(
      {
        parents: fc.array(fc.oneof(entryOf("parentRef"), own), { maxLength: 6 }),
        ancestors: fc.array(entryOf("ancestorRef"), { maxLength: 3 }),
        other: fc.jsonValue().filter((value) => value !== null),
      },
      { requiredKeys: [] },
    );
    const wanted = fc.oneof(
      fc.subarray(["edge", "inner", "third"]).map((names) => route(...names)),
      fc.constant<StatusIntent>({ kind: "clear", generation: 2 }),
    );
    const foreignOf = (status: Record<string, unknown>): string =>
      JSON.stringify(
        ["parents", "ancestors"].map((field) =>
          ((status[field] ?? []) as { controllerName: string }[]).filter(
            (entry) => entry.controllerName !== controllerName,
          ),
        ),
      );
    fc.assert(
      fc.property(live, wanted, (status, to) => {
        const text = JSON.stringify(status);
        const after = applied(status, plan(to, status) ?? {});
        assert.equal(foreignOf(after), foreignOf(status));
        assert.equal(JSON.stringify(after["other"]), JSON.stringify((status as Record<string, unknown>)["other"]));
        assert.equal(plan(to, after), undefined);
        assert.equal(hasOwnEntries(to.kind === "clear" ? after : {}, controllerName), false);
        assert.equal(JSON.stringify(status), text);
      }),
    );
  });

  it("takes any live status", () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(route("edge"), gateway()), (live, wanted) => {
        plan(wanted, JSON.parse(JSON.stringify(live) ?? "null"));
      }),
    );
  });
});

it("every reason that a status may carry is one that the API takes", () => {
  const pattern = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
  const rows: readonly FindingRow[] = Object.values(catalogue);
  const reasons = rows.flatMap(({ condition: sets }) => (sets ? [sets.reason] : []));
  const root = join(import.meta.dirname, "../../..");
  const written = /status: "(?:True|False|Unknown)",\s*reason: "([^"]*)"/g;
  for (const file of globSync("src/{compile,status}/**/*.ts", { cwd: root })) {
    reasons.push(
      ...readFileSync(join(root, file), "utf8")
        .matchAll(written)
        .map(([, reason]) => reason ?? ""),
    );
  }
  for (const file of globSync("test/golden/**/status.yaml", { cwd: root })) {
    const lines = readFileSync(join(root, file), "utf8").matchAll(/^ *(?:- )?reason: (.*)$/gm);
    reasons.push(...lines.map(([, reason]) => reason ?? ""));
  }
  assert.ok(reasons.length > 100, `${reasons.length} reasons found`);
  assert.deepEqual(
    reasons.filter((reason) => !pattern.test(reason) || reason.length > 1024),
    [],
  );
});
