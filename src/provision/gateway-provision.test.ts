import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planeOf } from "../../test/provision/plane-fixture.ts";
import type { AddressRequest, DataPlane, GatewayProvision } from "../infrastructure/data-plane.ts";
import { planeProvision } from "./gateway-provision.ts";
import { type LiveObject, objectKey, readLive } from "./managed-object.ts";
import type { ProvisionFailure } from "./provision-failure.ts";
import { provisionFindings } from "./provision-findings.ts";
import { patienceMs, quietMs } from "./service-address.ts";
import { planServices } from "./service-plan.ts";

const createdMs = Date.parse("2026-01-01T00:00:00Z");

type Given = {
  readonly ips?: readonly string[];
  readonly hostnames?: readonly string[];
  readonly clusterIPs?: readonly string[];
  readonly type?: string;
  readonly conditions?: readonly object[];
};

function service(name: string, type: string, given: Given): LiveObject {
  const live = readLive({
    kind: "Service",
    metadata: { name, namespace: "infra", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { type: given.type ?? type, clusterIPs: given.clusterIPs ?? ["10.96.0.9"] },
    status: {
      loadBalancer: {
        ingress: [
          ...(given.ips ?? []).map((ip) => ({ ip })),
          ...(given.hostnames ?? []).map((hostname) => ({ hostname })),
        ],
      },
      ...(given.conditions ? { conditions: given.conditions } : {}),
    },
  });
  assert.ok(live);
  return live;
}

/** What becomes of the Gateway when its Services, in the order of the requests, got this; `undefined`: not there. */
function provision(plane: DataPlane, given: readonly (Given | undefined)[], ageMs = 1000): GatewayProvision {
  const services = [...planServices(plane)].sort((a, b) => (a.for[0]?.request ?? 0) - (b.for[0]?.request ?? 0));
  const live = services.flatMap(({ name, type }, place) => {
    const what = given[place];
    return what === undefined ? [] : [service(name, type, what)];
  });
  const { rows } = planeProvision(plane, {
    live: new Map(live.map((one) => [one.key, one])),
    failures: new Map(),
    nowMs: createdMs + ageMs,
  });
  assert.ok(rows[0]);
  return rows[0].provision;
}

const asking = (...addresses: readonly AddressRequest[]) => planeOf({ gateway: { addresses } });
const refused = { type: "cilium.io/IPAMRequestSatisfied", status: "False", reason: "out_of_pool", message: "No pool." };

describe("planeProvision: a Gateway that asks for no address", () => {
  it("is told of no Service on its way when it is not accepted", () => {
    const messageOf = (plane: DataPlane) => provision(plane, [undefined]).problem?.message;
    assert.equal(messageOf(planeOf()), "A Service for it is being created.");
    const kept = "No Service is created for it until the Gateway is accepted.";
    assert.equal(messageOf(planeOf({ state: "kept" })), kept);
    assert.equal(messageOf({ ...asking({ routability: "" }), state: "kept" }), kept);
  });

  it("has every address that the load balancer gave", () => {
    assert.deepEqual(provision(planeOf(), [{ ips: ["192.0.2.1", "2001:db8::1"], hostnames: ["lb.example.com"] }]), {
      addresses: [
        { type: "IPAddress", value: "192.0.2.1" },
        { type: "IPAddress", value: "2001:db8::1" },
        { type: "Hostname", value: "lb.example.com" },
      ],
      assigned: { state: "all", message: "" },
      waiting: { reason: "Pending", message: "Deployment infra/edge-sluice is being created." },
    });
  });

  it("is not programmed before there is one, and says what the load balancer says", () => {
    const row = provision(planeOf(), [{ conditions: [refused] }]);
    assert.deepEqual(row.addresses, []);
    assert.deepEqual(row.problem, {
      reason: "AddressNotAssigned",
      message: "Service edge-sluice has no address yet: No pool.",
      isEarly: false,
    });
  });

  it("has the Service's own addresses without a load balancer, also with NodePort, where node ports are others than the listeners'", () => {
    for (const type of ["ClusterIP", "NodePort"] as const) {
      const row = provision(planeOf({ config: { service: { type } } }), [{ clusterIPs: ["10.96.0.9", "fd00::9"] }]);
      assert.deepEqual(row.addresses, [
        { type: "IPAddress", value: "10.96.0.9", routability: "Cluster" },
        { type: "IPAddress", value: "fd00::9", routability: "Cluster" },
      ]);
    }
  });

  it("does not take the addresses of a Service that is still of another type", () => {
    const row = provision(planeOf(), [{ type: "ClusterIP", ips: ["192.0.2.1"] }]);
    assert.equal(row.problem?.reason, "AddressNotAssigned");
  });
});

describe("planeProvision: spec.addresses", () => {
  const asked: AddressRequest = { value: "192.0.2.1", routability: "" };

  it("is honoured when the load balancer gives exactly that", () => {
    const row = provision(asking(asked), [{ ips: ["192.0.2.1"] }]);
    assert.deepEqual(
      [row.addresses.map(({ value }) => value), row.assigned?.state, row.problem],
      [["192.0.2.1"], "all", undefined],
    );
  });

  it("is never answered with another address", () => {
    const row = provision(asking(asked), [{ ips: ["192.0.2.7"] }]);
    assert.deepEqual(row.addresses, []);
    assert.equal(row.problem?.reason, "AddressNotUsable");
    assert.match(row.problem?.message ?? "", /192\.0\.2\.1 was requested, but Service .* got 192\.0\.2\.7 instead/);
  });

  it("waits for a while, and then counts as unusable", () => {
    assert.equal(provision(asking(asked), [{}], patienceMs - 1).problem?.reason, "AddressNotAssigned");
    assert.equal(provision(asking(asked), [{}], patienceMs).problem?.reason, "AddressNotUsable");
  });

  it("is unusable at once when the load balancer says so", () => {
    const row = provision(asking(asked), [{ conditions: [refused] }]);
    assert.deepEqual([row.problem?.reason, row.assigned?.state], ["AddressNotUsable", "none"]);
  });

  it("keeps the Gateway from being programmed while one of two cannot be used", () => {
    const row = provision(asking(asked, { value: "192.0.2.2", routability: "" }), [
      { conditions: [refused] },
      { ips: ["192.0.2.2"] },
    ]);
    assert.deepEqual(
      row.addresses.map(({ value }) => value),
      ["192.0.2.2"],
    );
    assert.deepEqual([row.problem?.reason, row.assigned?.state], ["AddressNotUsable", "some"]);
  });

  it("keeps the Gateway from being programmed while one of two is waited for", () => {
    const row = provision(asking(asked, { value: "192.0.2.2", routability: "" }), [{}, { ips: ["192.0.2.2"] }]);
    assert.deepEqual(
      [row.problem?.reason, row.problem?.isEarly, row.assigned?.state],
      ["AddressNotAssigned", true, "some"],
    );
  });

  it("without a value takes any IP address, but no host name", () => {
    assert.equal(provision(asking({ routability: "" }), [{ ips: ["192.0.2.9"] }]).assigned?.state, "all");
    const named = provision(asking({ routability: "" }), [{ hostnames: ["lb.example.com"] }]);
    assert.match(named.problem?.message ?? "", /assigned the host name lb\.example\.com/);
  });
});

describe("planeProvision: routability (GEP-5093)", () => {
  it("gives one address for each entry, told as it was asked for", () => {
    const row = provision(
      asking({ routability: "" }, { routability: "Cluster" }, { routability: "testing.x-k8s.io/sentinel" }),
      [{ ips: ["192.0.2.1"] }, { clusterIPs: ["10.96.0.5"] }, { ips: ["192.0.2.2"] }],
    );
    assert.deepEqual(
      row.addresses.map(({ value, routability }) => [value, routability]),
      [
        ["192.0.2.1", undefined],
        ["10.96.0.5", "Cluster"],
        ["192.0.2.2", "testing.x-k8s.io/sentinel"],
      ],
    );
    assert.equal(row.assigned?.state, "all");
  });

  it("that nobody can give leaves that entry alone without an address", () => {
    const one = provision(asking({ routability: "acme.io/wan" }, { routability: "" }), [{ ips: ["192.0.2.1"] }]);
    assert.deepEqual([one.assigned?.state, one.problem], ["some", undefined]);
    const none = provision(asking({ routability: "acme.io/wan" }), []);
    assert.deepEqual([none.assigned?.state, none.problem?.reason], ["none", "AddressNotAssigned"]);
  });

  it("Cluster with a value outside of the cluster's range is not assigned", () => {
    const plane = asking({ value: "192.0.2.1", routability: "Cluster" });
    const [name = ""] = planServices(plane).map((one) => one.name);
    const failure: ProvisionFailure = { kind: "invalid", message: "The range of valid IPs is 10.96.0.0/16.", fix: "" };
    const { rows, failures } = planeProvision(plane, {
      live: new Map(),
      failures: new Map([[objectKey("Service", "infra", name), failure]]),
      nowMs: createdMs,
    });
    assert.deepEqual(failures, []);
    assert.equal(rows[0]?.provision.waiting?.reason, "Pending");
    assert.equal(rows[0]?.provision.problem?.reason, "AddressNotAssigned");
    assert.match(rows[0]?.provision.problem?.message ?? "", /192\.0\.2\.1 cannot be assigned.*10\.96/);
  });
});

describe("planeProvision: pods", () => {
  const waitingFor = (status: object) => {
    const plane = planeOf();
    const live = readLive({
      kind: "Deployment",
      metadata: { name: "edge-sluice", namespace: "infra" },
      spec: { replicas: 2 },
      status,
    });
    assert.ok(live);
    const { rows } = planeProvision(plane, { live: new Map([[live.key, live]]), failures: new Map(), nowMs: 0 });
    return rows[0]?.provision.waiting;
  };
  it("that are not ready yet are waited for", () => {
    assert.deepEqual(waitingFor({}), {
      reason: "Pending",
      message: "None of the 2 pods of Deployment infra/edge-sluice is ready yet.",
    });
    assert.equal(waitingFor({ availableReplicas: 1 }), undefined);
  });
  it("that cannot be made are told of in the words of whoever refuses them", () => {
    const conditions = [{ type: "ReplicaFailure", status: "True", message: 'pods "x" is forbidden: exceeded quota' }];
    const waiting = waitingFor({ conditions });
    assert.equal(waiting?.reason, "NoResources");
    assert.match(waiting?.message ?? "", /exceeded quota/);
  });
});

describe("planeProvision: time", () => {
  it("says when to look again: when it becomes worth telling, and when patience ends", () => {
    const untilOf = (plane: DataPlane, ageMs: number) => {
      const live = planServices(plane).map(({ name, type }) => service(name, type, {}));
      const state = { live: new Map(live.map((one) => [one.key, one])), failures: new Map(), nowMs: createdMs + ageMs };
      const { untilMs } = planeProvision(plane, state);
      return untilMs === undefined ? undefined : untilMs - createdMs;
    };
    const asked = asking({ value: "192.0.2.1", routability: "" });
    assert.deepEqual([untilOf(planeOf(), 0), untilOf(planeOf(), quietMs)], [quietMs, undefined]);
    assert.deepEqual(
      [untilOf(asked, 0), untilOf(asked, quietMs), untilOf(asked, patienceMs)],
      [quietMs, patienceMs, undefined],
    );
  });
});

describe("provisionFindings", () => {
  it("tell of addresses and of objects that could not be made", () => {
    const plane = asking({ value: "192.0.2.1", routability: "" });
    const [asks] = plane.gateways;
    assert.ok(asks);
    const names = (row: GatewayProvision, ...failures: ProvisionFailure[]) =>
      provisionFindings(asks, row, failures).map(({ name, object }) => `${name} ${object.namespace}/${object.name}`);
    assert.deepEqual(names(provision(plane, [{ conditions: [refused] }])), ["gateway-address-unusable infra/edge"]);
    assert.deepEqual(names(provision(plane, [{}])), []);
    for (const quiet of [planeOf(), plane]) {
      assert.deepEqual(names(provision(quiet, [undefined], quietMs)), []);
      assert.deepEqual(names(provision(quiet, [{}], quietMs - 1)), []);
      assert.deepEqual(names(provision(quiet, [{}], quietMs)), ["gateway-address-unassigned infra/edge"]);
    }
    assert.deepEqual(names(provision(planeOf(), [{ conditions: [refused] }])), [
      "gateway-address-unassigned infra/edge",
    ]);
    assert.deepEqual(names({ addresses: [] }, { kind: "foreign", message: "m", fix: "f" }), [
      "data-plane-name-taken infra/edge",
    ]);
    assert.deepEqual(names({ addresses: [] }, { kind: "quota", message: "m", fix: "f" }), [
      "data-plane-not-made infra/edge",
    ]);
  });
});
