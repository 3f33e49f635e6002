import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { defaultOptions } from "../../../test/compile-case.ts";
import { compile } from "../../compile/compile.ts";
import type { JsonObject } from "../../resource/json.ts";
import { validateObject } from "../../resource/validate-object.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { objectOf } from "../convert/manifest.ts";
import { defaultConvertOptions } from "../convert/options.ts";
import { convertTraefik } from "./convert-traefik.ts";

function convert(yaml: string) {
  const raws = parseAllDocuments(yaml).map((document) => document.toJS() as JsonObject);
  const resources = raws.flatMap((raw) => validateObject(raw).resource ?? []);
  const snapshot = createSnapshot(resources);
  const { manifests, findings } = convertTraefik(
    raws.map((raw) => ({ raw, origin: undefined })),
    snapshot,
    defaultConvertOptions,
  );
  return { objects: manifests.map(objectOf), findings, resources };
}

const ofKind = (objects: readonly JsonObject[], kind: string) => objects.filter((object) => object["kind"] === kind);
const specsOf = (objects: readonly JsonObject[], kind: string) => ofKind(objects, kind).map(({ spec }) => spec);

const route = (routes: string, rest = "") => `
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: { name: web, namespace: shop, labels: { team: sales } }
spec:
  entryPoints: [web]
  ${rest}
  routes: ${routes}
`;

test("convertTraefik(): matches, Middlewares in their order, weights, and the Gateway", () => {
  const { objects, findings } = convert(
    route(`
    - match: "Host(\`shop.test\`) && (Path(\`/health\`) || PathPrefix(\`/\`))"
      middlewares: [{ name: strip }, { name: limit }]
      services: [{ name: a, port: 80, weight: 3 }, { name: b, namespace: other, port: 8080, weight: 1 }]
`),
  );
  assert.deepEqual(findings, []);
  assert.deepEqual(specsOf(objects, "HTTPRoute"), [
    {
      parentRefs: [{ name: "shared-gateway", namespace: "platform", sectionName: "http" }],
      hostnames: ["shop.test"],
      rules: [
        {
          matches: [{ path: { type: "Exact", value: "/health" } }, { path: { type: "PathPrefix", value: "/" } }],
          filters: [
            { type: "ExtensionRef", extensionRef: { group: "traefik.io", kind: "Middleware", name: "strip" } },
            { type: "ExtensionRef", extensionRef: { group: "traefik.io", kind: "Middleware", name: "limit" } },
          ],
          backendRefs: [
            { name: "a", port: 80, weight: 3 },
            { name: "b", namespace: "other", port: 8080, weight: 1 },
          ],
        },
      ],
    },
  ]);
  assert.deepEqual(
    objects.map(({ kind }) => kind),
    ["HTTPRoute", "Gateway", "ReferenceGrant"],
  );
});

test("convertTraefik(): hosts with the same rules share a route, others get their own", () => {
  const { objects } = convert(
    route(`
    - { match: "Host(\`a.test\`) || Host(\`b.test\`)", services: [{ name: web, port: 80 }] }
    - { match: "Host(\`c.test\`)", services: [{ name: other, port: 80 }] }
`),
  );
  assert.deepEqual(
    ofKind(objects, "HTTPRoute").map(({ metadata, spec }) => [
      (metadata as JsonObject)["name"],
      (spec as JsonObject)["hostnames"],
    ]),
    [
      ["web-a-test", ["a.test", "b.test"]],
      ["web-c-test", ["c.test"]],
    ],
  );
});

test("convertTraefik(): weighted and mirroring TraefikServices, one in the other", () => {
  const { objects, findings } = convert(`${route(`
    - { match: "Host(\`shop.test\`)", services: [{ name: split, kind: TraefikService }] }
`)}
---
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata: { name: split, namespace: shop }
spec: { weighted: { services: [{ name: copied, kind: TraefikService, weight: 1 }, { name: new, port: 80, weight: 3 }] } }
---
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata: { name: copied, namespace: shop }
spec: { mirroring: { name: old, port: 80, mirrors: [{ name: test, port: 80, percent: 20 }] } }
`);
  assert.deepEqual(findings, []);
  const [spec] = specsOf(objects, "HTTPRoute") as readonly { readonly rules: readonly JsonObject[] }[];
  assert.deepEqual(spec?.rules[0]?.["backendRefs"], [
    { name: "old", port: 80, weight: 333 },
    { name: "new", port: 80, weight: 1000 },
  ]);
  assert.deepEqual(spec?.rules[0]?.["filters"], [
    { type: "RequestMirror", requestMirror: { backendRef: { name: "test", port: 80 }, percent: 20 } },
  ]);
});

