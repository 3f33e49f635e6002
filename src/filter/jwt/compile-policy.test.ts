import assert from "node:assert/strict";
import { test } from "node:test";
import { brief, defaultOptions, resourcesOf, service, yaml } from "../../../test/compile-case.ts";
import { compile } from "../../compile/compile.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";

const world = [
  `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: ours }
spec: { controllerName: example.com/gateway }`,
  `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  gatewayClassName: ours
  listeners: [{ name: web, port: 80, protocol: HTTP }]`,
  `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: api, port: 80 }] }]`,
  service("api"),
];

/** What a provider with these settings comes to. */
function run(provider: string) {
  const policy = `apiVersion: gateway.sluice.dev/v1alpha1
kind: SecurityPolicy
metadata: { name: p, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: cart }]
  jwt: { providers: [{ name: login, ${provider} }] }`;
  const { routing, endpoints, findings } = compile(createSnapshot(resourcesOf(yaml(...world, policy))), defaultOptions);
  const filter = Object.values(routing.gateways[0]?.httpRules ?? {})[0]?.filters[0]?.filter;
  const made = filter?.kind === "jwt" ? filter.providers[0] : undefined;
  return {
    made,
    endpoints,
    clusters: routing.clusters,
    findings: brief(findings).filter((text) => text.startsWith("jwt")),
  };
}

const remote = (uri: string, more = "") => run(`remoteJWKS: { uri: "${uri}"${more} }`);

test("remoteJWKS: the host of the URI is reached and verified by its name", () => {
  const { made, clusters, endpoints, findings } = remote("https://Login.example.com/keys?v=1#x");
  assert.deepEqual(made?.keys, {
    kind: "remote",
    clusters: ["Host/login.example.com:443|tls=system"],
    host: "login.example.com",
    target: "/keys?v=1",
    cacheMs: 300_000,
    failedRefetchMs: 1_000,
  });
  assert.deepEqual(clusters["Host/login.example.com:443|tls=system"]?.tls, {
    hostname: "login.example.com",
    ca: [{ kind: "system" }],
    subjectAltNames: [],
  });
  assert.deepEqual(endpoints["Host/login.example.com:443"], [{ address: "login.example.com", port: 443 }]);
  assert.deepEqual(findings, []);
});

test("remoteJWKS: addresses and ports", () => {
  const { endpoints, findings } = remote("http://[2001:db8::1]:8080/");
  assert.deepEqual(endpoints["Host/2001:db8::1:8080"], [{ address: "2001:db8::1", port: 8080 }]);
  assert.deepEqual(findings, ["jwt-keys-clear /spec/jwt/providers/0/remoteJWKS/uri"]);
});

test("remoteJWKS: a URI that cannot be fetched from leaves no keys", () => {
  for (const uri of [
    "login",
    "ftp://login.example.com/",
    "https://user:pass@login.example.com/",
    "https://192.0.2.1/",
  ]) {
    const { made, findings } = remote(uri);
    assert.deepEqual(made?.keys.kind === "remote" ? made.keys.clusters : undefined, [], uri);
    assert.deepEqual(findings, ["jwt-keys-uri-unusable /spec/jwt/providers/0/remoteJWKS/uri"], uri);
  }
  const behind = remote("https://192.0.2.1/keys", ", backendRefs: [{ name: api, port: 80 }]");
  assert.deepEqual(behind.made?.keys.kind === "remote" ? behind.made.keys.clusters : undefined, ["shop/api:80"]);
});

test("jwt: tokens stand where RFC 6750 says, unless the policy names places", () => {
  const uri = 'remoteJWKS: { uri: "https://login.example.com/" }';
  assert.deepEqual(run(uri).made?.headers, [{ name: "authorization", valuePrefix: "Bearer " }]);
  assert.deepEqual(run(uri).made?.params, ["access_token"]);
  const { made } = run(`${uri}, extractFrom: { headers: [{ name: X-Token, valuePrefix: "T " }] }`);
  assert.deepEqual([made?.headers, made?.params, made?.cookies], [[{ name: "x-token", valuePrefix: "T " }], [], []]);
});
