import assert from "node:assert/strict";
import { test } from "node:test";
import { withCurrentBackends } from "./old-ingress.ts";
import { validateObject } from "./validate-object.ts";

const old = (apiVersion: string) => ({
  apiVersion,
  kind: "Ingress",
  metadata: { name: "shop" },
  spec: {
    backend: { serviceName: "rest", servicePort: "http" },
    rules: [
      {
        host: "shop.test",
        http: {
          paths: [
            { path: "/", backend: { serviceName: "web", servicePort: 80 } },
            { path: "/x", pathType: "Exact", backend: { serviceName: "x", servicePort: "8080" } },
          ],
        },
      },
    ],
  },
});

for (const apiVersion of ["extensions/v1beta1", "networking.k8s.io/v1beta1"]) {
  test(`an Ingress of ${apiVersion} is read as v1, and a finding says so`, () => {
    const { resource, findings } = validateObject(old(apiVersion));
    assert.deepEqual(
      findings.map(({ name, fix }) => [name, fix]),
      [
        [
          "version-old",
          "Write `apiVersion: networking.k8s.io/v1`, with backends as `service: { name, port: { number } }` and a `pathType` for each path.",
        ],
      ],
    );
    assert.equal(resource?.apiVersion, "networking.k8s.io/v1");
    assert.deepEqual(JSON.parse(JSON.stringify(resource)).spec, {
      defaultBackend: { service: { name: "rest", port: { name: "http" } } },
      tls: [],
      rules: [
        {
          host: "shop.test",
          http: {
            paths: [
              {
                path: "/",
                pathType: "ImplementationSpecific",
                backend: { service: { name: "web", port: { number: 80 } } },
              },
              { path: "/x", pathType: "Exact", backend: { service: { name: "x", port: { number: 8080 } } } },
            ],
          },
        },
      ],
    });
  });
}

test("withCurrentBackends() leaves what is no Ingress of an old version as it is", () => {
  for (const spec of [undefined, "text", {}, { rules: "x" }, { rules: [3, { http: { paths: [null] } }] }])
    assert.deepEqual(withCurrentBackends({ spec }), { spec });
});
