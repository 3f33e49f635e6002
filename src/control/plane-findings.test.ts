import assert from "node:assert/strict";
import { test } from "node:test";
import type { CompileResult } from "../compile/contract.ts";
import { planeFindings } from "../finding/catalogue/plane.ts";
import { catalogue } from "../finding/catalogue.ts";
import { defaultListenerSettings } from "../ir/listener-settings.ts";
import type { ListenerReport } from "../ir/plane.ts";
import type { HttpListener } from "../ir/routing-model.ts";
import { SecretTable } from "../ir/secret-table.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { findPlaneFaults } from "./plane-findings.ts";

const listener: HttpListener = {
  key: "Gateway/infra/edge/http",
  name: "http",
  from: { kind: "Gateway", namespace: "infra", name: "edge", pointer: "/spec/listeners/0" },
  port: 80,
  hostname: "",
  settings: defaultListenerSettings,
  hash: "",
  protocol: "HTTP",
  filters: [],
  virtualHosts: [],
};

const result: CompileResult = {
  routing: {
    gateways: [
      {
        key: "infra/edge",
        namespace: "infra",
        name: "edge",
        from: { kind: "Gateway", namespace: "infra", name: "edge", pointer: "" },
        labels: {},
        addresses: [],
        listeners: [listener],
        httpRules: {},
      },
    ],
    clusters: {},
  },
  endpoints: {},
  secrets: new SecretTable(new Map()),
  retained: new Map(),
  freshUntilMs: Number.POSITIVE_INFINITY,
  dataPlanes: [],
  status: [],
  findings: [],
};

/** A snapshot whose objects all come from one file. */
const snapshot = {
  list: () => [],
  get: () => ({ origin: { file: "edge.yaml", at: () => ({ file: "edge.yaml", line: 7, column: 5 }) } }),
} as unknown as Snapshot;

const find = (report: ListenerReport, flags = ["--map-port", "--bind"]) =>
  findPlaneFaults({ generation: 1, listeners: { [listener.key]: report }, addresses: {} }, result, { snapshot, flags });

test("findPlaneFaults: a programmed listener gives no finding", () => {
  assert.deepEqual(find({ state: "programmed", address: "127.0.0.1", port: 80 }), []);
});

test("findPlaneFaults: each reason has its finding, with place and fix", () => {
  const rows: readonly (readonly [ListenerReport, string, RegExp])[] = [
    [{ state: "failed", message: "in use", code: "EADDRINUSE" }, "listener-port-in-use", /--map-port 80:8080/],
    [{ state: "failed", message: "no", code: "EACCES" }, "listener-port-forbidden", /--map-port 80:8080/],
    [{ state: "failed", message: "no 10.9.9.9", code: "EADDRNOTAVAIL" }, "listener-address-unavailable", /--bind/],
    [{ state: "failed", message: "too many open files", code: "EMFILE" }, "listener-failed", /message/],
  ];
  const ofListeners = Object.keys(planeFindings).filter((name) => name.startsWith("listener-"));
  assert.deepEqual(rows.map(([, name]) => name).sort(), ofListeners.sort(), "every row of listeners is produced");
  for (const [report, name, fix] of rows) {
    const [finding, ...more] = find(report);
    assert.equal(more.length, 0);
    assert.doesNotMatch(find(report, [])[0]?.fix ?? "", /--/, "where no flag can be given");
    assert.equal(finding?.name, name);
    assert.equal(finding?.code, catalogue[name as keyof typeof planeFindings].code);
    assert.deepEqual(finding?.object, {
      kind: "Gateway",
      group: "gateway.networking.k8s.io",
      namespace: "infra",
      name: "edge",
    });
    assert.equal(finding?.pointer, "/spec/listeners/0");
    assert.deepEqual(finding?.position, { file: "edge.yaml", line: 7, column: 5 });
    assert.match(finding?.message ?? "", /^Listener "http" /);
    assert.match(finding?.fix ?? "", fix);
  }
});
