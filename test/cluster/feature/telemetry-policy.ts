import assert from "node:assert/strict";
import { echoBackend, peerBackend } from "../backends.ts";
import { experimentalApi, type Feature, gatewayApi, type Scene } from "../feature.ts";
import { ask, askUntil, echoedHeader, echoOf, hasStatus } from "../gateway-request.ts";
import { type CollectedSpan, collectorPorts } from "../peer/collector.ts";

const host = "traced.example.test";
const gateway = (name: string) => `
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: ${name} }
spec: { gatewayClassName: "@class", listeners: [{ name: http, protocol: HTTP, port: 80 }] }`;
const policy = (name: string, target: string, tracing: string) => `
apiVersion: ${experimentalApi}
kind: XTelemetryPolicy
metadata: { name: ${name} }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: ${target} }]
  tracing: ${tracing}`;

/** What the collector has got of a trace. */
async function spansOf(scene: Scene, traceId: string): Promise<readonly CollectedSpan[]> {
  const answer = await ask({ address: await scene.address("over-http"), host: `told.${host}` });
  assert.equal(answer.status, 200);
  return (JSON.parse(answer.body) as CollectedSpan[]).filter((span) => span.traceId === traceId);
}

/** Sends a request through a Gateway and gives the id of its trace, as the backend saw it. */
async function trace(scene: Scene, name: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const address = await scene.address(name);
  const answer = await askUntil({ address, host, path: "/cart/1", headers }, hasStatus(200));
  return echoedHeader(echoOf(answer), "traceparent")?.split("-")[1] ?? "";
}

export const telemetryPolicy: Feature = {
  name: "telemetry-policy",
  manifest: `
${echoBackend("echo")}
---
${peerBackend("collector", "collector", [
  { port: collectorPorts.told },
  { port: collectorPorts.http },
  { port: collectorPorts.grpc },
])}
---${gateway("over-http")}
---${gateway("over-grpc")}
---${gateway("sampled")}
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: over-http }, { name: over-grpc }, { name: sampled }]
  hostnames: [${host}]
  rules: [{ matches: [{ path: { value: /cart } }], backendRefs: [{ name: echo, port: 8080 }] }]
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: told }
spec:
  parentRefs: [{ name: over-http }]
  hostnames: [told.${host}]
  rules: [{ backendRefs: [{ name: collector, port: ${collectorPorts.told} }] }]
---${policy(
    "over-http",
    "over-http",
    `{ mode: Enabled, provider: { backendRef: { name: collector, port: ${collectorPorts.http} }, headers: [{ name: x-tenant, value: shop }] }, serviceName: edge, attributes: [{ name: stage, sourceType: Literal, literalValue: live }, { name: user, sourceType: Header, headerName: x-user }] }`,
  )}
---${policy(
    "over-grpc",
    "over-grpc",
    `{ mode: Enabled, provider: { backendRef: { name: collector, port: ${collectorPorts.grpc} } }, spanName: through }`,
  )}
---${policy(
    "sampled",
    "sampled",
    `{ mode: Enabled, provider: { backendRef: { name: collector, port: ${collectorPorts.http} } }, samplingRate: { numerator: 0 }, parentBasedSampling: { mode: Enabled, samplingRate: { numerator: 100 } } }`,
  )}
`,
  tests: {
    "spans come to a collector over HTTP, with what the policy puts on them": async (scene) => {
      const traceId = await trace(scene, "over-http", { "x-user": "ann" });
      await scene.eventually(async () => {
        const spans = await spansOf(scene, traceId);
        const server = spans.find(({ name }) => name === "GET /cart");
        assert.ok(server, JSON.stringify(spans));
        assert.equal(spans.length, 2);
        assert.equal(server.over, "http");
        assert.equal(server.service, "edge");
        assert.equal(server.tenant, "shop");
        assert.equal(server.attributes["stage"], "live");
        assert.equal(server.attributes["user"], "ann");
        assert.equal(server.attributes["url.path"], "/cart/1");
      });
    },

    "spans come to a collector over gRPC": async (scene) => {
      const traceId = await trace(scene, "over-grpc");
      await scene.eventually(async () => {
        const server = (await spansOf(scene, traceId)).find(({ name }) => name === "through");
        assert.equal(server?.over, "grpc");
        assert.equal(server.service, `${scene.namespace}/over-grpc`);
      });
    },

    "only what the caller samples is recorded where the policy samples nothing else": async (scene) => {
      const sampled = "0af7651916cd43dd8448eb211c80319c";
      const unsampled = await trace(scene, "sampled");
      await trace(scene, "sampled", { traceparent: `00-${sampled}-b7ad6b7169203331-01` });
      await scene.eventually(async () => assert.ok((await spansOf(scene, sampled)).length >= 2));
      assert.deepEqual(await spansOf(scene, unsampled), []);
    },

    "the policy says where it is in force, and a later one for the same Gateway that it is not": async (scene) => {
      const first = scene.named("XTelemetryPolicy", "over-grpc", experimentalApi);
      const late = scene.named("XTelemetryPolicy", "too-late", experimentalApi);
      await scene.waitForConditions(first, [{ type: "Accepted", status: "True", reason: "Accepted" }]);
      await scene.apply(policy("too-late", "over-grpc", "{ mode: Disabled }"));
      await scene.waitForConditions(late, [{ type: "Accepted", status: "False", reason: "Conflicted" }]);
      await scene.cluster.remove([late]);
    },
  },
};
