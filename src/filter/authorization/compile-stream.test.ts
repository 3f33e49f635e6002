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
  listeners: [{ name: db, port: 5432, protocol: TCP }, { name: dns, port: 53, protocol: UDP }]`,
  `apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: { name: db, namespace: shop }
spec:
  parentRefs: [{ name: edge, sectionName: db }]
  rules: [{ backendRefs: [{ name: api, port: 80 }] }]`,
  `apiVersion: gateway.networking.k8s.io/v1alpha2
kind: UDPRoute
metadata: { name: dns, namespace: shop }
spec:
  parentRefs: [{ name: edge, sectionName: dns }]
  rules: [{ backendRefs: [{ name: names, port: 53 }] }]`,
  service("api"),
  `apiVersion: v1
kind: Service
metadata: { name: names, namespace: shop }
spec: { ports: [{ port: 53, protocol: UDP }] }`,
];

function run(target: string, spec: string) {
  const policy = `apiVersion: gateway.sluice.dev/v1alpha1
kind: SecurityPolicy
metadata: { name: p, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, ${target} }]
${spec}`;
  const result = compile(createSnapshot(resourcesOf(yaml(...world, policy))), defaultOptions);
  const ruleOf = (protocol: "TCP" | "UDP") => {
    const listeners = result.routing.gateways[0]?.listeners ?? [];
    const listener = listeners.find((one) => one.protocol === protocol);
    return listener?.protocol === "TCP" || listener?.protocol === "UDP" ? listener.rule : undefined;
  };
  const targets = [ruleOf("TCP"), ruleOf("UDP")].map((rule) => rule?.backends[0]?.target.kind);
  return { admission: ruleOf("TCP")?.admission, targets, findings: brief(result.findings) };
}

const tcp = "kind: TCPRoute, name: db";
const gateway = "kind: Gateway, name: edge";

test("SecurityPolicy on a TCPRoute: authorization by networks", () => {
  const { admission, targets } = run(
    tcp,
    `  authorization:
    defaultAction: Allow
    rules: [{ action: Deny, principal: { clientCIDRs: [10.1.2.3/8] } }]`,
  );
  assert.deepEqual(admission, { rules: [{ action: "deny", clientCidrs: ["10.0.0.0/8"] }], defaultAction: "allow" });
  assert.deepEqual(targets, ["cluster", "cluster"]);
});

test("SecurityPolicy on streams: what is about requests keeps everybody out, at a finding", () => {
  const jwt = `  jwt: { providers: [{ name: a, remoteJWKS: { uri: "https://a.example.com/" } }] }`;
  const byPath = "  authorization: { rules: [{ action: Allow, operation: { path: { value: /a } } }] }";
  const unusable = "  authorization: { rules: [{ action: Allow, principal: { clientCIDRs: [nowhere] } }] }";
  for (const [spec, finding] of [
    [jwt, "policy-not-for-streams /spec/jwt"],
    [byPath, "policy-not-for-streams /spec/authorization/rules/0"],
    [unusable, "authorization-rule-unusable /spec/authorization/rules/0/principal/clientCIDRs/0"],
  ] as const) {
    const { admission, targets, findings } = run(tcp, spec);
    assert.equal(admission, undefined);
    assert.deepEqual(targets, ["invalid", "cluster"]);
    assert.ok(findings.includes(finding), findings.join("\n"));
  }
  assert.deepEqual(run(gateway, jwt).targets, ["invalid", "invalid"]);
});

test("SecurityPolicy of a Gateway: networks are kept for connections, and datagrams have no address that could be", () => {
  const { admission, targets, findings } = run(
    gateway,
    "  authorization: { rules: [{ action: Allow, principal: { clientCIDRs: [10.0.0.0/8] } }] }",
  );
  assert.equal(admission?.defaultAction, "deny");
  assert.deepEqual(targets, ["cluster", "invalid"]);
  assert.ok(findings.includes("policy-not-for-streams /spec/authorization"), findings.join("\n"));
  assert.deepEqual(run(gateway, "  cors: { allowOrigins: ['*'] }").targets, ["cluster", "cluster"]);
});
