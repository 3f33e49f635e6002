import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Resource } from "../resource/kinds.ts";
import type { Condition } from "./condition.ts";
import { clearStatus, renderObjectWithStatus, renderStatus, type StatusSource } from "./render-status.ts";

const controllerName = "sluice.dev/gateway-controller";
const now = "2026-01-02T00:00:00Z";
const before = "2026-01-01T00:00:00Z";
const accepted = (status: Condition["status"] = "True") => ({
  type: "Accepted",
  status,
  reason: "Accepted",
  message: "",
  observedGeneration: 2,
  lastTransitionTime: now,
});
const ref = { kind: "HTTPRoute", group: "gateway.networking.k8s.io", namespace: "shop", name: "web" };
const route = (...parents: readonly string[]): StatusSource => ({
  ref,
  generation: 2,
  body: { shape: "route", parents: parents.map((name) => ({ parentRef: { name }, conditions: [accepted()] })) },
});
const entry = (name: string, controller: string, ...conditions: readonly unknown[]) => ({
  parentRef: { name },
  controllerName: controller,
  conditions,
});

describe("renderStatus", () => {
  it("leaves entries of other controllers as they are and drops ours for parents that are gone", () => {
    const other = entry("edge", "other.example/x", { type: "Odd" });
    const status = renderStatus(route("edge"), {
      controllerName,
      previous: { parents: [entry("gone", controllerName), other] },
    });
    assert.deepEqual(status, { parents: [other, entry("edge", controllerName, accepted())] });
  });
  it("keeps the stored transition time while the status stays, also when defaults are written out", () => {
    const stored = {
      ...entry("edge", controllerName, { ...accepted(), lastTransitionTime: before, observedGeneration: 1 }),
      parentRef: { group: ref.group, kind: "Gateway", name: "edge" },
    };
    const status = renderStatus(route("edge"), { controllerName, previous: { parents: [stored] } });
    assert.deepEqual(status, {
      parents: [entry("edge", controllerName, { ...accepted(), lastTransitionTime: before })],
    });
    const flipped = { ...stored, conditions: [{ ...accepted("False"), lastTransitionTime: before }] };
    assert.deepEqual(renderStatus(route("edge"), { controllerName, previous: { parents: [flipped] } }), {
      parents: [entry("edge", controllerName, accepted())],
    });
  });
  it("keeps conditions of types that are not ours and takes away ours that no longer hold", () => {
    const foreign = { type: "special.io/SomeField", status: "True" };
    const source: StatusSource = {
      ref,
      generation: 2,
      body: { shape: "gatewayClass", conditions: [accepted()], supportedFeatures: ["Gateway"] },
    };
    const status = renderStatus(source, {
      controllerName,
      previous: { conditions: [foreign, { type: "PartiallyInvalid", status: "True" }] },
    });
    assert.deepEqual(status, { conditions: [accepted(), foreign], supportedFeatures: [{ name: "Gateway" }] });
  });
  it("cuts lists to what the API takes, ours last", () => {
    const others = Array.from({ length: 31 }, (_, index) => entry(`p${index}`, "other.example/x"));
    const status = renderStatus(route("a", "b"), { controllerName, previous: { parents: others } });
    assert.deepEqual(
      (status["parents"] as { parentRef: { name: string } }[]).slice(30).map(({ parentRef }) => parentRef.name),
      ["p30", "a"],
    );
  });

  it("lists 16 ancestors of a policy, and 32 of an XBackend", () => {
    const ancestors = Array.from({ length: 40 }, (_, index) => ({
      ancestorRef: { name: `g${index}` },
      conditions: [],
    }));
    for (const [kind, count] of [
      ["BackendTLSPolicy", 16],
      ["XBackend", 32],
    ] as const) {
      const ref = { kind, group: "gateway.networking.x-k8s.io", namespace: "shop", name: "api" };
      const source = { ref, generation: 1, body: { shape: "policy", ancestors } } as const;
      const status = renderStatus(source, { controllerName, previous: undefined });
      assert.equal((status["ancestors"] as unknown[]).length, count);
    }
  });
  it("takes any previous status", () => {
    for (const previous of [undefined, null, 1, "x", [], { parents: 1 }, { parents: [null, 1, { conditions: "x" }] }]) {
      assert.doesNotThrow(() => renderStatus(route("edge"), { controllerName, previous }));
    }
  });
});

it("clearStatus: takes our entries out, and does nothing where there are none", () => {
  const other = entry("edge", "other.example/x");
  assert.deepEqual(clearStatus({ controllerName, previous: { parents: [other, entry("edge", controllerName)] } }), {
    parents: [other],
  });
  assert.equal(clearStatus({ controllerName, previous: { parents: [other] } }), undefined);
});

it("renderObjectWithStatus: shows the object as written with its status, and nothing of ours", () => {
  const object = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "web", namespace: "shop", labels: {}, annotations: {}, generation: 2 },
    spec: {},
    origin: { file: "a.yaml", at: () => ({ file: "a.yaml", line: 1, column: 1 }) },
  } as const;
  assert.deepEqual(renderObjectWithStatus(object as unknown as Resource, route("edge"), controllerName), {
    apiVersion: object.apiVersion,
    kind: "HTTPRoute",
    metadata: { name: "web", namespace: "shop", generation: 2 },
    spec: {},
    status: { parents: [entry("edge", controllerName, accepted())] },
  });
});
