import assert from "node:assert/strict";
import { test } from "node:test";
import type { SecretMaterial } from "../ir/secret-table.ts";
import { SecretTable } from "../ir/secret-table.ts";
import { makeSelfSigned } from "../stand-in/self-signed.ts";
import type { CompiledStatus, Condition } from "../status/condition.ts";
import { createSnapshot } from "../store/create-snapshot.ts";
import { createTelemetry } from "../telemetry/create-telemetry.ts";
import type { HttpSeriesLabels } from "../telemetry/telemetry.ts";
import { exportConfiguration } from "./config-metrics.ts";
import type { Configuration } from "./control-state.ts";

const group = "gateway.networking.k8s.io";
const accepted: Condition = {
  type: "Accepted",
  status: "True",
  reason: "Accepted",
  message: "",
  observedGeneration: 1,
};

function configuration(parts: {
  readonly status?: CompiledStatus;
  readonly secrets?: ReadonlyMap<string, SecretMaterial>;
  readonly gateways?: Configuration["result"]["routing"]["gateways"];
}): Configuration {
  const result = {
    routing: { gateways: parts.gateways ?? [], clusters: {} },
    endpoints: {},
    secrets: new SecretTable(parts.secrets ?? new Map()),
    retained: new Map(),
    freshUntilMs: Number.POSITIVE_INFINITY,
    dataPlanes: [],
    status: parts.status ?? [],
    findings: [],
  };
  const report = { generation: 1, listeners: {}, addresses: {} };
  return { generation: 1, snapshot: createSnapshot([]), result, report, status: result.status, findings: [] };
}

async function withTelemetry(nowMs: () => number, use: (telemetry: ReturnType<typeof createTelemetry>) => void) {
  await using telemetry = createTelemetry({ version: "test", nowMs });
  use(telemetry);
}

type Family = Iterable<{ readonly labels: string; readonly value: number }>;
const rows = (family: { all(): Family }) => [...family.all()].map(({ labels, value }) => `${labels} ${value}`);

test("exportConfiguration: conditions of routes by parent, of Gateways, and of their listeners", async () => {
  const status: CompiledStatus = [
    {
      ref: { kind: "Gateway", group, namespace: "infra", name: "edge" },
      generation: 1,
      body: {
        shape: "gateway",
        conditions: [{ ...accepted, type: "Programmed", status: "False" }],
        listeners: [{ name: "http", supportedKinds: [], attachedRoutes: 3, conditions: [accepted] }],
        attachedListenerSets: 0,
        addresses: [],
      },
    },
    {
      ref: { kind: "HTTPRoute", group, namespace: "shop", name: "cart" },
      generation: 1,
      body: {
        shape: "route",
        parents: [
          { parentRef: { name: "edge", namespace: "infra", sectionName: "http", port: 80 }, conditions: [accepted] },
        ],
      },
    },
  ];
  await withTelemetry(Date.now, (telemetry) => {
    const { families } = telemetry.registry;
    exportConfiguration(telemetry, configuration({ status }));
    const route = 'namespace="shop",name="cart",parent="Gateway/infra/edge/http:80",type="Accepted"';
    assert.deepEqual(rows(families.gateway_api_httproute_conditions), [
      `${route},status="True" 1`,
      `${route},status="False" 0`,
      `${route},status="Unknown" 0`,
    ]);
    const gateway = 'namespace="infra",name="edge",parent="",type="Programmed"';
    assert.deepEqual(rows(families.gateway_api_gateway_conditions), [
      `${gateway},status="True" 0`,
      `${gateway},status="False" 1`,
      `${gateway},status="Unknown" 0`,
    ]);
    assert.match(
      rows(families.gateway_api_listener_conditions)[0] ?? "",
      /name="http",parent="Gateway\/infra\/edge".* 1$/,
    );
    assert.deepEqual(rows(families.gateway_api_listener_attached_routes), [
      'namespace="infra",name="http",parent="Gateway/infra/edge" 3',
    ]);
    exportConfiguration(telemetry, configuration({}));
    assert.deepEqual(rows(families.gateway_api_httproute_conditions), [], "a removed route has no conditions");
  });
});

