import assert from "node:assert/strict";
import { echoBackend, peerBackend } from "../backends.ts";
import { type Feature, gatewayApi, type Scene } from "../feature.ts";
import { ask, askUntil, echoedHeader, echoOf, hasStatus } from "../gateway-request.ts";
import { authPort } from "../peer/http-auth.ts";

const host = "auth.example.test";
const admitted = { authorization: "let me in" };

async function isRefused(scene: Scene, path: string): Promise<void> {
  const address = await scene.address("edge");
  await askUntil({ address, host, path }, (answer) => {
    assert.equal(answer.status, 401);
    assert.equal(answer.body, "who are you?");
    assert.equal(answer.headers["www-authenticate"], "Basic");
  });
}

export const externalAuth: Feature = {
  name: "external-auth",
  manifest: `
${echoBackend("echo")}
---
${peerBackend("http-auth", "http-auth", [{ port: authPort }])}
---
${peerBackend("grpc-auth", "grpc-auth", [{ port: authPort, appProtocol: "kubernetes.io/h2c" }])}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: "@class", listeners: [{ name: http, protocol: HTTP, port: 80 }] }
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: guarded }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [${host}]
  rules:
    - matches: [{ path: { value: /http } }]
      filters:
        - type: ExternalAuth
          externalAuth:
            protocol: HTTP
            backendRef: { name: http-auth, port: ${authPort} }
            http: { path: /verify, allowedHeaders: [x-team], allowedResponseHeaders: [x-auth-user, x-auth-saw] }
      backendRefs: [{ name: echo, port: 8080 }]
    - matches: [{ path: { value: /grpc } }]
      filters:
        - type: ExternalAuth
          externalAuth: { protocol: GRPC, backendRef: { name: grpc-auth, port: ${authPort} }, grpc: {} }
      backendRefs: [{ name: echo, port: 8080 }]
    - matches: [{ path: { value: /open } }]
      backendRefs: [{ name: echo, port: 8080 }]
`,
  tests: {
    "a server over HTTP refuses with its own answer": (scene) => isRefused(scene, "/http"),

    "a server over HTTP admits, and tells the backend what it found": async (scene) => {
      const address = await scene.address("edge");
      const headers = { ...admitted, "x-team": "red", "x-auth-user": "root" };
      const answer = await askUntil({ address, host, path: "/http/a?b=c", headers }, hasStatus(200));
      const echo = echoOf(answer);
      assert.equal(echoedHeader(echo, "x-auth-user"), "ann");
      assert.equal(echoedHeader(echo, "x-auth-saw"), "GET /verify/http/a?b=c team=red");
    },

    "a server over gRPC refuses with its own answer": (scene) => isRefused(scene, "/grpc"),

    "a server over gRPC admits, and tells the backend what it found": async (scene) => {
      const address = await scene.address("edge");
      const answer = await askUntil({ address, host, path: "/grpc/a?b=c", headers: admitted }, hasStatus(200));
      const echo = echoOf(answer);
      assert.equal(echoedHeader(echo, "x-auth-user"), "ann");
      assert.equal(echoedHeader(echo, "x-auth-path"), "/grpc/a?b=c");
    },

    "rules without the filter are not asked about": async (scene) => {
      const address = await scene.address("edge");
      const echo = echoOf(await ask({ address, host, path: "/open" }));
      assert.equal(echoedHeader(echo, "x-auth-user"), undefined);
    },

    "a server that does not exist refuses everything, and the route says why": async (scene) => {
      const address = await scene.address("edge");
      await scene.apply(`
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: broken }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [broken.${host}]
  rules:
    - filters:
        - type: ExternalAuth
          externalAuth: { protocol: HTTP, backendRef: { name: absent, port: ${authPort} }, http: {} }
      backendRefs: [{ name: echo, port: 8080 }]
`);
      await scene.waitForConditions(scene.named("HTTPRoute", "broken"), [
        { type: "ResolvedRefs", status: "False", reason: "BackendNotFound" },
      ]);
      await askUntil({ address, host: `broken.${host}`, headers: admitted }, (answer) =>
        assert.ok(answer.status === 403 || answer.status === 500, `${answer.status}`),
      );
    },

    "a server that goes away refuses everything until it is back": async (scene) => {
      const address = await scene.address("edge");
      const server = scene.named("Deployment", "http-auth", "apps/v1");
      const request = { address, host, path: "/http", headers: admitted };
      await scene.cluster.merge(server, { spec: { replicas: 0 } });
      await askUntil(request, hasStatus(403));
      await scene.cluster.merge(server, { spec: { replicas: 1 } });
      await askUntil(request, hasStatus(200));
    },
  },
};