test("convertTraefik(): TLS gets a listener for each host, and TLS that is passed through a TLSRoute", () => {
  const { objects, findings } = convert(`${route(
    '[{ match: "Host(`shop.test`)", services: [{ name: web, port: 80 }] }]',
    "tls: { secretName: shop-cert }",
  ).replace("[web]", "[websecure]")}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: { name: db, namespace: shop }
spec: { routes: [{ match: "HostSNI(\`db.test\`)", services: [{ name: db, port: 5432 }] }], tls: { passthrough: true } }
`);
  assert.deepEqual(findings, []);
  const [gateway] = specsOf(objects, "Gateway") as readonly { readonly listeners: readonly JsonObject[] }[];
  assert.deepEqual(
    gateway?.listeners.map(({ name, protocol, hostname }) => [name, protocol, hostname]),
    [
      ["http", "HTTP", undefined],
      ["https-shop-test", "HTTPS", "shop.test"],
      ["tls-db-test", "TLS", "db.test"],
    ],
  );
  assert.deepEqual(
    specsOf(objects, "TLSRoute").map((spec) => (spec as JsonObject)["hostnames"]),
    [["db.test"]],
  );
});

test("convertTraefik() names what it cannot convert, and never converts a part of a rule", () => {
  const { objects, findings } = convert(`${route(`
    - { match: "Host(\`a.test\`) && !Path(\`/x\`)", services: [{ name: web, port: 80 }] }
    - { match: "Hots(\`a.test\`)", services: [{ name: web, port: 80 }] }
    - match: "Host(\`b.test\`) && PathPrefix(\`/b\`)"
      priority: 10
      middlewares: [{ name: auth, namespace: infra }]
      services:
        - { name: web, port: http, scheme: https }
        - { name: "api@internal", kind: TraefikService }
`)}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteUDP
metadata: { name: dns, namespace: shop }
spec: { entryPoints: [dns], routes: [{ services: [{ name: dns, port: 53 }] }] }
---
${route('[{ match: "Host(`c.test`)", services: [{ name: web, port: 80 }] }]').replace("[web]", "[metrics]").replace("name: web, namespace", "name: m, namespace")}
`);
  assert.deepEqual(
    findings.map(({ name, message }) => [
      name,
      message.replace(/ is not .*| is defined.*| has no port.*| is a service.*| fits.*/, ""),
    ]),
    [
      ["traefik-rule-not-converted", 'The rule "Host(`a.test`) && !Path(`/x`)"'],
      ["traefik-rule-not-converted", 'The rule "Hots(`a.test`)"'],
      ["traefik-differs", "/b"],
      ["traefik-by-hand", "priority"],
      ["traefik-by-hand", "scheme of Service web"],
      ["traefik-by-hand", "Service shop/web"],
      ["traefik-by-hand", "api@internal"],
      ["traefik-by-hand", "Middleware infra/auth"],
      ["traefik-rule-not-converted", "IngressRouteUDP shop/dns"],
      ["traefik-by-hand", 'Entry point "metrics"'],
    ],
  );
  assert.deepEqual(
    specsOf(objects, "HTTPRoute").map((spec) => (spec as JsonObject)["hostnames"]),
    [["b.test"]],
  );
});

test("convertTraefik(): what it writes is served without an error", () => {
  const { objects, resources } = convert(`
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: sluice }
spec: { controllerName: example.com/gateway }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: strip, namespace: shop }
spec: { stripPrefix: { prefixes: [/api] } }
---
${route('[{ match: "Host(`shop.test`) && PathPrefix(`/api`) && Header(`X-A`, `1`)", middlewares: [{ name: strip }], services: [{ name: web, port: http }] }]')}
`);
  const read = objects.map((object) => validateObject(object));
  const written = read.flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
  const { findings } = compile(createSnapshot([...resources, ...written]), defaultOptions);
  const errors = [...read.flatMap((each) => each.findings), ...findings].filter(({ severity }) => severity === "error");
  assert.deepEqual(
    errors.map(({ message }) => message),
    [],
  );
});