test("exportConfiguration: findings by severity are there also when there are none", async () => {
  await withTelemetry(Date.now, (telemetry) => {
    exportConfiguration(telemetry, configuration({}));
    assert.deepEqual(rows(telemetry.registry.families.gateway_findings), [
      'severity="error" 0',
      'severity="warning" 0',
      'severity="info" 0',
    ]);
  });
});

test("exportConfiguration: the expiry of certificates in use; what cannot be read is left out", async () => {
  const nowMs = Date.UTC(2026, 0, 2);
  const certificate = makeSelfSigned(["edge.example.com"], nowMs).certificatePem;
  const secrets = new Map<string, SecretMaterial>([
    ["infra/edge", { kind: "certificate", chainPem: certificate, keyPem: "" }],
    ["infra/broken", { kind: "certificate", chainPem: "nonsense", keyPem: "" }],
    ["infra/ca", { kind: "ca", bundlePem: certificate }],
  ]);
  await withTelemetry(Date.now, (telemetry) => {
    exportConfiguration(telemetry, configuration({ secrets }));
    const [series, ...more] = telemetry.registry.families.gateway_certificate_expiry_timestamp_seconds.all();
    assert.equal(more.length, 0);
    assert.equal(series?.labels, 'secret="infra/edge"');
    const days = ((series?.value ?? 0) - nowMs / 1000) / 86_400;
    assert.ok(days > 29 && days < 31, `${days} days`);
  });
});

test("exportConfiguration: series of a removed route go, series of requests without a route stay with their gateway", async () => {
  const base: HttpSeriesLabels = {
    gateway_name: "edge",
    gateway_namespace: "infra",
    listener: "http",
    route_kind: "",
    route_namespace: "",
    route_name: "",
    rule: "",
    backend_name: "",
  };
  const route = (name: string) => ({ ...base, route_kind: "HTTPRoute", route_namespace: "shop", route_name: name });
  const from = { kind: "HTTPRoute", namespace: "shop", name: "cart", pointer: "" };
  const gateways = [
    {
      key: "infra/edge",
      namespace: "infra",
      name: "edge",
      from: { kind: "Gateway", namespace: "infra", name: "edge", pointer: "" },
      labels: {},
      addresses: [],
      listeners: [],
      httpRules: {
        "HTTPRoute/shop/cart/0": {
          key: "HTTPRoute/shop/cart/0",
          from,
          namespace: "shop",
          name: "cart",
          ruleIndex: 0,
          ruleName: "",
          routeKind: "HTTPRoute" as const,
          labels: {},
          filters: [],
          backends: [],
          timeouts: { requestMs: 0, backendRequestMs: 0, silence: "bounded" as const },
        },
      },
    },
  ];
  let now = 0;
  await withTelemetry(
    () => now,
    (telemetry) => {
      const gone = { ...base, gateway_name: "gone" };
      for (const labels of [base, route("cart"), route("pay"), gone]) {
        telemetry.httpSeries(labels).observe("GET", 200, 1, 1, 1, 1);
      }
      const names = () =>
        rows(telemetry.registry.families.gateway_http_requests_total).map(
          (text) => /gateway_name="([^"]*)".*route_name="([^"]*)"/.exec(text)?.slice(1).join("/") ?? "",
        );
      exportConfiguration(telemetry, configuration({ gateways }));
      assert.deepEqual(names(), ["edge/", "edge/cart", "edge/pay", "gone/"]);
      now = 5 * 60 * 1000;
      exportConfiguration(telemetry, configuration({ gateways }));
      assert.deepEqual(names(), ["edge/", "edge/cart"]);
    },
  );
});
