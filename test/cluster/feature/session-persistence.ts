import assert from "node:assert/strict";
import { echoBackend } from "../backends.ts";
import { experimentalApi, type Feature, gatewayApi, type Scene } from "../feature.ts";
import { ask, askUntil, echoOf, type GatewayAnswer, hasStatus } from "../gateway-request.ts";

const host = "session.example.test";
/** Enough that a client without a session, sent to any of three endpoints, sees more than one. */
const manyAsks = 20;

/** `name=value` of the cookie that an answer sets. */
function pairOf({ headers }: GatewayAnswer): string {
  return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

async function podsSeen(scene: Scene, path: string, headers: Readonly<Record<string, string>>): Promise<Set<string>> {
  const address = await scene.address("edge");
  const pods = new Set<string>();
  for (let i = 0; i < manyAsks; i++) pods.add(echoOf(await ask({ address, host, path, headers })).pod);
  return pods;
}

/** A client with a session stays with its endpoint, one without does not. */
async function staysByCookie(scene: Scene, path: string, cookie: RegExp): Promise<void> {
  const address = await scene.address("edge");
  const first = await askUntil({ address, host, path }, (answer) => {
    hasStatus(200)(answer);
    assert.match(pairOf(answer), cookie);
  });
  assert.deepEqual(await podsSeen(scene, path, { cookie: pairOf(first) }), new Set([echoOf(first).pod]));
  assert.ok((await podsSeen(scene, path, {})).size > 1, "clients without a session all came to one endpoint");
}

export const sessionPersistence: Feature = {
  name: "session-persistence",
  manifest: `
${echoBackend("echo", { replicas: 3 })}
---
${echoBackend("by-policy", { replicas: 3 })}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: "@class", listeners: [{ name: http, protocol: HTTP, port: 80 }] }
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: sessions }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [${host}]
  rules:
    - matches: [{ path: { value: /cookie } }]
      sessionPersistence: { type: Cookie, cookie: { name: at } }
      backendRefs: [{ name: echo, port: 8080 }]
    - matches: [{ path: { value: /permanent } }]
      sessionPersistence: { type: Cookie, absoluteTimeout: 2h, cookie: { name: long, lifetimeType: Permanent } }
      backendRefs: [{ name: echo, port: 8080 }]
    - matches: [{ path: { value: /short } }]
      sessionPersistence: { type: Cookie, absoluteTimeout: 3s, cookie: { name: short } }
      backendRefs: [{ name: echo, port: 8080 }]
    - matches: [{ path: { value: /header } }]
      sessionPersistence: { type: Header, header: { name: x-session } }
      backendRefs: [{ name: echo, port: 8080 }]
    - matches: [{ path: { value: /policy } }]
      backendRefs: [{ name: by-policy, port: 8080 }]
---
apiVersion: ${experimentalApi}
kind: XBackendTrafficPolicy
metadata: { name: by-policy }
spec:
  targetRefs: [{ group: "", kind: Service, name: by-policy }]
  sessionPersistence: { type: Cookie, cookie: { name: policy } }
`,
  tests: {
    "a cookie of the rule keeps a client with one endpoint": (scene) => staysByCookie(scene, "/cookie", /^at=./),

    "a cookie of an XBackendTrafficPolicy keeps a client with one endpoint": (scene) =>
      staysByCookie(scene, "/policy", /^policy=./),

    "a header keeps a client with one endpoint": async (scene) => {
      const address = await scene.address("edge");
      const first = await askUntil({ address, host, path: "/header" }, (answer) => {
        hasStatus(200)(answer);
        assert.ok(answer.headers["x-session"], "no header x-session");
      });
      const session = { "x-session": String(first.headers["x-session"]) };
      assert.deepEqual(await podsSeen(scene, "/header", session), new Set([echoOf(first).pod]));
    },

    "a permanent cookie tells the client how long it lasts": async (scene) => {
      const address = await scene.address("edge");
      await askUntil({ address, host, path: "/permanent" }, (answer) =>
        assert.match(answer.headers["set-cookie"]?.[0] ?? "", /^long=.*Max-Age=7200/),
      );
    },

    "a session is over after its absolute timeout": async (scene) => {
      const address = await scene.address("edge");
      const first = await askUntil({ address, host, path: "/short" }, (answer) =>
        assert.match(pairOf(answer), /^short=/),
      );
      const again = { address, host, path: "/short", headers: { cookie: pairOf(first) } };
      assert.equal(pairOf(await ask(again)), "");
      await scene.eventually(async () => assert.match(pairOf(await ask(again)), /^short=/));
    },

    "a client moves when its endpoint is gone, and stays where it came to": async (scene) => {
      const address = await scene.address("edge");
      const first = await ask({ address, host, path: "/cookie" });
      const { pod } = echoOf(first);
      await scene.cluster.remove([scene.named("Pod", pod, "v1")]);
      let moved = first;
      await scene.eventually(async () => {
        moved = await ask({ address, host, path: "/cookie", headers: { cookie: pairOf(first) } });
        assert.notEqual(echoOf(moved).pod, pod);
        assert.match(pairOf(moved), /^at=./);
      });
      assert.deepEqual(await podsSeen(scene, "/cookie", { cookie: pairOf(moved) }), new Set([echoOf(moved).pod]));
    },
  },
};
