import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import { defaultListenerSettings } from "../ir/listener-settings.ts";
import type { ListenerReport, Plane, PlaneReport, PlaneUpdate } from "../ir/plane.ts";
import { createLogger } from "../telemetry/log.ts";
import type { PlaneState } from "./protocol.ts";
import { type Applied, StateApplier } from "./state-applier.ts";

const from = { kind: "Gateway", namespace: "shop", name: "web", pointer: "" };
const key = "Gateway/shop/web/http";

const stateOf = (hash: string): PlaneState => ({
  routing: {
    clusters: {},
    gateways: [
      {
        key: "shop/web",
        namespace: "shop",
        name: "web",
        from,
        labels: {},
        addresses: [],
        httpRules: {},
        listeners: [
          {
            key,
            name: "http",
            from,
            port: 80,
            hostname: "",
            settings: defaultListenerSettings,
            hash,
            protocol: "HTTP",
            filters: [],
            virtualHosts: [],
          },
        ],
      },
    ],
  },
  endpoints: {},
  secrets: {},
  settings: {},
});

/** A plane that answers when and what the test says. */
class FakePlane implements Plane {
  readonly updates: PlaneUpdate[] = [];
  readonly endpoints: EndpointTable[] = [];
  row: ListenerReport = { state: "programmed", address: "192.0.2.1", port: 10_080 };
  gate: Promise<void> = Promise.resolve();

  async apply(update: PlaneUpdate): Promise<PlaneReport> {
    this.updates.push(update);
    await this.gate;
    return { generation: update.generation, listeners: { [key]: this.row }, addresses: {} };
  }

  updateEndpoints(endpoints: EndpointTable): void {
    this.endpoints.push(endpoints);
  }

  async drain(): Promise<void> {}
}

function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const plane = new FakePlane();
  const applied: Applied[] = [];
  const before: PlaneState[] = [];
  const lines: string[] = [];
  const applier = new StateApplier({
    plane,
    beforeApply: (state) => before.push(state),
    onApplied: (one) => applied.push(one),
    log: createLogger({ write: (line) => lines.push(line) }),
  });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { plane, applied, before, lines, applier, settle, tick: (ms: number) => t.mock.timers.tick(ms) };
}

test("StateApplier: tells what became of each listener, with the hash that it was given", async (t) => {
  const { plane, applied, applier, settle } = setUp(t);
  applier.offer({ hash: "#1", state: stateOf("h1") });
  await settle();
  assert.deepEqual(applied[0]?.streamReport, { hash: "#1", listeners: { [key]: { ...plane.row, hash: "h1" } } });
  await applier.close();
});

test("StateApplier: of the states that come while one is applied, only the newest is", async (t) => {
  const { plane, applied, applier, settle } = setUp(t);
  const gate = Promise.withResolvers<void>();
  plane.gate = gate.promise;
  for (const hash of ["#1", "#2", "#3"]) applier.offer({ hash, state: stateOf(hash) });
  gate.resolve();
  await settle();
  assert.deepEqual(
    applied.map(({ held }) => held.hash),
    ["#1", "#3"],
  );
  await applier.close();
});

test("StateApplier: a change of endpoints alone is swapped in; one of settings is applied", async (t) => {
  const { plane, applied, before, applier, settle } = setUp(t);
  const state = stateOf("h1");
  const endpoints = { "shop/app:80": [{ address: "192.0.2.1", port: 80 }] };
  applier.offer({ hash: "#1", state });
  await settle();
  applier.offer({ hash: "#2", state: { ...state, endpoints } });
  await settle();
  assert.equal(plane.updates.length, 1);
  assert.deepEqual(plane.endpoints, [endpoints]);
  assert.equal(applied[1]?.streamReport.hash, "#2");
  assert.equal(applied[1]?.update.endpoints, endpoints);
  applier.offer({ hash: "#3", state: { ...state, endpoints, settings: { accessLog: true } } });
  await settle();
  assert.equal(plane.updates.length, 2);
  assert.equal(before.length, 2);
  await applier.close();
});

test("StateApplier: a state that cannot be applied is told as such, and the next one is applied whole", async (t) => {
  const { plane, applied, lines, applier, settle } = setUp(t);
  plane.gate = Promise.reject(new Error("a bug"));
  const state = stateOf("h1");
  applier.offer({ hash: "#1", state });
  await settle();
  assert.equal(applied[0]?.failure, "a bug");
  const row = applied[0]?.streamReport.listeners[key];
  assert.ok(row?.state === "failed" && row.message.includes("a bug"));
  assert.match(lines.join(""), /could not be applied/);
  plane.gate = Promise.resolve();
  applier.offer({ hash: "#2", state: { ...state, endpoints: { a: [] } } });
  await settle();
  assert.equal(plane.updates.length, 2);
  assert.equal(applied[1]?.failure, undefined);
  await applier.close();
});

test("StateApplier: a listener that the system refused is tried again after five seconds, until it is open", async (t) => {
  const { plane, applied, applier, settle, tick } = setUp(t);
  plane.row = { state: "failed", message: "taken", code: "EADDRINUSE" };
  applier.offer({ hash: "#1", state: stateOf("h1") });
  await settle();
  tick(4_999);
  await settle();
  assert.equal(plane.updates.length, 1);
  tick(1);
  await settle();
  assert.equal(plane.updates.length, 2);
  plane.row = { state: "programmed", address: "192.0.2.1", port: 10_080 };
  tick(5_000);
  await settle();
  assert.equal(applied.at(-1)?.streamReport.listeners[key]?.state, "programmed");
  tick(60_000);
  await settle();
  assert.equal(plane.updates.length, 3);
  await applier.close();
});

test("StateApplier: takes nothing after it was closed", async (t) => {
  const { plane, applier, settle, tick } = setUp(t);
  plane.row = { state: "failed", message: "taken", code: "EADDRINUSE" };
  applier.offer({ hash: "#1", state: stateOf("h1") });
  await applier.close();
  applier.offer({ hash: "#2", state: stateOf("h2") });
  tick(60_000);
  await settle();
  assert.equal(plane.updates.length, 1);
});
