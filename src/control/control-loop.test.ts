import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { CompileResult } from "../compile/contract.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { Plane, PlaneReport, PlaneUpdate } from "../ir/plane.ts";
import { SecretTable } from "../ir/secret-table.ts";
import type { CompiledStatus } from "../status/condition.ts";
import { createSnapshot } from "../store/create-snapshot.ts";
import { createTelemetry } from "../telemetry/create-telemetry.ts";
import { createLogger } from "../telemetry/log.ts";
import { ControlLoop, type ControlLoopOptions } from "./control-loop.ts";

const compiled = (generation: number): CompileResult => ({
  routing: { gateways: [], clusters: {} },
  endpoints: {},
  secrets: new SecretTable(new Map()),
  retained: new Map(),
  freshUntilMs: Number.POSITIVE_INFINITY,
  dataPlanes: [],
  status: [
    {
      ref: { kind: "GatewayClass", group: "gateway.networking.k8s.io", name: "sluice" },
      generation,
      body: { shape: "gatewayClass", conditions: [], supportedFeatures: [] },
    },
  ],
  findings: [],
});

/** A plane that remembers what it was told and answers when the test says so. */
class FakePlane implements Plane {
  readonly updates: PlaneUpdate[] = [];
  readonly endpoints: EndpointTable[] = [];
  readonly drains: number[] = [];
  /** When set, `apply` waits for it. */
  gate: Promise<void> | undefined;

  async apply(update: PlaneUpdate): Promise<PlaneReport> {
    this.updates.push(update);
    await this.gate;
    return { generation: update.generation, listeners: {}, addresses: {} };
  }

  updateEndpoints(endpoints: EndpointTable): void {
    this.endpoints.push(endpoints);
  }

  async drain(deadlineMs: number): Promise<void> {
    this.drains.push(deadlineMs);
  }
}

function setUp(t: TestContext, options: Partial<ControlLoopOptions<CompiledStatus>> = {}) {
  const plane = new FakePlane();
  const lines: string[] = [];
  const telemetry = createTelemetry({ version: "test" });
  t.after(() => telemetry.close());
  let compiles = 0;
  const loop = new ControlLoop<CompiledStatus>({
    snapshot: () => createSnapshot([]),
    compile: () => compiled(++compiles),
    plane,
    mergeStatus: (status) => status,
    planeFindings: () => [],
    telemetry,
    log: createLogger({ write: (line) => lines.push(line) }),
    ...options,
  });
  const turns = (result: string) => telemetry.registry.counter("gateway_config_reloads_total", result).value;
  return {
    plane,
    lines,
    telemetry,
    loop,
    turns,
    compiles: () => compiles,
  };
}

test("ControlLoop: the first turn does not wait, and its configuration is the state", async (t) => {
  const { loop, plane, telemetry } = setUp(t);
  assert.deepEqual(loop.state, { phase: "starting", turn: 0 });
  assert.equal(loop.turnNow(), 1);
  const state = await loop.settled(1);
  assert.equal(state, loop.state);
  assert.equal(state.phase, "serving");
  assert.equal(state.configuration?.generation, 1);
  assert.equal(state.configuration?.report.generation, 1);
  assert.equal(plane.updates[0]?.generation, 1);
  assert.equal(telemetry.registry.gauge("gateway_config_generation").value, 1);
});

test("ControlLoop: changes that come together are taken in by one turn", async (t) => {
  const { loop, compiles } = setUp(t);
  assert.equal(loop.notify("resources"), 1);
  assert.equal(loop.notify("resources"), 1);
  assert.equal(compiles(), 0);
  await loop.settled(1);
  assert.equal(compiles(), 1);
});

test("ControlLoop: a change during a turn belongs to the next, which does not begin before", async (t) => {
  const { loop, plane, compiles } = setUp(t);
  const gate = Promise.withResolvers<void>();
  plane.gate = gate.promise;
  loop.turnNow();
  assert.equal(loop.notify("resources"), 2);
  await setImmediate();
  await setImmediate();
  assert.equal(compiles(), 1);
  gate.resolve();
  const state = await loop.settled();
  assert.equal(state.turn, 2);
  assert.deepEqual(
    plane.updates.map(({ generation }) => generation),
    [1, 2],
  );
});

test("ControlLoop.settled: without a number, what was notified is in force", async (t) => {
  const { loop } = setUp(t);
  assert.equal((await loop.settled()).turn, 0);
  loop.notify("resources");
  const settled = loop.settled();
  assert.equal((await settled).turn, 1);
});

