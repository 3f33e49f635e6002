import assert from "node:assert/strict";
import { makeCertificate, type TestCertificate, tlsSecret } from "../../test-certificate.ts";
import { type ApiObject, at } from "../api-object.ts";
import { tlsEchoBackend } from "../backends.ts";
import { type Feature, gatewayApi, type Scene } from "../feature.ts";
import { ask, askUntil, hasStatus } from "../gateway-request.ts";

const host = "bundle.example.test";
const namespace = "cluster-trust-bundle";
const backendName = "backend.example.test";
const authority = makeCertificate({ commonName: "backends", authority: "yes" });
const certificate = makeCertificate({ names: [backendName], issuer: authority });
const stranger = makeCertificate({ commonName: "strangers", authority: "yes" });
const front = makeCertificate({ names: [host], issuer: authority });
const clients = makeCertificate({ commonName: "clients", authority: "yes" });
const client = makeCertificate({ commonName: "ann", issuer: clients });
const intruder = makeCertificate({ commonName: "eve", issuer: stranger });

const bundle = (name: string, trusted: TestCertificate) =>
  JSON.stringify({
    ...{ apiVersion: "certificates.k8s.io/v1beta1", kind: "ClusterTrustBundle", metadata: { name } },
    spec: { trustBundle: trusted.certPem },
  });

const policyName = (scene: Scene) => scene.named("BackendTLSPolicy", "backend");

async function isUntrusted(scene: Scene): Promise<void> {
  await scene.waitForConditions(policyName(scene), [
    { type: "Accepted", status: "False", reason: "NoValidCACertificate" },
    { type: "ResolvedRefs", status: "False", reason: "InvalidCACertificateRef" },
  ]);
  await isRefused(scene);
}

async function isRefused(scene: Scene): Promise<void> {
  const address = await scene.address("edge");
  await askUntil({ address, host }, (answer) => assert.ok(answer.status >= 500, `${answer.status}`));
}

async function isServed(scene: Scene): Promise<void> {
  await askUntil({ address: await scene.address("edge"), host }, hasStatus(200));
}

export const clusterTrustBundle: Feature = {
  name: namespace,
  needs: { apiVersion: "certificates.k8s.io/v1beta1", kind: "ClusterTrustBundle" },
  manifest: `
${bundle("sluice-test-backends", authority)}
---
${bundle("sluice-test-clients", clients)}
---
${tlsSecret("backend", namespace, { crt: certificate.certPem, key: certificate.keyPem })}
---
${tlsSecret("front", namespace, { crt: front.certPem, key: front.keyPem })}
---
${tlsEchoBackend("backend", "backend")}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: "@class", listeners: [{ name: http, protocol: HTTP, port: 80 }] }
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: front }
spec:
  gatewayClassName: "@class"
  listeners: [{ name: https, protocol: HTTPS, port: 443, tls: { certificateRefs: [{ name: front }] } }]
  tls:
    frontend:
      default:
        validation:
          caCertificateRefs: [{ group: certificates.k8s.io, kind: ClusterTrustBundle, name: sluice-test-clients }]
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: edge }, { name: front }]
  hostnames: [${host}]
  rules: [{ backendRefs: [{ name: backend, port: 8443 }] }]
---
apiVersion: ${gatewayApi}
kind: BackendTLSPolicy
metadata: { name: backend }
spec:
  targetRefs: [{ group: "", kind: Service, name: backend }]
  validation:
    hostname: ${backendName}
    caCertificateRefs: [{ group: certificates.k8s.io, kind: ClusterTrustBundle, name: sluice-test-backends }]
`,
  tests: {
    "a bundle is trusted for a backend": async (scene) => {
      await scene.waitForConditions(policyName(scene), [{ type: "ResolvedRefs", status: "True" }]);
      await isServed(scene);
    },

    "a bundle that changes is trusted as it is now": async (scene) => {
      await scene.apply(bundle("sluice-test-backends", stranger));
      await isRefused(scene);
      await scene.apply(bundle("sluice-test-backends", authority));
      await isServed(scene);
    },

    "a bundle that is deleted is trusted no more, until it is made again": async (scene) => {
      await scene.cluster.remove([
        { apiVersion: "certificates.k8s.io/v1beta1", kind: "ClusterTrustBundle", name: "sluice-test-backends" },
      ]);
      await isUntrusted(scene);
      await scene.apply(bundle("sluice-test-backends", authority));
      await isServed(scene);
    },

    "a bundle that does not exist is an invalid reference": async (scene) => {
      const { caCertificateRefs } = at(await policy(scene), "spec", "validation") as { caCertificateRefs: ApiObject[] };
      const refs = (name: string) => ({
        spec: { validation: { caCertificateRefs: caCertificateRefs.map((ref) => ({ ...ref, name })) } },
      });
      await scene.cluster.merge(policyName(scene), refs("sluice-test-nobody"));
      await isUntrusted(scene);
      await scene.cluster.merge(policyName(scene), refs("sluice-test-backends"));
      await isServed(scene);
    },

    "clients are known by a bundle": async (scene) => {
      const request = { address: await scene.address("front"), host };
      const ca = authority.certPem;
      await askUntil({ ...request, tls: { ca, cert: client.certPem, key: client.keyPem } }, hasStatus(200));
      await assert.rejects(ask({ ...request, tls: { ca } }));
      await assert.rejects(ask({ ...request, tls: { ca, cert: intruder.certPem, key: intruder.keyPem } }));
    },
  },
  async cleanUp(scene) {
    const kind = { apiVersion: "certificates.k8s.io/v1beta1", kind: "ClusterTrustBundle" };
    await scene.cluster.remove([
      { ...kind, name: "sluice-test-backends" },
      { ...kind, name: "sluice-test-clients" },
    ]);
  },
};

async function policy(scene: Scene): Promise<ApiObject> {
  const found = await scene.cluster.find(policyName(scene));
  assert.ok(found);
  return found;
}
