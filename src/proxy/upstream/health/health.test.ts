import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { mock, test } from "node:test";
import type { HealthCheck } from "../../../ir/traffic/health-check.ts";
import { Descriptors } from "../../transport/descriptors.ts";
import { AddressGuard } from "../address-guard.ts";
import { HealthRecord, type ProbeResult } from "./health-record.ts";
import { HealthRegistry } from "./health-registry.ts";
import type { Probe } from "./probe.ts";
import { TcpProbe } from "./tcp-probe.ts";

const check: HealthCheck = {
  intervalMs: 3_000,
  initialJitterMs: 0,
  timeoutMs: 1_000,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
  port: 0,
  probe: { kind: "tcp", send: "", receive: "" },
};
const success: ProbeResult = { kind: "success" };
const failure: ProbeResult = { kind: "failure", reason: "no" };
const verdict: ProbeResult = { kind: "verdict", reason: "status 500" };

test("HealthRecord: the first check decides, then thresholds do, and a verdict does at once", () => {
  const states = (...results: readonly ProbeResult[]) => {
    const record = new HealthRecord(check);
    return results.map((result) => {
      record.onResult(result);
      return record.state;
    });
  };
  assert.deepEqual(states(success, failure, failure, success, failure, failure, failure), [
    ...Array<string>(6).fill("healthy"),
    "unhealthy",
  ]);
  assert.deepEqual(states(failure, success, failure, success, success), [
    ...Array<string>(4).fill("unhealthy"),
    "healthy",
  ]);
  assert.deepEqual(states(success, verdict), ["healthy", "unhealthy"]);
});

/** A probe whose results the test decides. */
class ScriptedProbe implements Probe {
  started = 0;
  cancelled = 0;
  #onResult: ((result: ProbeResult) => void) | undefined;

  start(onResult: (result: ProbeResult) => void) {
    this.started++;
    this.#onResult = onResult;
    return { cancel: () => this.cancelled++ };
  }

  closed = 0;

  close(): void {
    this.closed++;
  }

  end(result: ProbeResult): void {
    this.#onResult?.(result);
  }
}

test("HealthRegistry: one checker for equal checks of an endpoint, which ends with its last user", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const registry = new HealthRegistry(() => 0.5);
    const probe = new ScriptedProbe();
    const changes: string[] = [];
    const results: ProbeResult[] = [];
    const how = { probe: () => probe, onChecked: (result: ProbeResult) => results.push(result) };
    const watch = (name: string, settings: HealthCheck) =>
      registry.watch("10.0.0.1|80", settings, { onHealthChange: () => changes.push(name) }, how);
    const jittered = { ...check, initialJitterMs: 1_000 };
    const first = watch("first", jittered);
    const second = watch("second", jittered);
    assert.equal(registry.size, 1);
    assert.equal(watch("other", check).state, "unchecked");
    assert.equal(registry.size, 2);

    mock.timers.tick(499);
    assert.equal(probe.started, 1);
    mock.timers.tick(1);
    assert.equal(probe.started, 2);
    probe.end(success);
    assert.deepEqual([first.state, second.state, changes], ["healthy", "healthy", ["first", "second"]]);
    first.release();
    first.release();
    assert.equal(registry.size, 2);
    second.release();
    assert.equal(registry.size, 1);
    mock.timers.tick(3_000);
    assert.equal(probe.started, 2);
  } finally {
    mock.timers.reset();
  }
});

test("HealthRegistry: a check that does not end in time is given up, and the next one comes after the interval", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const probe = new ScriptedProbe();
    const registry = new HealthRegistry(() => 0);
    const how = { probe: () => probe, onChecked: () => {} };
    const watch = registry.watch("a", check, { onHealthChange: () => {} }, how);
    mock.timers.tick(0);
    mock.timers.tick(1_000);
    assert.deepEqual([watch.state, watch.reason, probe.cancelled], ["unhealthy", "no result within 1000 ms", 1]);
    mock.timers.tick(2_999);
    assert.equal(probe.started, 1);
    mock.timers.tick(1);
    assert.equal(probe.started, 2);
    watch.release();
    assert.deepEqual([probe.cancelled, probe.closed], [2, 1]);
  } finally {
    mock.timers.reset();
  }
});

async function probeTcp(
  onConnection: (socket: Socket) => void,
  model: { readonly send: string; readonly receive: string },
): Promise<ProbeResult> {
  const server: Server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  const encode = (text: string) => Buffer.from(text).toString("base64");
  const target = {
    address: "127.0.0.1",
    port,
    tls: undefined,
    guard: new AddressGuard(["loopback"]),
    descriptors: new Descriptors({ limit: Number.POSITIVE_INFINITY, onShort: () => {}, onEnough: () => {} }),
  };
  const probe = new TcpProbe(target, { kind: "tcp", send: encode(model.send), receive: encode(model.receive) });
  const result = await new Promise<ProbeResult>((resolve) => probe.start(resolve));
  server.close();
  return result;
}

test("TcpProbe: a connection is enough where nothing is expected", async () => {
  assert.deepEqual(await probeTcp(() => {}, { send: "", receive: "" }), success);
});

test("TcpProbe: says what it is told to, and finds what it expects in pieces", async () => {
  const answer = (socket: Socket) =>
    socket.on("data", (bytes) => {
      assert.equal(bytes.toString(), "PING\r\n");
      socket.write("+PO");
      setImmediate(() => socket.write("NG\r\n"));
    });
  assert.deepEqual(await probeTcp(answer, { send: "PING\r\n", receive: "PONG" }), success);
});

test("TcpProbe: another answer, and a lost connection, are failures with their reason", async () => {
  const other = await probeTcp((socket) => socket.end("-ERR"), { send: "", receive: "PONG" });
  assert.deepEqual(other, { kind: "failure", reason: "the answer does not have the expected bytes" });
  const reset = (socket: Socket) => socket.on("data", () => socket.resetAndDestroy());
  const lost = await probeTcp(reset, { send: "PING", receive: "PONG" });
  assert.deepEqual(lost, { kind: "failure", reason: "the connection was lost (ECONNRESET)" });
});