/** Compiles to other endpoints each time, and to whatever else `rest` says; what it does not say is the same again. */
function withEndpoints(rest: (turn: number) => Partial<CompileResult> = () => ({})) {
  const first = compiled(1);
  let turn = 0;
  return (): CompileResult => {
    turn++;
    return { ...first, endpoints: { "shop/cart:80": [{ address: "10.0.0.1", port: 8000 + turn }] }, ...rest(turn) };
  };
}

test("ControlLoop: a change of endpoints alone reaches the plane as nothing but endpoints", async (t) => {
  const { loop, plane, turns } = setUp(t, { compile: withEndpoints() });
  loop.turnNow();
  await loop.settled();
  loop.notify("endpoints");
  const state = await loop.settled(2);
  const endpoints = { "shop/cart:80": [{ address: "10.0.0.1", port: 8002 }] };
  assert.deepEqual(plane.endpoints, [endpoints]);
  assert.equal(plane.updates.length, 1);
  assert.deepEqual([state.turn, state.configuration?.generation], [2, 1]);
  assert.deepEqual(state.configuration?.result.endpoints, endpoints);
  assert.equal(turns("endpoints"), 1);
  assert.equal(turns("programmed"), 1);
});

test("ControlLoop: findings and statuses that follow from a change of endpoints are there at once", async (t) => {
  const said = compiled(7);
  const { loop, plane } = setUp(t, {
    compile: withEndpoints((turn) => (turn === 2 ? { status: said.status } : {})),
    planeFindings: () => [],
  });
  loop.turnNow();
  await loop.settled();
  loop.notify("endpoints");
  const { configuration } = await loop.settled();
  assert.equal(configuration?.status[0]?.generation, 7);
  assert.equal(plane.updates.length, 1);
});

test("ControlLoop: a change of endpoints that changes the model is applied whole", async (t) => {
  const { loop, plane } = setUp(t, {
    compile: withEndpoints((turn) => (turn === 2 ? { routing: { gateways: [], clusters: {} } } : {})),
  });
  loop.turnNow();
  await loop.settled();
  loop.notify("endpoints");
  const { configuration } = await loop.settled();
  assert.equal(plane.updates.length, 2);
  assert.equal(plane.endpoints.length, 0);
  assert.equal(configuration?.generation, 2);
});

test("ControlLoop: endpoints together with resources, before the first configuration or after a failure, are applied whole", async (t) => {
  let broken = false;
  const compile = withEndpoints();
  const { loop, plane } = setUp(t, {
    compile: () => {
      if (broken) throw new Error("a bug");
      return compile();
    },
  });
  loop.notify("endpoints");
  await loop.settled();
  loop.notify("resources");
  loop.notify("endpoints");
  await loop.settled();
  assert.equal(plane.updates.length, 2);
  broken = true;
  loop.notify("endpoints");
  await loop.settled();
  broken = false;
  loop.notify("endpoints");
  await loop.settled();
  assert.equal(plane.updates.length, 3);
  assert.equal(plane.endpoints.length, 0);
});

test("ControlLoop: an error of ours keeps the last good configuration, is logged and counted, and the next turn recovers", async (t) => {
  let broken = false;
  const { loop, lines, plane, turns } = setUp(t, {
    compile: () => {
      if (broken) throw new TypeError("a bug");
      return compiled(1);
    },
  });
  loop.turnNow();
  const good = (await loop.settled()).configuration;
  broken = true;
  loop.turnNow();
  const failed = await loop.settled();
  assert.equal(failed.configuration, good);
  assert.deepEqual(failed.failure, { turn: 2, message: "a bug" });
  assert.equal(turns("failed"), 1);
  assert.match(lines.join(""), /a bug/);
  assert.equal(plane.updates.length, 1);
  broken = false;
  loop.turnNow();
  const recovered = await loop.settled();
  assert.equal(recovered.failure, undefined);
  assert.equal(recovered.configuration?.generation, 3);
});

test("ControlLoop: a plane that rejects costs the turn and nothing else", async (t) => {
  const { loop, plane } = setUp(t);
  plane.gate = Promise.reject(new Error("a bug in the plane"));
  plane.gate.catch(() => {});
  loop.turnNow();
  const state = await loop.settled();
  assert.equal(state.phase, "starting");
  assert.equal(state.failure?.message, "a bug in the plane");
});

test("ControlLoop: the status before is handed to the merge, and findings of the plane are added", async (t) => {
  const previous: unknown[] = [];
  const { loop } = setUp(t, {
    mergeStatus: (status, report, before, nowMs) => {
      previous.push([report.generation, before?.[0]?.generation, nowMs]);
      return status;
    },
    clock: { nowMs: () => 42, monotonicMs: () => 0 },
  });
  for (let i = 0; i < 2; i++) {
    loop.turnNow();
    await loop.settled();
  }
  assert.deepEqual(previous, [
    [1, undefined, 42],
    [2, 1, 42],
  ]);
});

