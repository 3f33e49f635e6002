import assert from "node:assert/strict";
import { makeCertificate, tlsSecret } from "../../test-certificate.ts";
import { echoBackend, tlsEchoBackend } from "../backends.ts";
import { experimentalApi, type Feature, gatewayApi } from "../feature.ts";
import { askUntil, echoedHeader, echoOf, hasStatus } from "../gateway-request.ts";

const host = "xbackend.example.test";
const namespace = "xbackend-hostname";
/** A name that the cluster's DNS completes: nothing outside of the rig can be reached. */
const secureName = `secure.${namespace}.svc`;
const authority = makeCertificate({ commonName: "backends", authority: "yes" });
const certificate = makeCertificate({ names: [secureName], issuer: authority });
const stranger = makeCertificate({ commonName: "strangers", authority: "yes" });
const trust = (name: string, ca: string) =>
  JSON.stringify({
    ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name } },
    data: { "ca.crt": ca },
  });
const tls = (ca: string, hostname: string) =>
  `{ mode: ServerOnly, validation: { hostname: ${hostname}, caCertificateRefs: [{ group: "", kind: ConfigMap, name: ${ca} }] } }`;
const rule = (name: string) => `
    - matches: [{ path: { value: /${name} } }]
      backendRefs: [{ group: gateway.networking.x-k8s.io, kind: XBackend, name: ${name} }]`;
const xbackend = (name: string, spec: string) => `
apiVersion: ${experimentalApi}
kind: XBackend
metadata: { name: ${name} }
spec: ${spec}`;

export const xBackendHostname: Feature = {
  name: namespace,
  // The pods of a data plane have the cluster's DNS, which completes the names; a process beside the cluster has not.
  shape: "in-cluster",
  manifest: `
${echoBackend("echo")}
---
${tlsSecret("secure", namespace, { crt: certificate.certPem, key: certificate.keyPem })}
---
${tlsEchoBackend("secure", "secure")}
---
${trust("trusted", authority.certPem)}
---
${trust("stranger", stranger.certPem)}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: "@class", listeners: [{ name: http, protocol: HTTP, port: 80 }] }
---${xbackend("by-name", `{ type: ExternalHostname, externalHostname: { hostname: echo.${namespace}.svc }, port: { number: 8080 } }`)}
---${xbackend("secure", `{ type: ExternalHostname, externalHostname: { hostname: ${secureName} }, port: { number: 8443 }, tls: ${tls("trusted", secureName)} }`)}
---${xbackend("wrong-authority", `{ type: ExternalHostname, externalHostname: { hostname: ${secureName} }, port: { number: 8443 }, tls: ${tls("stranger", secureName)} }`)}
---${xbackend("wrong-name", `{ type: ExternalHostname, externalHostname: { hostname: ${secureName} }, port: { number: 8443 }, tls: ${tls("trusted", "other.example.test")} }`)}
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [${host}]
  rules:${["by-name", "secure", "wrong-authority", "wrong-name"].map(rule).join("")}
`,
  tests: {
    "a host name outside is resolved and reached": async (scene) => {
      const address = await scene.address("edge");
      const echo = echoOf(await askUntil({ address, host, path: "/by-name" }, hasStatus(200)));
      assert.equal(echo.service, "echo");
    },

    "TLS is spoken with a backend that proves its name": async (scene) => {
      const address = await scene.address("edge");
      const echo = echoOf(await askUntil({ address, host, path: "/secure" }, hasStatus(200)));
      assert.equal(echo.tls?.serverName, secureName);
      assert.equal(echoedHeader(echo, "x-forwarded-host"), host);
    },

    "a backend of another authority, or of another name, gets nothing": async (scene) => {
      const address = await scene.address("edge");
      for (const path of ["/wrong-authority", "/wrong-name"]) {
        await askUntil({ address, host, path }, (answer) =>
          assert.ok(answer.status >= 500, `${path} ${answer.status}`),
        );
      }
    },
  },
};
