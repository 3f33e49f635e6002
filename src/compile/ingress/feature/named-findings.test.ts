import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultOptions, resourcesOf } from "../../../../test/compile-case.ts";
import { makeCertificate } from "../../../../test/test-certificate.ts";
import { defaultIngressOptions } from "../../../ingress/ingress-options.ts";
import { createSnapshot } from "../../../store/create-snapshot.ts";
import { compile } from "../../compile.ts";

type Annotations = Readonly<Record<string, string>>;

const ingress = (name: string, annotations: Annotations) =>
  JSON.stringify({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name,
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value]),
      ),
    },
    spec: {
      ingressClassName: "nginx",
      tls: [{ hosts: ["shop.test"] }],
      rules: [
        {
          host: "shop.test",
          http: {
            paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
          },
        },
      ],
    },
  });

const secrets = [
  { name: "users", stringData: { auth: "ann:shop:0123456789abcdef0123456789abcdef" } },
  { name: "ca", stringData: { "ca.crt": makeCertificate({ authority: "yes" }).certPem } },
].map(({ name, stringData }) => JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name }, stringData }));

/** Of an Ingress with these annotations, or of a canary with them beside one without any. */
const findingsOf = (annotations: Annotations): readonly string[] => {
  const main = annotations["canary"] === undefined ? [] : [ingress("main", {})];
  const yaml = [...secrets, ...main, ingress("shop", annotations)].join("\n---\n");
  const options = { ...defaultOptions, ingress: { ...defaultIngressOptions, classes: ["nginx"] } };
  return compile(createSnapshot(resourcesOf(yaml)), options).findings.map(({ name }) => name);
};

/** What is not served of an annotation is named where it is written. */
const table: readonly (readonly [name: string, annotations: Annotations])[] = [
  [
    "ingress-canary-pattern-unusable",
    { canary: "true", "canary-by-header": "x-who", "canary-by-header-pattern": "(?=staff)" },
  ],
  ["ingress-digest-auth-unsupported", { "auth-type": "digest", "auth-secret": "users" }],
  ["ingress-certificate-error-page-unsupported", { "auth-tls-secret": "default/ca", "auth-tls-error-page": "/error" }],
  ["ingress-answer-rewrite-not-served", { "proxy-redirect-from": "~^http://a/", "proxy-redirect-to": "/" }],
  ["ingress-connection-header", { "connection-proxy-header": "keep-alive" }],
  [
    "ingress-variable-unknown",
    { "auth-url": "http://auth.test/", "auth-signin": "https://login.test/?from=$geoip_city" },
  ],
  ["ingress-suites-not-served", { "ssl-ciphers": "NO-SUCH-SUITE" }],
  ["ingress-protocol-fixed", { "backend-protocol": "AUTO_HTTP" }],
];

for (const [name, annotations] of table) {
  test(`${name} is told of ${JSON.stringify(annotations)}`, () => {
    const found = findingsOf(annotations);
    assert.ok(found.includes(name), found.join(", "));
  });
}
