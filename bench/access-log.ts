/** CPU of telemetry on the request path: one access log line, one observation of the RED metrics, one request id. */

import { renderAccessLine } from "../src/telemetry/access-line.ts";
import { AccessLog, openLogSink } from "../src/telemetry/access-log.ts";
import { HttpSeriesTable } from "../src/telemetry/http-series.ts";
import { Registry } from "../src/telemetry/registry.ts";
import type { AccessRecord } from "../src/telemetry/telemetry.ts";
import { createRequestId, parseTraceparent } from "../src/telemetry/trace-context.ts";

const rounds = 300_000;
const labels = {
  gateway_name: "edge",
  gateway_namespace: "infra",
  listener: "http",
  route_kind: "HTTPRoute",
  route_namespace: "shop",
  route_name: "cart",
  rule: "0",
  backend_name: "cart-v1",
};
const record: AccessRecord = {
  startMs: Date.now(),
  labels,
  hostname: "shop.example.com",
  method: "GET",
  path: "/cart/items/42?expand=true",
  protocol: "HTTP/1.1",
  statusCode: 200,
  durationMs: 1.234,
  upstreamDurationMs: 1.1,
  bytesIn: 412,
  bytesOut: 5120,
  sourceIp: "192.0.2.7",
  userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  upstream: "10.0.0.1:8080",
  responseFlag: "-",
  requestId: createRequestId(),
  traceId: createRequestId(),
  tenant: "blue",
  environment: "prod",
};

async function measure(name: string, run: () => void, after?: () => Promise<void>): Promise<void> {
  const repeat = async (times: number) => {
    for (let i = 0; i < times; i++) {
      run();
      // Lets the writer run, as traffic does; else the buffer is full and lines cost nothing.
      if (after && i % 1000 === 0) await after();
    }
    await after?.();
  };
  await repeat(rounds / 10);
  const start = process.cpuUsage();
  await repeat(rounds);
  const { user, system } = process.cpuUsage(start);
  console.log(`${name.padEnd(38)} ${((user + system) / rounds).toFixed(3)} µs`);
}

let bytes = 0;
await measure("access log line, rendered", () => {
  record.startMs += 0.25;
  record.durationMs += 0.001;
  bytes += renderAccessLine(record).length;
});

const ignore = { add() {} };
let dropped = 0;
const log = new AccessLog({
  sink: await openLogSink("/dev/null"),
  written: ignore,
  droppedFull: { add: (count) => (dropped += count) },
  droppedError: ignore,
});
await measure(
  "access log line, rendered and written",
  () => {
    record.startMs += 0.25;
    record.durationMs += 0.001;
    log.write(record);
  },
  () => log.flush(),
);
await log.close();

const series = new HttpSeriesTable(new Registry()).get(labels);
let n = 0;
await measure("RED metrics of one request", () => {
  n++;
  series.observe(n % 3 === 0 ? "POST" : "GET", n % 50 === 0 ? 503 : 200, n % 30, n % 20, 400, 5000);
});
await measure("request id", () => void createRequestId());
await measure(
  "traceparent parsed",
  () => void parseTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
);
console.log(`${Math.round(bytes / (rounds * 1.1))} bytes a line, ${dropped} lines dropped`);
