import assert from "node:assert/strict";
import { test } from "node:test";
import { validateObject } from "../validate-object.ts";

const backend = { service: { name: "web", port: { number: 80 } } };

function judge(spec: unknown) {
  return validateObject({ apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: { name: "shop" }, spec });
}

const withPath = (path: unknown) => ({ rules: [{ host: "shop.test", http: { paths: [path] } }] });

test("an Ingress has the API server's defaults", () => {
  const { resource, findings } = judge(withPath({ pathType: "Prefix", path: "/", backend }));
  assert.deepEqual(findings, []);
  assert.ok(resource?.kind === "Ingress");
  assert.deepEqual(JSON.parse(JSON.stringify(resource.spec)), {
    tls: [],
    rules: [{ host: "shop.test", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
  });
});

const refused: readonly (readonly [string, unknown, string])[] = [
  ["neither rules nor a default backend", {}, "/spec"],
  ["a path without a type", withPath({ path: "/", backend }), "/spec/rules/0/http/paths/0/pathType"],
  [
    "a path that does not begin with a slash",
    withPath({ path: "x", pathType: "Prefix", backend }),
    "/spec/rules/0/http/paths/0/path",
  ],
  ["no path where it has to match", withPath({ pathType: "Exact", backend }), "/spec/rules/0/http/paths/0/path"],
  ["doubled slashes", withPath({ path: "/a//b", pathType: "Exact", backend }), "/spec/rules/0/http/paths/0/path"],
  ["dots at the end", withPath({ path: "/a/..", pathType: "Prefix", backend }), "/spec/rules/0/http/paths/0/path"],
  ["an address as its host", { rules: [{ host: "10.0.0.1" }] }, "/spec/rules/0/host"],
  ["a wildcard inside of its host", { rules: [{ host: "a.*.test" }] }, "/spec/rules/0/host"],
  ["a backend of nothing", { defaultBackend: {} }, "/spec/defaultBackend"],
  [
    "a port by name and number",
    { defaultBackend: { service: { name: "web", port: { name: "http", number: 80 } } } },
    "/spec/defaultBackend/service/port/name",
  ],
];

for (const [what, spec, pointer] of refused) {
  test(`an Ingress with ${what} is refused`, () => {
    const { resource, findings } = judge(spec);
    assert.equal(resource, undefined);
    assert.deepEqual(
      findings.map((finding) => finding.pointer),
      [pointer],
    );
  });
}

test("a path of a controller's own kind may be empty or an expression", () => {
  for (const path of ["", "/api(/|$)(.*)", "/a//b"])
    assert.deepEqual(judge(withPath({ path, pathType: "ImplementationSpecific", backend })).findings, []);
});
