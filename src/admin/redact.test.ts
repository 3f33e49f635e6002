import assert from "node:assert/strict";
import { test } from "node:test";
import type { RoutingModel } from "../ir/routing-model.ts";
import { redact } from "./redact.ts";

const from = { kind: "Gateway", namespace: "shop", name: "web", pointer: "" };

test("redact() hides the headers that are sent with spans, whatever their names and lengths", () => {
  const model: RoutingModel = {
    clusters: {},
    gateways: [
      {
        key: "shop/web",
        namespace: "shop",
        name: "web",
        from,
        labels: {},
        addresses: [],
        listeners: [],
        httpRules: {},
        tracing: {
          from,
          cluster: "otel/collector:4318",
          headers: [
            { name: "x-tenant", value: "quite-secret" },
            { name: "x-short", value: "ab" },
          ],
          sampling: { numerator: 1, denominator: 1 },
          serviceName: "edge",
          spanName: "",
          attributes: [],
        },
      },
    ],
  };
  const shown = redact(model, model).gateways[0]?.tracing;
  assert.deepEqual(
    shown?.headers.map(({ value }) => value),
    ["[redacted]", "[redacted]"],
  );
  assert.equal(shown?.cluster, "otel/collector:4318");
  assert.equal(redact("sent quite-secret", model), "sent [redacted]");
});

test("redact() hides what headers of filters are set to, and shows what they take from requests", () => {
  const model: RoutingModel = { clusters: {}, gateways: [] };
  const filter = {
    kind: "headerMutation",
    set: [{ name: "x-any", value: ["Bearer abc ", { from: "claim", path: ["sub"] }] }],
  };
  assert.deepEqual(redact(filter, model).set, [
    { name: "x-any", value: ["[redacted]", { from: "claim", path: ["sub"] }] },
  ]);
});
