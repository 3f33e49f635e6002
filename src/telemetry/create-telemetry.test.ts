import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogSink } from "./access-log.ts";
import { createTelemetry } from "./create-telemetry.ts";
import { renderExposition } from "./exposition.ts";
import type { AccessRecord, HttpSeriesLabels } from "./telemetry.ts";

const labels: HttpSeriesLabels = {
  gateway_name: "edge",
  gateway_namespace: "infra",
  listener: "http",
  route_kind: "HTTPRoute",
  route_namespace: "shop",
  route_name: "cart",
  rule: "0",
  backend_name: "cart",
};

const record: AccessRecord = {
  startMs: 0,
  labels,
  hostname: "",
  method: "GET",
  path: "/",
  protocol: "HTTP/1.1",
  statusCode: 200,
  durationMs: 1,
  upstreamDurationMs: 1,
  bytesIn: 0,
  bytesOut: 0,
  sourceIp: "",
  userAgent: "",
  upstream: "",
  responseFlag: "-",
  requestId: "",
  traceId: "",
  tenant: "",
  environment: "",
};

const scrape = (telemetry: ReturnType<typeof createTelemetry>) =>
  [...renderExposition(telemetry.registry, "prometheus")].join("");

test("createTelemetry: without a sink there is no access log, and a record costs nothing", async () => {
  await using telemetry = createTelemetry({ version: "1" });
  assert.equal(telemetry.accessLogEnabled, false);
  telemetry.accessLog(record);
  await telemetry.reopenAccessLog();
  assert.doesNotMatch(scrape(telemetry), /gateway_access_log/);
});

test("createTelemetry: lines of the access log are counted, and closing writes the last ones", async () => {
  let text = "";
  let reopened = 0;
  const sink: LogSink = {
    async write(chunk, offset, length) {
      text += chunk.toString("latin1", offset, offset + length);
      return length;
    },
    async reopen() {
      reopened++;
    },
    async close() {},
  };
  const telemetry = createTelemetry({ version: "1", accessLogSink: sink });
  assert.equal(telemetry.accessLogEnabled, true);
  telemetry.accessLog(record);
  await telemetry.reopenAccessLog();
  telemetry.accessLog(record);
  await telemetry.close();
  assert.equal(text.split("\n").length, 3);
  assert.equal(reopened, 1);
  assert.match(scrape(telemetry), /^gateway_access_log_lines_total 2$/m);
  assert.match(scrape(telemetry), /^gateway_access_log_dropped_lines_total\{reason="full"\} 0$/m);
});

test("createTelemetry: series of a route that was retained no more go at the scrape after five minutes", async () => {
  let now = 0;
  await using telemetry = createTelemetry({ version: "1", nowMs: () => now });
  telemetry.httpSeries(labels).observe("GET", 200, 1, 1, 1, 1);
  telemetry.retainHttpSeries(() => false);
  now = 299_999;
  assert.match(scrape(telemetry), /gateway_http_requests_total/);
  now = 300_000;
  assert.doesNotMatch(scrape(telemetry), /gateway_http_requests_total/);
});

test("createTelemetry: counters, gauges and histograms of the table reach the scrape", async () => {
  await using telemetry = createTelemetry({ version: "1.2.3" });
  telemetry.counter("gateway_tls_handshakes_total", "edge", "infra", "https", "ok").add(2);
  telemetry.gauge("gateway_upstream_connections", "shop", "cart", "80", "idle").set(3);
  telemetry.histogram("gateway_config_compile_duration_seconds").observe(0.02);
  const text = scrape(telemetry);
  assert.match(text, /^gateway_tls_handshakes_total\{gateway_name="edge",.*result="ok"\} 2$/m);
  assert.match(text, /^gateway_upstream_connections\{.*state="idle"\} 3$/m);
  assert.match(text, /^gateway_config_compile_duration_seconds_bucket\{le="0.025"\} 1$/m);
});
