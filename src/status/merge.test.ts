import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { GatewayProvision } from "../infrastructure/data-plane.ts";
import type { Condition, MergedStatus, ObjectStatus } from "./condition.ts";
import { mergeStatus, type PlaneRows } from "./merge.ts";

const t1 = Date.parse("2026-01-01T00:00:00.123Z");
const t2 = Date.parse("2026-01-02T00:00:00Z");
const condition = (type: string, status: Condition["status"] = "True", reason = type): Condition => ({
  type,
  status,
  reason,
  message: "",
  observedGeneration: 1,
});
const pending = condition("Programmed", "Unknown", "Pending");
const ref = { kind: "Gateway", group: "gateway.networking.k8s.io", namespace: "infra", name: "edge" };
const gateway = (...listeners: readonly (readonly [string, Condition])[]): ObjectStatus => ({
  ref,
  generation: 1,
  body: {
    shape: "gateway",
    conditions: [condition("Accepted"), pending],
    listeners: listeners.map(([name, programmed]) => ({
      name,
      supportedKinds: [],
      attachedRoutes: 0,
      conditions: [programmed],
    })),
    attachedListenerSets: 0,
    addresses: [],
  },
});
const rows = (listeners: PlaneRows["listeners"], addresses: readonly string[] = []): PlaneRows => ({
  listeners: Object.fromEntries(Object.entries(listeners).map(([name, row]) => [`Gateway/infra/edge/${name}`, row])),
  addresses: { "infra/edge": addresses },
});
const short = (status: MergedStatus) => {
  const body = status[0]?.body;
  assert.ok(body?.shape === "gateway");
  return {
    gateway: body.conditions.map(({ type, status: value, reason }) => `${type}=${value} ${reason}`),
    listeners: body.listeners.map(({ conditions }) =>
      conditions.map(({ status: value, reason }) => `${value} ${reason}`).join(),
    ),
    addresses: body.addresses,
  };
};

describe("mergeStatus: the data plane's word", () => {
  it("stays out without a report", () => {
    assert.deepEqual(short(mergeStatus([gateway(["a", pending])], undefined, undefined, t1)), {
      gateway: ["Accepted=True Accepted", "Programmed=Unknown Pending"],
      listeners: ["Unknown Pending"],
      addresses: [],
    });
  });
  it("programs the Gateway when one listener is open, and leaves what the compiler decided", () => {
    const closed = condition("Programmed", "False", "Invalid");
    const compiled = gateway(["a", pending], ["b", pending], ["c", closed]);
    const report = rows(
      { a: { state: "programmed" }, b: { state: "failed", message: "Port 80 is taken." }, c: { state: "programmed" } },
      ["127.0.0.1", "::1", "edge.local"],
    );
    assert.deepEqual(short(mergeStatus([compiled], report, undefined, t1)), {
      gateway: ["Accepted=True Accepted", "Programmed=True Programmed"],
      listeners: ["True Programmed", "False PortUnavailable", "False Invalid"],
      addresses: [
        { type: "IPAddress", value: "127.0.0.1" },
        { type: "IPAddress", value: "::1" },
        { type: "Hostname", value: "edge.local" },
      ],
    });
  });
  it("does not program a Gateway of which nothing is open", () => {
    const failed = mergeStatus(
      [gateway(["a", pending])],
      rows({ a: { state: "failed", message: "Port 80 is taken." } }),
      undefined,
      t1,
    );
    assert.deepEqual(short(failed).gateway[1], "Programmed=False Invalid");
    const unusable = rows({ a: { state: "failed", message: "No such address.", code: "EADDRNOTAVAIL" } });
    assert.deepEqual(
      short(mergeStatus([gateway(["a", pending])], unusable, undefined, t1)).gateway[1],
      "Programmed=False AddressNotUsable",
    );
  });
  it("keeps waiting for a listener that the report leaves out", () => {
    assert.deepEqual(
      short(mergeStatus([gateway(["a", pending])], rows({}), undefined, t1)).gateway[1],
      "Programmed=Unknown Pending",
    );
  });
});

