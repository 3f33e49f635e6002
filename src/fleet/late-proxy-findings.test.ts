import assert from "node:assert/strict";
import { test } from "node:test";
import type { DataPlane } from "../infrastructure/data-plane.ts";
import { lateProxyFindings } from "./late-proxy-findings.ts";

const plane = {
  key: "infra/shared",
  namespace: "infra",
  gateways: [
    { object: { kind: "Gateway", group: "gateway.networking.k8s.io", namespace: "shop", name: "a" } },
    { object: { kind: "IngressClass", group: "networking.k8s.io", name: "nginx" } },
  ],
} as unknown as DataPlane;

test("lateProxyFindings: names the proxy on each Gateway that it should serve, and says how to replace it", () => {
  const findings = lateProxyFindings(
    [
      { dataPlane: "infra/shared", proxy: "shared-7" },
      { dataPlane: "gone/plane", proxy: "x" },
    ],
    new Map([[plane.key, plane]]),
  );
  assert.deepEqual(
    findings.map(({ name, object }) => [name, object.namespace, object.name]),
    [
      ["proxy-not-following", "shop", "a"],
      ["proxy-not-following", undefined, "nginx"],
    ],
  );
  assert.match(findings[0]?.message ?? "", /^Proxy shared-7 /);
  assert.match(findings[0]?.fix ?? "", /kubectl delete pod -n infra shared-7/);
});
