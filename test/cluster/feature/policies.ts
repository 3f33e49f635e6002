import assert from "node:assert/strict";
import { hash } from "bcryptjs";
import { echoBackend } from "../backends.ts";
import { type Feature, gatewayApi, type Scene } from "../feature.ts";
import { ask, askUntil, echoedHeader, echoOf, hasStatus } from "../gateway-request.ts";

const host = "policy.example.test";
const own = "gateway.sluice.dev/v1alpha1";
const route = (sectionName: string) =>
  `targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: app, sectionName: ${sectionName} }]`;

/** Lowest cost that bcrypt has: the test is about where the password comes from. */
const cost = 4;

async function users(password: string): Promise<string> {
  return `
apiVersion: v1
kind: Secret
metadata: { name: users }
stringData: { .htpasswd: "ann:${await hash(password, cost)}" }
`;
}

const basic = (password: string) => ({ authorization: `Basic ${btoa(`ann:${password}`)}` });

/** Waits until each of these policies is accepted, for what it is attached to. */
async function accepted(scene: Scene, names: readonly (readonly [kind: string, name: string])[]): Promise<void> {
  for (const [kind, name] of names)
    await scene.waitForConditions(scene.named(kind, name, own), [{ type: "Accepted", status: "True" }]);
}

/** The policy kinds on proxies that the controller makes: what they refer to comes over the configuration stream. */
export const policies: Feature = {
  name: "policies",
  manifest: `
${echoBackend("echo")}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: "@class", listeners: [{ name: http, protocol: HTTP, port: 80 }] }
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [${host}]
  rules:
    - name: staff
      matches: [{ path: { value: /staff } }]
      backendRefs: [{ name: echo, port: 8080 }]
    - name: limited
      matches: [{ path: { value: /limited } }]
      backendRefs: [{ name: echo, port: 8080 }]
    - name: broken
      matches: [{ path: { value: /broken } }]
      backendRefs: [{ name: gone, port: 8080 }]
    - name: rewritten
      matches: [{ path: { value: /rewritten } }]
      filters: [{ type: ExtensionRef, extensionRef: { group: gateway.sluice.dev, kind: HTTPRouteFilter, name: items } }]
      backendRefs: [{ name: echo, port: 8080 }]
---
apiVersion: v1
kind: Service
metadata: { name: gone }
spec: { selector: { app: gone }, ports: [{ port: 8080 }] }
---
apiVersion: ${own}
kind: HTTPRouteFilter
metadata: { name: items }
spec:
  urlRewrite: { path: { type: ReplaceRegexMatch, replaceRegexMatch: { pattern: "^/rewritten/([0-9]+)$", substitution: "/items?id=\\\\1" } } }
---
apiVersion: ${own}
kind: SecurityPolicy
metadata: { name: staff }
spec:
  ${route("staff")}
  basicAuth: { users: { name: users }, forwardUsernameHeader: x-user }
---
apiVersion: ${own}
kind: BackendTrafficPolicy
metadata: { name: limited }
spec:
  ${route("limited")}
  rateLimit: { type: Local, local: { rules: [{ limit: { requests: 2, unit: Hour } }] } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: page }
data: { response.body: "We are mending it." }
---
apiVersion: ${own}
kind: BackendTrafficPolicy
metadata: { name: broken }
spec:
  ${route("broken")}
  responseOverride:
    - match: { statusCodes: [{ type: Value, value: 503 }] }
      response: { contentType: text/plain, body: { type: ValueRef, valueRef: { group: "", kind: ConfigMap, name: page } } }
---
apiVersion: ${own}
kind: ClientTrafficPolicy
metadata: { name: clients }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  headers: { lateResponseHeaders: { set: [{ name: x-edge, value: seen }] } }
`,
  tests: {
    "a password that a Secret holds is asked for, and a new one counts once it is there": async (scene) => {
      await scene.apply(await users("sesame"));
      const address = await scene.address("edge");
      await accepted(scene, [["SecurityPolicy", "staff"]]);
      const path = "/staff";
      await askUntil({ address, host, path }, hasStatus(401));
      const answer = await askUntil({ address, host, path, headers: basic("sesame") }, hasStatus(200));
      assert.equal(echoedHeader(echoOf(answer), "x-user"), "ann");
      await scene.apply(await users("another"));
      await askUntil({ address, host, path, headers: basic("another") }, hasStatus(200));
      await askUntil({ address, host, path, headers: basic("sesame") }, hasStatus(401));
    },

    "without the Secret nobody is let in, and the policy says why": async (scene) => {
      const address = await scene.address("edge");
      await scene.cluster.remove([scene.named("Secret", "users", "v1")]);
      await scene.eventually(async () =>
        assert.notEqual((await ask({ address, host, path: "/staff", headers: basic("another") })).status, 200),
      );
      const policy = await scene.waitForConditions(scene.named("SecurityPolicy", "staff", own), [
        { type: "ResolvedRefs", status: "False", reason: "RefNotFound" },
      ]);
      assert.match(JSON.stringify(policy["status"]), /Secret .*users/);
    },

    "a limit refuses what is above it": async (scene) => {
      const address = await scene.address("edge");
      await accepted(scene, [["BackendTrafficPolicy", "limited"]]);
      await askUntil({ address, host, path: "/limited" }, hasStatus(429));
      await askUntil({ address, host, path: "/rewritten/7" }, hasStatus(200));
    },

    "an answer of the gateway's own is replaced by what a ConfigMap holds": async (scene) => {
      const address = await scene.address("edge");
      await accepted(scene, [["BackendTrafficPolicy", "broken"]]);
      const answer = await askUntil({ address, host, path: "/broken" }, ({ body }) =>
        assert.equal(body, "We are mending it."),
      );
      assert.equal(answer.status, 503);
    },

    "an HTTPRouteFilter rewrites by pattern": async (scene) => {
      const address = await scene.address("edge");
      const answer = await askUntil({ address, host, path: "/rewritten/42" }, hasStatus(200));
      assert.equal(echoOf(answer).path, "/items?id=42");
    },

    "a policy of the Gateway holds for all its answers": async (scene) => {
      const address = await scene.address("edge");
      await accepted(scene, [["ClientTrafficPolicy", "clients"]]);
      for (const path of ["/rewritten/1", "/nowhere"]) {
        const { headers } = await ask({ address, host, path });
        assert.equal(headers["x-edge"], "seen", path);
      }
    },
  },
};
