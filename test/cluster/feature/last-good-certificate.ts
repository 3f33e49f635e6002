import assert from "node:assert/strict";
import { makeCertificate, tlsSecret } from "../../test-certificate.ts";
import { at, conditionsAt } from "../api-object.ts";
import { echoBackend } from "../backends.ts";
import { type Feature, gatewayApi, type Scene } from "../feature.ts";
import { ask, askUntil, type GatewayRequest, hasStatus } from "../gateway-request.ts";

const namespace = "last-good-certificate";
const host = "kept.example.test";
const authority = makeCertificate({ commonName: "kept", authority: "yes" });
const good = makeCertificate({ names: [host], issuer: authority });
const next = makeCertificate({ names: [host], issuer: authority });
/** Some turns of everything that runs periodically on the way. */
const whileMs = 3_000;

const secret = (crt: string, key: string) => tlsSecret("front", namespace, { crt, key });

async function request(scene: Scene): Promise<GatewayRequest> {
  return { address: await scene.address("edge"), host, tls: { ca: authority.certPem } };
}

/** Ports of the Service with their node ports, as clients outside know them. */
async function servicePorts(scene: Scene): Promise<readonly string[]> {
  const services = await scene.cluster.list(
    { apiVersion: "v1", kind: "Service", namespace },
    "gateway.networking.k8s.io/gateway-name=edge",
  );
  assert.equal(services.length, 1);
  const ports = (at(services[0], "spec", "ports") ?? []) as readonly {
    readonly port: number;
    readonly nodePort?: number;
  }[];
  return ports.map(({ port, nodePort }) => `${port} ${nodePort}`);
}

/** The listener says that its certificate is of no use and what serves meanwhile, and serves: to everyone, all the time. */
async function isKept(scene: Scene, reason: RegExp, ports: readonly string[]): Promise<void> {
  await scene.cluster.waitFor(
    scene.named("Gateway", "edge"),
    (gateway) => {
      const conditions = conditionsAt(gateway, "status", "listeners", 0, "conditions");
      const refs = conditions.find(({ type }) => type === "ResolvedRefs");
      const programmed = conditions.find(({ type }) => type === "Programmed");
      return refs?.status === "False" && reason.test(refs.message) && programmed?.status === "True";
    },
    { what: `without a certificate, and serving (${reason})` },
  );
  const asked = await request(scene);
  await scene.throughout(whileMs, async () => assert.equal((await ask(asked)).status, 200));
  assert.deepEqual(await servicePorts(scene), ports);
}

export const lastGoodCertificate: Feature = {
  name: namespace,
  shape: "in-cluster",
  manifest: `
${secret(good.certPem, good.keyPem)}
---
${echoBackend("echo")}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: "@class"
  listeners: [{ name: https, protocol: HTTPS, port: 443, tls: { certificateRefs: [{ name: front }] } }]
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [${host}]
  rules: [{ backendRefs: [{ name: echo, port: 8080 }] }]
`,
  tests: {
    "a certificate that breaks, no longer fits its key or is deleted serves on, and the Service keeps its ports":
      async (scene) => {
        await askUntil(() => request(scene), hasStatus(200));
        const ports = await servicePorts(scene);
        assert.equal(ports.length, 1);
        await scene.apply(secret("no certificate", good.keyPem));
        await isKept(scene, /not a PEM certificate.*previous certificate stays in use/, ports);
        await scene.apply(secret(good.certPem, next.keyPem));
        await isKept(scene, /previous certificate stays in use/, ports);
        await scene.cluster.remove([scene.named("Secret", "front", "v1")]);
        await isKept(scene, /does not exist.*previous certificate stays in use/, ports);
      },

    "a data plane that starts meanwhile is given the certificate too": async (scene) => {
      const pods = await scene.cluster.list(
        { apiVersion: "v1", kind: "Pod", namespace },
        "gateway.networking.k8s.io/gateway-name=edge",
      );
      assert.ok(pods.length > 0);
      await scene.cluster.remove(pods.map(({ metadata }) => scene.named("Pod", metadata.name, "v1")));
      await askUntil(() => request(scene), hasStatus(200));
    },

    "a good certificate in its place is served at once": async (scene) => {
      await scene.apply(secret(next.certPem, next.keyPem));
      await scene.waitForConditions(scene.named("Gateway", "edge"), [{ type: "Programmed", status: "True" }]);
      await askUntil(() => request(scene), hasStatus(200));
    },
  },
};
