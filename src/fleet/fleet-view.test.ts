import assert from "node:assert/strict";
import { test } from "node:test";
import { gateway, http, model } from "../../test/ir/model.ts";
import { createLogger } from "../telemetry/log.ts";
import type { FleetMember } from "./fleet-member.ts";
import { FleetView } from "./fleet-view.ts";

const programmed = { state: "programmed", address: "10.0.0.1", port: 10_080, hash: "h" } as const;

function setUp() {
  let members: readonly FleetMember[] = [];
  let nowMs = 0;
  const view = new FleetView({
    members: () => members,
    addresses: (key) => [`address of ${key}`],
    log: createLogger({ write: () => {} }),
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
  });
  let told = 0;
  view.subscribe(() => told++);
  const dataPlanes = new Map(
    ["one", "two"].map((name) => {
      const listener = { ...http("web", "", []), key: `Gateway/infra/${name}/web`, hash: "h" };
      return [`infra/${name}`, { routing: model(gateway([listener], [], name)) }] as const;
    }),
  );
  return {
    view,
    dataPlanes,
    told: () => told,
    connect: (...next: readonly FleetMember[]) => {
      members = next;
      view.look();
    },
    wait: (ms: number) => {
      nowMs += ms;
      view.look();
    },
  };
}

const member = (name: "one" | "two", listeners: FleetMember["listeners"]): FleetMember => ({
  dataPlane: `infra/${name}`,
  proxy: `${name}-1`,
  sinceMs: 0,
  listeners,
});

test("FleetView: one report of several data planes, in which each listener is what the proxies of its own say", () => {
  using fleet = new DisposableStack();
  const { view, dataPlanes, connect, told } = setUp();
  fleet.use(view);
  const first = view.expect({ generation: 4, dataPlanes });
  assert.deepEqual(first, {
    generation: 4,
    listeners: {},
    addresses: { "infra/one": ["address of infra/one"], "infra/two": ["address of infra/two"] },
  });
  const refused = { state: "failed", message: "the port is taken", hash: "h" } as const;
  connect(
    member("one", { "Gateway/infra/one/web": programmed, "Gateway/infra/two/web": programmed }),
    member("two", { "Gateway/infra/two/web": refused }),
  );
  assert.equal(told(), 1);
  assert.deepEqual(view.report.listeners, {
    "Gateway/infra/one/web": { state: "programmed", address: "10.0.0.1", port: 80 },
    "Gateway/infra/two/web": { state: "failed", message: "Proxy two-1: the port is taken" },
  });
});

test("FleetView: a proxy that says nothing is waited for, then told of by name", () => {
  using fleet = new DisposableStack();
  const { view, dataPlanes, connect, wait } = setUp();
  fleet.use(view);
  view.expect({ generation: 1, dataPlanes });
  connect(member("one", {}), { ...member("one", { "Gateway/infra/one/web": programmed }), proxy: "one-2" });
  wait(29_999);
  assert.deepEqual([view.report.listeners, view.late], [{}, []]);
  wait(1);
  assert.equal(view.report.listeners["Gateway/infra/one/web"]?.state, "programmed");
  assert.deepEqual(view.late, [{ dataPlane: "infra/one", proxy: "one-1" }]);
});
