import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resourcesOf, yaml } from "../../../test/compile-case.ts";
import type { FindingName } from "../../finding/catalogue.ts";
import { defaultIngressOptions } from "../../ingress/ingress-options.ts";
import { readIngresses } from "../../ingress/read-ingresses.ts";
import type { JsonObject } from "../../resource/json.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { assumeSecrets } from "./assumed-objects.ts";
import { convertIngresses } from "./convert-ingresses.ts";
import { identityOf, objectOf } from "./manifest.ts";
import { type ConvertOptions, defaultConvertOptions } from "./options.ts";

type Fields = {
  readonly name?: string;
  readonly namespace?: string;
  readonly host?: string;
  readonly path?: string;
  readonly pathType?: string;
  readonly service?: string;
  readonly port?: string;
  readonly tls?: string;
  readonly spec?: string;
  readonly annotations?: Readonly<Record<string, string>>;
};

function ingress(fields: Fields): string {
  const { name = "web", namespace = "shop", host = "shop.test", path = "/", pathType = "Prefix" } = fields;
  const { service = "web", port = "number: 80", tls, spec = "", annotations = {} } = fields;
  return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${name}
  namespace: ${namespace}
  annotations: ${JSON.stringify(Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key.includes("/") ? key : `nginx.ingress.kubernetes.io/${key}`, value])))}
spec:
  ingressClassName: nginx
