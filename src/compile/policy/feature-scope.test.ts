import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultOptions, gatewayContext, resourcesOf, yaml } from "../../../test/compile-case.ts";
import type { Resource } from "../../resource/kinds.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { createSecretReader } from "../tls/snapshot-secrets.ts";
import { settingsOf } from "./effective-policy.ts";
import { PolicyReferences } from "./feature-scope.ts";
import { traceSpec } from "./merge-specs.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

const objects = yaml(
  `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec: { rules: [{}] }`,
  `apiVersion: gateway.sluice.dev/v1alpha1
kind: SecurityPolicy
metadata: { name: p, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: cart }]
  basicAuth: { users: { name: users } }`,
  `apiVersion: v1
kind: Secret
metadata: { name: users, namespace: shop }
data: { .htpasswd: ${base64("ann:{SHA}x")} }`,
  `apiVersion: v1
kind: ConfigMap
metadata: { name: keys, namespace: shop }
data: { jwks: "{}" }`,
  `apiVersion: v1
kind: Secret
metadata: { name: users, namespace: elsewhere }
data: { .htpasswd: ${base64("eve:{SHA}x")} }`,
);

function start() {
  const resources = resourcesOf(objects);
  const policy = resources.find(({ kind }) => kind === "SecurityPolicy") as Resource<"SecurityPolicy">;
  const snapshot = createSnapshot(resources);
  const secrets = createSecretReader(snapshot, { retained: new Map(), nowMs: 0 });
  const traced = traceSpec(policy, settingsOf(policy));
  const references = new PolicyReferences(
    { snapshot, options: defaultOptions, secrets },
    gatewayContext,
    traced as never,
    resources.find(({ kind }) => kind === "HTTPRoute") as Resource<"HTTPRoute">,
  );
  return { secrets, scope: references.scope("/basicAuth"), told: () => references.collect().effects };
}

test("features: an entry of a Secret is named in the model, and its content is in the secret table alone", () => {
  const { scope, secrets, told } = start();
  const read = scope.readSecret({ name: "users" }, ".htpasswd", "/users");
  assert.equal(read?.bytes.toString(), "ann:{SHA}x");
  const table = secrets.table(new Set([read?.key ?? ""]));
  assert.deepEqual(table.get(read?.key ?? ""), { kind: "opaque", bytesBase64: base64("ann:{SHA}x") });
  assert.equal(JSON.stringify(table), JSON.stringify({ redacted: [read?.key] }));
  assert.deepEqual(told(), []);
});

test("features: what is missing or not permitted is told at the field of the policy that wrote it", () => {
  const { scope, told } = start();
  assert.equal(scope.readSecret({ name: "nobody" }, ".htpasswd", "/users"), undefined);
  assert.equal(scope.readSecret({ name: "users" }, "constructor", "/users"), undefined);
  assert.equal(scope.readSecret({ name: "users", namespace: "elsewhere" }, ".htpasswd", "/users"), undefined);
  assert.equal(scope.readConfigMap({ name: "keys" }, "jwks", "/users"), "{}");
  assert.equal(scope.readConfigMap({ name: "keys" }, "other", "/users"), undefined);
  const [effect] = told();
  assert.equal(effect?.role, "mistaken");
  assert.deepEqual(
    effect?.findings.map(({ name, pointer, message }) => `${name} ${pointer} ${message}`),
    [
      "policy-reference-unresolved /spec/basicAuth/users Secret shop/nobody does not exist.",
      "policy-reference-unresolved /spec/basicAuth/users Secret shop/users has no constructor.",
      'policy-reference-not-permitted /spec/basicAuth/users SecurityPolicy shop/p is not permitted to refer to Secret elsewhere/users: namespace "elsewhere" has no ReferenceGrant that permits it.',
      "policy-reference-unresolved /spec/basicAuth/users ConfigMap shop/keys has no other.",
    ],
  );
});
