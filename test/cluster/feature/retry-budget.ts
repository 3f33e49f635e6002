import assert from "node:assert/strict";
import { peerBackend } from "../backends.ts";
import { experimentalApi, type Feature, gatewayApi, type Scene } from "../feature.ts";
import { ask, askUntil, hasStatus } from "../gateway-request.ts";
import { unavailablePort } from "../peer/unavailable.ts";
import { dataPlaneProcesses } from "../pod-process.ts";

const host = "budget.example.test";
const requests = 10;
/** Retries that the policy allows to a gateway process within the hour. */
const budget = 3;

/** How often a backend was asked for a path, by its own count. */
async function countOf(scene: Scene, service: string, path: string): Promise<number> {
  const address = await scene.address("edge");
  const answer = await ask({ address, host, path: `/${service}-count?path=${path}` });
  assert.equal(answer.status, 200, answer.body);
  return Number(answer.body);
}

const rules = (service: string) => `
    - matches: [{ path: { value: /${service}-count } }]
      filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath, replaceFullPath: /count } } }]
      backendRefs: [{ name: ${service}, port: ${unavailablePort} }]
    - matches: [{ path: { value: /${service} } }]
      retry: { attempts: 1, codes: [503], backoff: 1ms }
      backendRefs: [{ name: ${service}, port: ${unavailablePort} }]`;

export const retryBudget: Feature = {
  name: "retry-budget",
  manifest: `
${peerBackend("bounded", "unavailable", [{ port: unavailablePort }])}
---
${peerBackend("free", "unavailable", [{ port: unavailablePort }])}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: "@class", listeners: [{ name: http, protocol: HTTP, port: 80 }] }
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: retried }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [${host}]
  rules:${rules("bounded")}${rules("free")}
---
apiVersion: ${experimentalApi}
kind: XBackendTrafficPolicy
metadata: { name: bounded }
spec:
  targetRefs: [{ group: "", kind: Service, name: bounded }]
  retryConstraint: { budget: { percent: 0, interval: 1h }, minRetryRate: { count: ${budget}, interval: 1h } }
`,
  tests: {
    "without a policy every request is tried again": async (scene) => {
      const address = await scene.address("edge");
      await askUntil({ address, host, path: "/free/ready" }, hasStatus(503));
      for (let i = 0; i < requests; i++) await ask({ address, host, path: "/free/x" });
      assert.equal(await countOf(scene, "free", "/free/x"), 2 * requests);
    },

    "a policy bounds the retries to a backend": async (scene) => {
      const address = await scene.address("edge");
      for (let i = 0; i < requests; i++) await ask({ address, host, path: "/bounded/x" });
      const retries = (await countOf(scene, "bounded", "/bounded/x")) - requests;
      const pods = await dataPlaneProcesses(scene.cluster, { namespace: scene.namespace, name: "edge" });
      assert.ok(retries >= budget && retries <= budget * Math.max(1, pods.length), `${retries} retries`);
    },

    "a policy that is deleted bounds nothing any more": async (scene) => {
      const address = await scene.address("edge");
      await scene.cluster.remove([scene.named("XBackendTrafficPolicy", "bounded", experimentalApi)]);
      let round = 0;
      await scene.eventually(async () => {
        const path = `/bounded/${round++}`;
        for (let i = 0; i < requests; i++) await ask({ address, host, path });
        assert.equal(await countOf(scene, "bounded", path), 2 * requests);
      });
    },
  },
};