describe("mergeStatus: what was provisioned", () => {
  const address = { type: "IPAddress", value: "192.0.2.1", routability: "" } as const;
  const open = { a: { state: "programmed" } } as const;
  const merged = (listeners: PlaneRows["listeners"], provision: GatewayProvision | undefined) => {
    const report = { ...rows(listeners, ["10.0.0.1"]), provision: provision ? { "infra/edge": provision } : {} };
    return short(mergeStatus([gateway(["a", pending])], report, undefined, t1));
  };
  it("decides on the addresses, and tells whether all have been assigned", () => {
    const whole = merged(open, { addresses: [address], assigned: { state: "all", message: "" } });
    assert.deepEqual(whole.addresses, [address]);
    assert.deepEqual(whole.gateway.slice(1), [
      "Programmed=True Programmed",
      "AddressesAssigned=True AddressesAssigned",
    ]);
    const parts = merged(open, { addresses: [address], assigned: { state: "some", message: "no" } });
    assert.deepEqual(parts.gateway.slice(1), [
      "Programmed=True Programmed",
      "AddressesAssigned=False PartiallyAssigned",
    ]);
  });
  it("takes Programmed away from a Gateway without its address, and leaves its listeners as they are", () => {
    for (const reason of ["AddressNotAssigned", "AddressNotUsable"] as const) {
      const row = {
        addresses: [],
        assigned: { state: "none", message: "m" },
        problem: { reason, message: "m", isEarly: false },
      } as const;
      const status = merged(open, row);
      assert.deepEqual(status.gateway.slice(1), [`Programmed=False ${reason}`, "AddressesAssigned=False NotAssigned"]);
      assert.deepEqual(status.listeners, ["True Programmed"]);
    }
  });
  it("says what the proxies wait for, until they serve", () => {
    const pods = { addresses: [address], waiting: { reason: "NoResources", message: "m" } } as const;
    assert.equal(merged({}, pods).gateway[1], "Programmed=False NoResources");
    assert.equal(merged(open, pods).gateway[1], "Programmed=True Programmed");
    const slow = { addresses: [address], waiting: { reason: "Pending", message: "m" } } as const;
    assert.equal(merged({}, slow).gateway[1], "Programmed=Unknown Pending");
  });
  it("says nothing of a Gateway of which nothing is known yet", () => {
    const status = merged({}, undefined);
    assert.deepEqual([status.addresses, status.gateway[1]], [[], "Programmed=Unknown Pending"]);
  });
});

describe("mergeStatus: transition times", () => {
  const route = (status: Condition["status"], parent = "edge"): ObjectStatus => ({
    ref: { ...ref, kind: "HTTPRoute" },
    generation: 1,
    body: { shape: "route", parents: [{ parentRef: { name: parent }, conditions: [condition("Accepted", status)] }] },
  });
  const timeOf = (status: MergedStatus) => {
    const body = status[0]?.body;
    return body?.shape === "route" ? body.parents[0]?.conditions[0]?.lastTransitionTime : undefined;
  };
  const first = mergeStatus([route("True")], undefined, undefined, t1);
  it("are whole seconds in UTC", () => assert.equal(timeOf(first), "2026-01-01T00:00:00Z"));
  it("stay while the status stays", () => {
    assert.equal(timeOf(mergeStatus([route("True")], undefined, first, t2)), "2026-01-01T00:00:00Z");
  });
  it("move when the status changes or the parent is another", () => {
    assert.equal(timeOf(mergeStatus([route("False")], undefined, first, t2)), "2026-01-02T00:00:00Z");
    assert.equal(timeOf(mergeStatus([route("True", "two")], undefined, first, t2)), "2026-01-02T00:00:00Z");
  });
});
