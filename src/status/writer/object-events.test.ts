import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue, type FindingName, makeFinding } from "../../finding/catalogue.ts";
import type { ObjectRef } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import type { MergedStatus, StatusBody, TimedCondition } from "../condition.ts";
import { objectEvents } from "./object-events.ts";

const group = "gateway.networking.k8s.io";
const object = (kind: string, name: string, metadata: object = { uid: `uid-of-${name}` }) =>
  ({ apiVersion: `${group}/v1`, kind, metadata: { namespace: "shop", name, ...metadata } }) as unknown as Resource;
const snapshot = createSnapshot([object("HTTPRoute", "web"), object("Gateway", "edge"), object("Gateway", "file", {})]);
const ref = (kind: string, name: string): ObjectRef => ({ kind, group, namespace: "shop", name });
const finding = (name: FindingName, about: ObjectRef) =>
  makeFinding(name, { object: about, message: "There is no Service cart.", fix: "Create it." });

function gatewayStatus(name: string, status: "True" | "False", addresses: readonly string[]): MergedStatus {
  const programmed: TimedCondition = {
    type: "Programmed",
    status,
    reason: "Programmed",
    message: "",
    observedGeneration: 1,
    lastTransitionTime: "2026-01-01T00:00:00Z",
  };
  const body: StatusBody<TimedCondition> = {
    shape: "gateway",
    conditions: [programmed],
    listeners: [],
    attachedListenerSets: 0,
    addresses: addresses.map((value) => ({ type: "IPAddress", value })),
  };
  return [{ ref: ref("Gateway", name), generation: 1, body }];
}

test("objectEvents: a warning for each error and warning, with what to do, and none for information", () => {
  const findings = [
    finding("path-unreadable", ref("HTTPRoute", "web")),
    finding("api-version-unsupported", ref("HTTPRoute", "web")),
    finding("version-old", ref("HTTPRoute", "web")),
  ];
  const regarding = {
    apiVersion: `${group}/v1`,
    kind: "HTTPRoute",
    namespace: "shop",
    name: "web",
    uid: "uid-of-web",
  };
  const note = "There is no Service cart. Create it.";
  assert.deepEqual(objectEvents({ findings, status: [], snapshot }), [
    { type: "Warning", reason: "PathUnreadable", note, regarding },
    { type: "Warning", reason: "ApiVersionUnsupported", note, regarding },
  ]);
});

test("objectEvents: says nothing of objects that the API does not have", () => {
  const findings = [
    finding("path-unreadable", ref("HTTPRoute", "gone")),
    finding("path-unreadable", ref("Gateway", "file")),
    finding("path-unreadable", { ...ref("Widget", "web"), group: "example.com" }),
  ];
  assert.deepEqual(objectEvents({ findings, status: [], snapshot }), []);
});

test("objectEvents: says where a Gateway is served once it is", () => {
  const notes = (status: MergedStatus) =>
    objectEvents({ findings: [], status, snapshot }).map(({ type, reason, note }) => `${type} ${reason}: ${note}`);
  assert.deepEqual(notes(gatewayStatus("edge", "False", [])), []);
  assert.deepEqual(notes(gatewayStatus("edge", "True", [])), ["Normal Programmed: The data plane serves it."]);
  assert.deepEqual(notes(gatewayStatus("edge", "True", ["198.51.100.1", "198.51.100.2"])), [
    "Normal Programmed: The data plane serves it at 198.51.100.1, 198.51.100.2.",
  ]);
});

test("objectEvents: every finding's name makes a reason that the API takes", () => {
  const findings = (Object.keys(catalogue) as FindingName[]).map((name) => finding(name, ref("HTTPRoute", "web")));
  const reasons = objectEvents({ findings, status: [], snapshot }).map(({ reason }) => reason);
  assert.ok(reasons.length > 50);
  for (const reason of reasons) assert.match(reason, /^[A-Z][A-Za-z0-9]{0,127}$/);
});
