import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue, type FindingName, makeFinding } from "../../finding/catalogue.ts";
import type { ObjectRef } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import type { MergedStatus, StatusBody, TimedCondition } from "../condition.ts";
import { type EventTurn, ObjectEvents } from "./object-events.ts";

/** What holds after a first turn. */
const objectEvents = (turn: EventTurn) => new ObjectEvents().take(turn).began;

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

test("ObjectEvents: a warning for each error and warning, with what to do, and none for information", () => {
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

test("ObjectEvents: says nothing of objects that the API does not have", () => {
  const findings = [
    finding("path-unreadable", ref("HTTPRoute", "gone")),
    finding("path-unreadable", ref("Gateway", "file")),
    finding("path-unreadable", { ...ref("Widget", "web"), group: "example.com" }),
  ];
  assert.deepEqual(objectEvents({ findings, status: [], snapshot }), []);
});

test("ObjectEvents: says where a Gateway is served once it is", () => {
  const notes = (status: MergedStatus) =>
    objectEvents({ findings: [], status, snapshot }).map(({ type, reason, note }) => `${type} ${reason}: ${note}`);
  assert.deepEqual(notes(gatewayStatus("edge", "False", [])), []);
  assert.deepEqual(notes(gatewayStatus("edge", "True", [])), ["Normal Programmed: The data plane serves it."]);
  assert.deepEqual(notes(gatewayStatus("edge", "True", ["198.51.100.1", "198.51.100.2"])), [
    "Normal Programmed: The data plane serves it at 198.51.100.1, 198.51.100.2.",
  ]);
});

test("ObjectEvents: every finding's name makes a reason that the API takes", () => {
  const findings = (Object.keys(catalogue) as FindingName[]).map((name) => finding(name, ref("HTTPRoute", "web")));
  const reasons = objectEvents({ findings, status: [], snapshot }).map(({ reason }) => reason);
  assert.ok(reasons.length > 50);
  for (const reason of reasons) assert.match(reason, /^[A-Z][A-Za-z0-9]{0,127}$/);
});

test("ObjectEvents: after another turn, only what began and what ended", () => {
  const events = new ObjectEvents();
  const [one, other] = [
    finding("path-unreadable", ref("HTTPRoute", "web")),
    finding("path-unreadable", ref("Gateway", "edge")),
  ];
  const served = gatewayStatus("edge", "True", ["192.0.2.1"]);
  assert.equal(events.take({ findings: [one], status: served, snapshot }).began.length, 2);
  assert.deepEqual(events.take({ findings: [one], status: served, snapshot }), { began: [], ended: [] });
  const third = events.take({ findings: [other], status: served, snapshot });
  assert.deepEqual(
    [third.began, third.ended].map((list) => list.map(({ regarding }) => regarding.name)),
    [["edge"], ["web"]],
  );
  const last = events.take({ findings: [other], status: [], snapshot });
  assert.deepEqual([last.began.length, last.ended.map(({ reason }) => reason)], [0, ["Programmed"]]);
});

test("ObjectEvents: an object that was made anew has its events again, and one that came later has them then", () => {
  const events = new ObjectEvents();
  const findings = [
    finding("path-unreadable", ref("HTTPRoute", "web")),
    finding("path-unreadable", ref("HTTPRoute", "late")),
  ];
  const uids = (list: readonly { readonly regarding: { readonly uid: string } }[]) =>
    list.map(({ regarding }) => regarding.uid);
  assert.deepEqual(uids(events.take({ findings, status: [], snapshot }).began), ["uid-of-web"]);
  const anew = createSnapshot([object("HTTPRoute", "web", { uid: "second" }), object("HTTPRoute", "late")]);
  const { began, ended } = events.take({ findings, status: [], snapshot: anew });
  assert.deepEqual([uids(began).sort(), uids(ended)], [["second", "uid-of-late"], ["uid-of-web"]]);
  const gone = events.take({ findings: [], status: [], snapshot: createSnapshot([]) });
  assert.deepEqual([gone.began, uids(gone.ended).sort()], [[], ["second", "uid-of-late"]]);
});
