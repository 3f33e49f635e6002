import assert from "node:assert/strict";
import { echoBackend, peerBackend } from "../backends.ts";
import { type Feature, gatewayApi } from "../feature.ts";
import { askUntil, echoedHeader, echoOf, hasStatus } from "../gateway-request.ts";
import { authPort } from "../peer/http-auth.ts";

const host = "listener.example.test";
const admitted = { authorization: "let me in" };
const filters = `{ requests: [{ type: ExternalAuth, externalAuth: { protocol: HTTP, backendRef: { name: http-auth, port: ${authPort} }, http: { allowedResponseHeaders: [x-auth-user] } } }] }`;

export const listenerFilters: Feature = {
  name: "listener-filters",
  manifest: `
${echoBackend("echo")}
---
${peerBackend("http-auth", "http-auth", [{ port: authPort }])}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: "@class"
  allowedListeners: { namespaces: { from: Same } }
  listeners:
    - { name: guarded, protocol: HTTP, port: 80, filters: ${filters} }
    - { name: open, protocol: HTTP, port: 8080 }
---
apiVersion: ${gatewayApi}
kind: ListenerSet
metadata: { name: more }
spec:
  parentRef: { name: edge }
  listeners:
    - { name: guarded, protocol: HTTP, port: 8081, filters: ${filters} }
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: edge }, { name: more, kind: ListenerSet, group: gateway.networking.k8s.io }]
  hostnames: [${host}]
  rules:
    - matches: [{ path: { value: /app } }]
      backendRefs: [{ name: echo, port: 8080 }]
`,
  tests: {
    "a filter of the listener refuses before a route is looked for": async (scene) => {
      const address = await scene.address("edge");
      await askUntil({ address, host, path: "/app" }, hasStatus(401));
      await askUntil({ address, host: "nobody.example.test", path: "/" }, hasStatus(401));
    },

    "what it admits is routed, with what it found": async (scene) => {
      const address = await scene.address("edge");
      const answer = await askUntil({ address, host, path: "/app", headers: admitted }, hasStatus(200));
      assert.equal(echoedHeader(echoOf(answer), "x-auth-user"), "ann");
      await askUntil({ address, host, path: "/nowhere", headers: admitted }, hasStatus(404));
    },

    "another listener of the Gateway is not touched": async (scene) => {
      const address = await scene.address("edge");
      await askUntil({ address, port: 8080, host, path: "/app" }, hasStatus(200));
    },

    "a listener of a ListenerSet has filters of its own": async (scene) => {
      const address = await scene.address("edge");
      await askUntil({ address, port: 8081, host, path: "/app" }, hasStatus(401));
      await askUntil({ address, port: 8081, host, path: "/app", headers: admitted }, hasStatus(200));
    },
  },
};