${tls === undefined ? "" : `  tls: [{ hosts: [${host}], secretName: ${tls} }]\n`}${spec}  rules:
    - host: "${host}"
      http:
        paths:
          - path: ${JSON.stringify(path)}
            pathType: ${pathType}
            backend: { service: { name: ${service}, port: { ${port} } } }`;
}

function convert(documents: readonly string[], options: Partial<ConvertOptions> = {}, args: readonly string[] = []) {
  const snapshot = assumeSecrets(createSnapshot(resourcesOf(yaml(...documents))));
  const ingressOptions = { ...defaultIngressOptions, classes: ["nginx"], withoutClass: true, arguments: args };
  const model = readIngresses(snapshot, ingressOptions);
  const { manifests, findings } = convertIngresses(model, snapshot, { ...defaultConvertOptions, ...options });
  const objects = manifests.map(objectOf);
  return {
    names: objects.map((object) => identityOf(object).split("/").slice(1).join("/")),
    spec: (kind: string, name: string): JsonObject =>
      objects.find((object) => object["kind"] === kind && (object["metadata"] as JsonObject)["name"] === name)?.[
        "spec"
      ] as JsonObject,
    findings: findings.map(({ name }) => name),
    messages: findings.map(({ message }) => message),
    manifests,
  };
}

describe("convertIngresses: routes", () => {
  it("writes a Gateway and a route for an Ingress, and policies for what ingress-nginx does by itself", () => {
    const { names, spec, findings } = convert([ingress({})]);
    assert.deepEqual(findings, []);
    assert.deepEqual(names, [
      "Gateway/platform/shared-gateway",
      "BackendTrafficPolicy/platform/shared-gateway",
      "ClientTrafficPolicy/platform/shared-gateway",
      "ClientTrafficPolicy/platform/shared-gateway-http",
      "HTTPRoute/shop/web-route",
    ]);
    assert.deepEqual(spec("HTTPRoute", "web-route"), {
      parentRefs: [{ name: "shared-gateway", namespace: "platform" }],
      hostnames: ["shop.test"],
      rules: [
        {
          name: "root",
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          backendRefs: [{ name: "web", port: 80 }],
        },
      ],
    });
  });

  it("gives a host with a certificate a listener of its own, and sends clients there from http", () => {
    const { spec, names } = convert([ingress({ tls: "shop-tls" })]);
    assert.ok(names.includes("ReferenceGrant/shop/allow-platform-to-secrets"));
    assert.deepEqual(spec("HTTPRoute", "web-https-redirect"), {
      parentRefs: [{ name: "shared-gateway", namespace: "platform", sectionName: "http" }],
      hostnames: ["shop.test"],
      rules: [
        {
          name: "https",
          filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https", statusCode: 308 } }],
        },
      ],
    });
    assert.deepEqual(spec("HTTPRoute", "web-route")["parentRefs"], [
      { name: "shared-gateway", namespace: "platform", sectionName: "https-shop-test" },
    ]);
  });

  it("makes canaries rules and weights of the main route", () => {
    const canary = { canary: "true", "canary-weight": "20", "canary-by-header": "X-Canary" };
    const { spec } = convert([ingress({}), ingress({ name: "next", service: "next", annotations: canary })]);
    const rules = spec("HTTPRoute", "web-route")["rules"] as readonly JsonObject[];
    assert.deepEqual(
      rules.map(({ name, backendRefs }) => [name, backendRefs]),
      [
        ["root-canary", [{ name: "next", port: 80 }]],
        ["root-stable", [{ name: "web", port: 80 }]],
        [
          "root",
          [
            { name: "web", port: 80, weight: 80 },
            { name: "next", port: 80, weight: 20 },
          ],
        ],
      ],
    );
  });

  it("puts hosts that ask for the same into one route, and paths that lead to the same into one rule", () => {
    const rule = (host: string) => `    - host: ${host}
      http:
        paths:
          - { path: /a, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }
          - { path: /b, pathType: Exact, backend: { service: { name: web, port: { number: 80 } } } }\n`;
    const document = ingress({}).replace(/ {2}rules:[\s\S]*/, `  rules:\n${rule("a.test")}${rule("b.test")}`);
    const route = convert([document]).spec("HTTPRoute", "web-route");
    assert.deepEqual(route["hostnames"], ["a.test", "b.test"]);
    assert.equal((route["rules"] as readonly unknown[]).length, 1);
  });

  it("is the same whatever the order of the input", () => {
    const documents = [
      ingress({}),
      ingress({ name: "b", path: "/b", tls: "t" }),
      ingress({ name: "c", host: "c.test" }),
    ];
    assert.deepEqual(convert(documents).manifests, convert([...documents].reverse()).manifests);
  });

  it("permits references to more names than a ReferenceGrant has room for by several of them", () => {
    const documents = Array.from({ length: 40 }, (_, at) =>
      ingress({ name: `h${at}`, host: `h${at}.test`, tls: `t${at}` }),
    );
    const { names, spec } = convert(documents);
    const grants = names.filter((name) => name.startsWith("ReferenceGrant/shop/"));
    assert.deepEqual(grants, [
      "ReferenceGrant/shop/allow-platform-to-secrets",
      "ReferenceGrant/shop/allow-platform-to-secrets-2",
      "ReferenceGrant/shop/allow-platform-to-secrets-3",
    ]);
    const targets = grants.map(
      (grant) => spec("ReferenceGrant", grant.split("/")[2] ?? "")["to"] as readonly JsonObject[],
    );
    assert.deepEqual(
      targets.map(({ length }) => length),
      [16, 16, 8],
    );
    assert.equal(new Set(targets.flat().map(({ name }) => name)).size, 40);
  });

  it("makes a host of gRPC a GRPCRoute", () => {
    const { spec } = convert([ingress({ path: "/shop.Cart", annotations: { "backend-protocol": "GRPC" } })]);
    const [rule] = spec("GRPCRoute", "web-route")["rules"] as readonly JsonObject[];
    assert.deepEqual(rule?.["matches"], [{ method: { service: "shop.Cart" } }]);
  });
});

describe("convertIngresses: Gateways", () => {
  const two = [ingress({ tls: "t" }), ingress({ namespace: "blog", host: "blog.test", tls: "t" })];

  it("has one for each namespace, which takes the routes of its namespace alone", () => {
    const { names, spec } = convert(two, { layout: "namespace" });
    assert.deepEqual(
      names.filter((name) => name.startsWith("Gateway/") || name.startsWith("ReferenceGrant/")),
      ["Gateway/blog/blog-gateway", "Gateway/shop/shop-gateway"],
    );
    const [http] = spec("Gateway", "shop-gateway")["listeners"] as readonly JsonObject[];
    assert.deepEqual(http?.["allowedRoutes"], { namespaces: { from: "Same" } });
  });

  it("has one for each team", () => {
    const ofTeam = ingress({}).replace("namespace: shop", "namespace: shop\n  labels: { team: checkout }");
    const { names } = convert([ofTeam], { layout: "team" });
    assert.ok(names.includes("Gateway/platform/checkout-gateway"));
  });

  it("uses ListenerSets where a Gateway has no room for all hosts", () => {
    const hosts = Array.from({ length: 70 }, (_, at) =>
      ingress({ name: `h${at}`, host: `h${at}.test`, tls: `t${at}` }),
    );
    const { names, spec } = convert(hosts);
    assert.deepEqual(
      names.filter((name) => name.startsWith("ListenerSet/")),
      ["ListenerSet/shop/shop-listeners", "ListenerSet/shop/shop-listeners-2"],
    );
    assert.equal((spec("Gateway", "shared-gateway")["listeners"] as readonly unknown[]).length, 1);
    assert.deepEqual(spec("HTTPRoute", "h9-route")["parentRefs"], [
      {
        group: "gateway.networking.k8s.io",
        kind: "ListenerSet",
        name: "shop-listeners-2",
        sectionName: "https-h9-test",
      },
    ]);
  });

  it("moves cert-manager's annotations to the Gateway if it is in the namespace, and writes Certificates if not", () => {
    const issuer = { "cert-manager.io/cluster-issuer": "letsencrypt" };
    const document = ingress({ tls: "t", annotations: issuer });
    assert.deepEqual(convert([document]).spec("Certificate", "t"), {
      secretName: "t",
      dnsNames: ["shop.test"],
      issuerRef: { name: "letsencrypt", kind: "ClusterIssuer" },
    });
    const { manifests } = convert([document], { layout: "namespace" });
    assert.deepEqual(manifests.find(({ kind }) => kind === "Gateway")?.metadata.annotations, issuer);
  });
});

const basic = { "auth-type": "basic", "auth-secret": "users" };

describe("convertIngresses: what is told", () => {
  const cases: readonly (readonly [FindingName, readonly string[], Partial<ConvertOptions>])[] = [
    ["convert-lost", [ingress({ annotations: { "enable-access-log": "false" } })], {}],
    ["convert-refused", [ingress({ annotations: basic })], { policies: "none" }],
    ["convert-needs-policies", [ingress({ annotations: { "proxy-body-size": "8m" } })], { policies: "none" }],
    ["convert-differs", [ingress({ host: "*.shop.test" })], {}],
    ["convert-by-hand", [ingress({ annotations: basic })], {}],
    ["convert-certificate", [ingress({}).replace("  rules:", "  tls: [{ hosts: [shop.test] }]\n  rules:")], {}],
    ["convert-port-unknown", [ingress({ port: "name: http" })], {}],
    ["convert-host-split", [ingress({}), ingress({ namespace: "b", path: "/b" })], { layout: "namespace" }],
    ["convert-ingress-left-out", [ingress({}).replace("ClassName: nginx", "ClassName: other")], {}],
    ["convert-no-effect", [ingress({ annotations: { "rate-limit-rps": "20" } })], {}],
    ["convert-no-effect", [ingress({ annotations: { "proxy-buffering": "on" } })], {}],
    ["convert-escaped-slash", [ingress({}), ingress({ name: "b", path: "/b", annotations: { "limit-rps": "1" } })], {}],
    ["convert-foreign", [ingress({ annotations: { "traefik.ingress.kubernetes.io/router.middlewares": "a@b" } })], {}],
    [
      "convert-controller-option",
      [
        ingress({}),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ingress-nginx-controller, namespace: ingress-nginx }\ndata: { use-gzip: 'true' }",
      ],
      {},
    ],
  ];
  for (const [name, documents, options] of cases) {
    it(`${name}${Object.keys(options).length === 0 ? "" : ` with ${JSON.stringify(options)}`}`, () => {
      assert.ok(convert(documents, options).findings.includes(name), convert(documents, options).messages.join("\n"));
    });
  }

  const guard = { "whitelist-source-range": "10.0.0.0/8" };
  const open = ingress({ name: "open" });

  it("tells once of each Ingress whose protected paths an escaped slash leads around", () => {
    const told = (...documents: readonly string[]) =>
      convert(documents).findings.filter((name) => name === "convert-escaped-slash").length;
    assert.equal(told(open, ingress({ path: "/admin", annotations: guard })), 1);
    assert.equal(told(open, ingress({ path: "/admin(/|$)", annotations: { ...guard, "use-regex": "true" } })), 1);
    assert.equal(told(open, ingress({ path: "/admin", annotations: { "auth-type": "digest" } })), 1);
    assert.equal(told(ingress({ path: "/admin", annotations: guard })), 0, "no other path");
    assert.equal(told(ingress({ name: "api", path: "/api" }), ingress({ path: "/admin", annotations: guard })), 0);
    assert.equal(told(ingress({ name: "open", annotations: guard }), ingress({ path: "/a", annotations: guard })), 0);
    assert.equal(told(ingress({ annotations: guard }), ingress({ name: "pub", path: "/pub" })), 0);
  });

  it("answers errors where a protection is lost", () => {
    const { spec } = convert([ingress({ annotations: basic })], { policies: "none" });
    const [rule] = spec("HTTPRoute", "web-route")["rules"] as readonly JsonObject[];
    assert.deepEqual(rule?.["backendRefs"], []);
  });
});
