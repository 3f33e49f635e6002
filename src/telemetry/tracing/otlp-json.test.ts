import assert from "node:assert/strict";
import { test } from "node:test";
import { renderOtlpJson } from "./otlp-json.ts";

test("renderOtlpJson() writes one resource with its spans as OTLP's JSON", () => {
  const span = {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    parentId: "00f067aa0ba902b7",
    traceState: "a=1",
    name: "GET /x",
    kind: "server",
    startMs: 1_700_000_000_000.25,
    endMs: 1_700_000_000_001,
    failed: true,
    attributes: [
      ["http.request.method", "GET"],
      ["http.response.status_code", 502],
    ],
  } as const;
  assert.deepEqual(
    JSON.parse(renderOtlpJson("edge", "1.2.3", [span, { ...span, parentId: "", traceState: "", failed: false }])),
    {
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "edge" } }] },
          scopeSpans: [
            {
              scope: { name: "sluice", version: "1.2.3" },
              spans: [
                {
                  traceId: "0af7651916cd43dd8448eb211c80319c",
                  spanId: "b7ad6b7169203331",
                  traceState: "a=1",
                  parentSpanId: "00f067aa0ba902b7",
                  name: "GET /x",
                  kind: 2,
                  startTimeUnixNano: "1700000000000250000",
                  endTimeUnixNano: "1700000000001000000",
                  attributes: [
                    { key: "http.request.method", value: { stringValue: "GET" } },
                    { key: "http.response.status_code", value: { intValue: "502" } },
                  ],
                  status: { code: 2 },
                },
                {
                  traceId: "0af7651916cd43dd8448eb211c80319c",
                  spanId: "b7ad6b7169203331",
                  name: "GET /x",
                  kind: 2,
                  startTimeUnixNano: "1700000000000250000",
                  endTimeUnixNano: "1700000000001000000",
                  attributes: [
                    { key: "http.request.method", value: { stringValue: "GET" } },
                    { key: "http.response.status_code", value: { intValue: "502" } },
                  ],
                },
              ],
            },
          ],
        },
      ],
    },
  );
});
