import assert from "node:assert/strict";
import { test } from "node:test";
import { createTelemetry } from "./create-telemetry.ts";
import { renderExposition } from "./exposition.ts";
import type { HttpSeriesLabels } from "./telemetry.ts";

const labels: HttpSeriesLabels = {
  gateway_name: "edge",
  gateway_namespace: "infra",
  listener: "db",
  route_kind: "TCPRoute",
  route_namespace: "shop",
  route_name: "db",
  rule: "0",
  backend_name: "postgres",
};

async function exposed(telemetry: ReturnType<typeof createTelemetry>, prefix: string): Promise<string[]> {
  return [...renderExposition(telemetry.registry, "prometheus")]
    .join("")
    .split("\n")
    .filter((line) => line.startsWith(prefix));
}

test("tcpSeries() and udpSeries() count under one set of labels, whoever asks", async () => {
  await using telemetry = createTelemetry({ version: "test" });
  telemetry.tcpSeries(labels).ended("-");
  telemetry.tcpSeries({ ...labels }).ended("-");
  telemetry.tcpSeries(labels).ended("UC");
  telemetry.udpSeries(labels).datagramsIn.add(3);
  const tcp = await exposed(telemetry, "gateway_tcp_connections_total");
  assert.deepEqual(
    tcp.map((line) => /result="(\w+)"} (\d+)/.exec(line)?.slice(1)),
    [
      ["ok", "2"],
      ["UC", "1"],
    ],
  );
  const udp = await exposed(telemetry, "gateway_udp_datagrams_total");
  assert.deepEqual(
    udp.map((line) => /direction="(\w+)"} (\d+)/.exec(line)?.slice(1)),
    [
      ["in", "3"],
      ["out", "0"],
    ],
  );
});

test("stream series go five minutes after their route, and come back with it", async () => {
  let nowMs = 0;
  await using telemetry = createTelemetry({ version: "test", nowMs: () => nowMs });
  const held = telemetry.tcpSeries(labels);
  held.ended("-");
  telemetry.udpSeries(labels).ended("-");
  telemetry.retainHttpSeries(() => false);
  nowMs += 299_000;
  assert.equal((await exposed(telemetry, "gateway_tcp_")).length, 4);
  nowMs += 2_000;
  assert.deepEqual(await exposed(telemetry, "gateway_tcp_"), []);
  assert.deepEqual(await exposed(telemetry, "gateway_udp_"), []);
  held.active.add(-1);
  assert.deepEqual(await exposed(telemetry, "gateway_tcp_"), []);
  telemetry.tcpSeries(labels).ended("-");
  assert.equal((await exposed(telemetry, "gateway_tcp_connections_total")).length, 1);
});
