import assert from "node:assert/strict";
import { echoBackend } from "../backends.ts";
import { experimentalApi, type Feature, gatewayApi } from "../feature.ts";
import { ask, askUntil, echoOf, hasStatus } from "../gateway-request.ts";

const host = "xbackend.example.test";
const xbackend = (name: string, more = "") => `
apiVersion: ${experimentalApi}
kind: XBackend
metadata: { name: ${name} }
spec:
  type: EndpointSelector
  endpointSelector: { matchLabels: { app: echo } }
  port: { number: 3000 }
${more}`;
const rule = (name: string) => `
    - matches: [{ path: { value: /${name} } }]
      backendRefs: [{ group: gateway.networking.x-k8s.io, kind: XBackend, name: ${name} }]`;

export const xBackend: Feature = {
  name: "xbackend",
  manifest: `
${echoBackend("echo", { replicas: 2 })}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: "@class", listeners: [{ name: http, protocol: HTTP, port: 80 }] }
---${xbackend("plain")}
---${xbackend("sticky", "  sessionPersistence: { type: Header, header: { name: x-session } }")}
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [${host}]
  rules:${["plain", "sticky"].map(rule).join("")}
`,
  tests: {
    "endpoints are chosen by label, and those that come are used": async (scene) => {
      const address = await scene.address("edge");
      const seen = async (): Promise<number> => {
        const pods = new Set<string>();
        for (let i = 0; i < 20; i++) pods.add(echoOf(await ask({ address, host, path: "/plain" })).pod);
        return pods.size;
      };
      await scene.eventually(async () => assert.equal(await seen(), 2));
      await scene.cluster.merge(scene.named("Deployment", "echo", "apps/v1"), { spec: { replicas: 3 } });
      await scene.eventually(async () => assert.equal(await seen(), 3));
    },

    "it has session persistence of its own": async (scene) => {
      const address = await scene.address("edge");
      const first = await askUntil({ address, host, path: "/sticky" }, hasStatus(200));
      const headers = { "x-session": String(first.headers["x-session"] ?? "") };
      for (let i = 0; i < 10; i++) {
        assert.equal(echoOf(await ask({ address, host, path: "/sticky", headers })).pod, echoOf(first).pod);
      }
    },

    "it says whether it is accepted": async (scene) => {
      await scene.waitForConditions(scene.named("XBackend", "plain", experimentalApi), [
        { type: "Accepted", status: "True" },
      ]);
    },

    "a Service that it names by label and that goes leaves nothing to send to": async (scene) => {
      const address = await scene.address("edge");
      await scene.cluster.remove([scene.named("Service", "echo", "v1")]);
      await askUntil({ address, host, path: "/plain" }, hasStatus(503));
    },
  },
};