test("ControlLoop.subscribe: told after every turn; one that throws does not harm the others", async (t) => {
  const { loop, lines } = setUp(t);
  const turns: number[] = [];
  loop.subscribe(() => {
    throw new Error("a bad listener");
  });
  const unsubscribe = loop.subscribe(({ turn }) => turns.push(turn));
  loop.turnNow();
  await loop.settled();
  unsubscribe();
  loop.turnNow();
  await loop.settled();
  assert.deepEqual(turns, [1]);
  assert.match(lines.join(""), /a bad listener/);
});

test("ControlLoop.drain: waits for the running turn, takes no more changes, and drains the plane once", async (t) => {
  const { loop, plane, compiles } = setUp(t);
  const gate = Promise.withResolvers<void>();
  plane.gate = gate.promise;
  loop.turnNow();
  loop.notify("resources");
  const never = loop.settled(2);
  const drained = loop.drain(3000);
  assert.equal(loop.state.phase, "draining");
  assert.equal(loop.notify("resources"), 0);
  assert.equal(loop.turnNow(), 0);
  assert.equal(plane.drains.length, 0);
  gate.resolve();
  await assert.rejects(never, /closed/);
  await drained;
  await loop.drain(3000);
  assert.deepEqual(plane.drains, [3000]);
  assert.deepEqual([loop.state.phase, loop.state.turn, compiles()], ["draining", 1, 1]);
  await assert.rejects(loop.settled(5), /closed/);
});

/** A plane that confirms later. */
class ConfirmingPlane extends FakePlane {
  #listener: (() => void) | undefined;
  #report: PlaneReport = { generation: 0, listeners: {}, addresses: {} };

  override async apply(update: PlaneUpdate): Promise<PlaneReport> {
    this.#report = await super.apply(update);
    return this.#report;
  }

  report(): PlaneReport {
    return this.#report;
  }

  subscribe(listener: () => void): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  confirm(): void {
    const row = { state: "programmed", address: "192.0.2.1", port: 80 } as const;
    this.#report = { ...this.#report, listeners: { "Gateway/infra/edge/http": row } };
    this.#listener?.();
  }

  get isWatched(): boolean {
    return this.#listener !== undefined;
  }
}

test("ControlLoop: what the plane confirms later is merged into the statuses without a compilation", async (t) => {
  const plane = new ConfirmingPlane();
  const merged: number[] = [];
  const { loop, compiles, turns } = setUp(t, {
    plane,
    mergeStatus: (status, { listeners }) => {
      merged.push(Object.keys(listeners).length);
      return status;
    },
    planeFindings: () => [],
  });
  loop.turnNow();
  const first = await loop.settled();
  plane.confirm();
  plane.confirm();
  const state = await loop.settled();
  assert.deepEqual(merged, [0, 1]);
  assert.equal(compiles(), 1);
  assert.equal(turns("reported"), 1);
  assert.equal(state.turn, 2);
  assert.equal(state.configuration?.generation, first.configuration?.generation);
  assert.equal(state.configuration?.report, plane.report());
  await loop.drain(0);
  assert.equal(plane.isWatched, false);
});

test("ControlLoop: a confirmation that comes with a change of endpoints is not lost", async (t) => {
  const plane = new ConfirmingPlane();
  const { loop } = setUp(t, { plane, compile: withEndpoints() });
  loop.turnNow();
  await loop.settled();
  plane.confirm();
  loop.notify("endpoints");
  const { configuration } = await loop.settled();
  assert.equal(configuration?.report, plane.report());
  assert.equal(plane.endpoints.length, 1);
});

test("ControlLoop: compiles again when time alone has changed the result", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let freshUntilMs = Date.now() + 3 * 86_400_000;
  let compiles = 0;
  const { loop } = setUp(t, { compile: () => ({ ...compiled(++compiles), freshUntilMs }) });
  await loop.settled(loop.turnNow());
  t.mock.timers.tick(86_400_000 - 1);
  assert.equal(compiles, 1);
  t.mock.timers.tick(1);
  // The loop's rest after a turn.
  t.mock.timers.tick(1000);
  await loop.settled(2);
  assert.equal(compiles, 2, "no timer is longer than a day");
  freshUntilMs = Number.POSITIVE_INFINITY;
  await loop.settled(loop.turnNow());
  t.mock.timers.tick(30 * 86_400_000);
  assert.equal(loop.state.turn, 3, "nothing is due any more");
});
