import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { maxLineBytes, renderAccessLine } from "./access-line.ts";
import type { AccessRecord, HttpSeriesLabels } from "./telemetry.ts";

const labels: HttpSeriesLabels = {
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
  startMs: Date.UTC(2026, 1, 3, 4, 5, 6, 7),
  labels,
  hostname: "shop.example.com",
  method: "GET",
  path: "/cart?token=hush",
  protocol: "HTTP/1.1",
  statusCode: 200,
  durationMs: 12.3456,
  upstreamDurationMs: 10,
  bytesIn: 123,
  bytesOut: 4567,
  sourceIp: "192.0.2.7",
  userAgent: "curl/8",
  upstream: "10.0.0.1:8080",
  responseFlag: "-",
  requestId: "r1",
  traceId: "t1",
  tenant: "blue",
  environment: "prod",
};

test("renderAccessLine: the fields, in their order", () => {
  const line = renderAccessLine(record);
  assert.ok(line.endsWith("}\n"));
  assert.deepEqual(Object.entries(JSON.parse(line) as object), [
    ["timestamp", "2026-02-03T04:05:06.007Z"],
    ["route_name", "cart"],
    ["backend_name", "cart-v1"],
    ["gateway_name", "edge"],
    ["namespace", "infra"],
    ["listener", "http"],
    ["hostname", "shop.example.com"],
    ["path", "/cart"],
    ["method", "GET"],
    ["protocol", "HTTP/1.1"],
    ["status_code", 200],
    ["duration_ms", 12.346],
    ["upstream_duration_ms", 10],
    ["bytes_in", 123],
    ["bytes_out", 4567],
    ["source_ip", "192.0.2.7"],
    ["user_agent", "curl/8"],
    ["upstream", "10.0.0.1:8080"],
    ["response_flag", "-"],
    ["request_id", "r1"],
    ["trace_id", "t1"],
    ["tenant", "blue"],
    ["environment", "prod"],
  ]);
});

test("renderAccessLine: no upstream time when no upstream was asked", () => {
  const line = renderAccessLine({ ...record, upstreamDurationMs: -1, upstream: "" });
  assert.equal((JSON.parse(line) as { upstream_duration_ms: unknown }).upstream_duration_ms, null);
});

test("renderAccessLine: how far a client's certificate was found good, for requests over TLS alone", () => {
  for (const clientCertificate of ["verified", "unverified", "none"] as const) {
    const line = JSON.parse(renderAccessLine({ ...record, clientCertificate })) as Record<string, unknown>;
    assert.equal(line["client_certificate"], clientCertificate);
  }
  assert.ok(!("client_certificate" in (JSON.parse(renderAccessLine(record)) as object)));
});

test("renderAccessLine: numbers that are none do not break the line", () => {
  const line = renderAccessLine({
    ...record,
    startMs: Number.NaN,
    durationMs: Number.NaN,
    bytesIn: Number.POSITIVE_INFINITY,
  });
  const parsed = JSON.parse(line) as Record<string, unknown>;
  assert.equal(parsed["duration_ms"], 0);
  assert.equal(parsed["bytes_in"], 0);
});

const texts = [
  "hostname",
  "method",
  "protocol",
  "sourceIp",
  "userAgent",
  "upstream",
  "requestId",
  "traceId",
  "tenant",
] as const;

test("renderAccessLine: no text can forge a line, a field or a terminal sequence", () => {
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.string({ unit: "binary", maxLength: 200 }), (field, text) => {
      const line = renderAccessLine({ ...record, [field]: text });
      assert.match(line, /^[\x20-\x7e]*\n$/);
      const parsed = JSON.parse(line) as Record<string, unknown>;
      assert.equal(Object.keys(parsed).length, 23);
      const snake = field.replace(/[A-Z]/g, (char) => `_${char.toLowerCase()}`);
      assert.equal(parsed[snake], text);
    }),
  );
});

test("renderAccessLine: lone surrogates are escaped", () => {
  const line = renderAccessLine({ ...record, userAgent: "a\ud800b" });
  assert.ok(line.includes("a\\ud800b"));
});

test("renderAccessLine: label text is escaped as well", () => {
  const line = renderAccessLine({ ...record, labels: { ...labels, listener: 'x"\n' } });
  assert.equal((JSON.parse(line) as { listener: string }).listener, 'x"\n');
});

test("renderAccessLine: the worst line is within its bound", () => {
  const worst = "\u0000".repeat(100_000);
  const line = renderAccessLine({
    ...record,
    ...Object.fromEntries(texts.map((field) => [field, worst])),
    path: worst,
    environment: worst,
    labels: Object.fromEntries(Object.keys(labels).map((name) => [name, worst])) as HttpSeriesLabels,
  });
  assert.ok(line.length <= maxLineBytes, `${line.length} of ${maxLineBytes}`);
  assert.ok(maxLineBytes < 64 * 1024);
});

test("renderAccessLine: the status of a gRPC call stands behind the fields that every line has", () => {
  assert.match(renderAccessLine({ ...record, grpcStatus: 14 }), /"environment":"[^"]*","grpc_status":14}\n$/);
  assert.equal(renderAccessLine({ ...record, grpcStatus: -1 }), renderAccessLine(record));
});
