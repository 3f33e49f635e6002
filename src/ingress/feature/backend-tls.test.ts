import assert from "node:assert/strict";
import { test } from "node:test";
import { resourcesOf } from "../../../test/compile-case.ts";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { backendTls } from "./backend-tls.ts";

const objects = resourcesOf(`
apiVersion: v1
kind: Secret
metadata: { name: both, namespace: shop }
data: { ca.crt: YQ==, tls.crt: YQ==, tls.key: YQ== }
---
apiVersion: v1
kind: Secret
metadata: { name: authorities, namespace: shop }
data: { ca.crt: YQ== }
---
apiVersion: v1
kind: Secret
metadata: { name: other, namespace: shop }
data: { password: YQ== }
---
apiVersion: v1
kind: Secret
metadata: { name: foreign, namespace: bank }
data: { ca.crt: YQ== }
`);

const read = (annotations: Readonly<Record<string, string>>, configMap: Readonly<Record<string, string>> = {}) =>
  readAnnotations(
    backendTls,
    Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`proxy-ssl-${name}`, value])),
    { objects, configMap },
  );

test("backendTls: nothing counts without a Secret", () => {
  assert.equal(read({ verify: "on", name: "a.test", "server-name": "on" }).setting, undefined);
});

test("backendTls: defaults, and all annotations", () => {
  const defaults = {
    secret: { namespace: "shop", name: "both" },
    hasAuthorities: true,
    hasCertificate: true,
    verify: false,
    depth: 1,
    name: "",
    tellsName: false,
    versions: ["TLSv1", "TLSv1.1", "TLSv1.2"],
    ciphers: "DEFAULT",
  };
  assert.deepEqual(read({ secret: "shop/both" }).setting, defaults);
  assert.deepEqual(
    read({
      secret: "shop/authorities",
      verify: "on",
      "verify-depth": "3",
      name: "backend.internal",
      "server-name": "on",
      protocols: "TLSv1.3 TLSv1.2",
      ciphers: "HIGH:!aNULL",
    }).setting,
    {
      secret: { namespace: "shop", name: "authorities" },
      hasAuthorities: true,
      hasCertificate: false,
      verify: true,
      depth: 3,
      name: "backend.internal",
      tellsName: true,
      versions: ["TLSv1.2", "TLSv1.3"],
      ciphers: "HIGH:!aNULL",
    },
  );
  const bad = {
    verify: "yes",
    "verify-depth": "deep",
    name: "a b;",
    "server-name": "1",
    protocols: "TLS",
    ciphers: "A;B",
  };
  const { setting, findings } = read({ secret: "shop/both", ...bad });
  assert.deepEqual(setting, defaults);
  assert.deepEqual(
    findings.map(({ name }) => name),
    Object.keys(bad).map(() => "ingress-annotation-invalid"),
  );
});

test("backendTls: verification without a name is told, since nothing can pass it", () => {
  const names = (annotations: Readonly<Record<string, string>>) => read(annotations).findings.map(({ name }) => name);
  assert.deepEqual(names({ secret: "shop/both", verify: "on" }), ["ingress-backend-name-missing"]);
  assert.deepEqual(names({ secret: "shop/both", verify: "on", name: "a.test" }), []);
});

test("backendTls: with a Secret that cannot be used nothing is let through", () => {
  for (const secret of ["shop", "shop/missing", "shop/other", "bank/foreign", "shop/both/x"]) {
    const { setting, denied } = read({ secret });
    assert.equal(setting, undefined, secret);
    assert.equal(denied?.name, "ingress-backend-secret-unusable", secret);
  }
  assert.equal(read({ secret: "bank/foreign" }, { "allow-cross-namespace-resources": "true" }).denied, undefined);
});
