import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { makeCertificate } from "../../../test/test-certificate.ts";
import type { JsonObject } from "../../resource/json.ts";
import { takeInventory } from "./take-inventory.ts";

const nowMs = Date.parse("2026-11-30T00:00:00Z");

function inventoryOf(yaml: string, documents: readonly string[] = []) {
  const objects = parseAllDocuments(yaml).map((document) => ({
    raw: document.toJS() as JsonObject,
    origin: undefined,
  }));
  return takeInventory({
    objects,
    documents: documents.map((text, index) => ({ text, position: { file: `${index}.yaml`, line: 1, column: 1 } })),
    findings: [],
    nowMs,
    namespace: undefined,
  });
}

type Ingress = {
  readonly name: string;
  readonly namespace?: string;
  readonly host?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly tls?: string;
  readonly className?: string;
};

function ingress({ name, namespace = "shop", host, annotations = {}, labels = {}, tls, className = "nginx" }: Ingress) {
  return JSON.stringify({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace, annotations, labels },
    spec: {
      ...(className === "" ? {} : { ingressClassName: className }),
      ...(tls === undefined ? {} : { tls: [{ hosts: [host], secretName: tls }] }),
      rules: [
        {
          ...(host === undefined ? {} : { host }),
          http: {
            paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
          },
        },
      ],
    },
  });
}

const nginx = (annotations: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [`nginx.ingress.kubernetes.io/${name}`, value]),
  );

test("takeInventory() sorts Ingresses into classes, with the reasons", () => {
  const { ingresses, summary } = inventoryOf(
    [
      ingress({ name: "a", host: "a.test" }),
      ingress({ name: "b", host: "b.test", annotations: nginx({ "proxy-body-size": "8m" }) }),
      ingress({
        name: "c",
        host: "c.test",
        annotations: nginx({ "configuration-snippet": "more_set_headers 'a: b';" }),
      }),
      ingress({ name: "d", host: "d.test", annotations: nginx({ "enable-modsecurity": "true" }) }),
      `{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: E_, namespace: shop }, spec: { rules: [{ host: E.test }] } }`,
    ].join("\n---\n"),
  );
  assert.deepEqual(
    ingresses.map(({ name, complexity }) => [name, complexity]),
    [
      ["E_", "blocked"],
      ["a", "trivial"],
      ["b", "policies"],
      ["c", "snippets"],
      ["d", "blocked"],
    ],
  );
  assert.deepEqual(summary.complexity, { trivial: 1, policies: 1, snippets: 1, blocked: 2 });
  assert.match(ingresses[0]?.reasons[0] ?? "", /`metadata.name` must be a lower-case name/);
  assert.deepEqual(ingresses[0]?.hosts, ["e.test"]);
  assert.match(ingresses[2]?.reasons[0] ?? "", /^proxy-body-size: BackendTrafficPolicy requestBodyLimit/);
  assert.match(ingresses[4]?.reasons.join("\n") ?? "", /^enable-modsecurity: by hand/m);
});

test("takeInventory() says what ingress-nginx could not take either, and what it would not serve", () => {
  const { ingresses, findings } = inventoryOf(
    ingress({
      name: "a",
      host: "a.test",
      annotations: nginx({ "proxy-read-timeout": "60s", "auth-url": "no address" }),
    }),
  );
  assert.equal(ingresses[0]?.complexity, "blocked");
  assert.ok(findings.length >= 2);
  for (const { code } of findings) assert.match(code, /^SL8/);
});

test("takeInventory() orders hosts by risk: wildcards and the rest last, hosts of several namespaces as one", () => {
  const { hosts } = inventoryOf(
    [
      ingress({ name: "rest" }),
      ingress({ name: "wild", host: "*.test" }),
      ingress({ name: "hard", host: "hard.test", annotations: nginx({ "modsecurity-snippet": "x" }) }),
      ingress({ name: "shared", host: "shared.test" }),
      ingress({ name: "shared", namespace: "blog", host: "shared.test" }),
      ingress({ name: "easy", host: "easy.test" }),
    ].join("\n---\n"),
  );
  assert.deepEqual(
    hosts.map(({ wave, hostname, ingresses }) => [wave, hostname, ingresses]),
    [
      [1, "easy.test", ["shop/easy"]],
      [1, "shared.test", ["blog/shared", "shop/shared"]],
      [2, "hard.test", ["shop/hard"]],
      [3, "*.test", ["shop/wild"]],
      [4, "*", ["shop/rest"]],
    ],
  );
  assert.deepEqual(hosts[1]?.notes, ["Ingresses of 2 namespaces have rules for it: they move together."]);
});

test("takeInventory() tells how long certificates last and whether they name the host", () => {
  const { certPem, keyPem } = makeCertificate({ names: ["a.test"], to: "2026-12-10T00:00:00Z" });
  const data = {
    "tls.crt": Buffer.from(certPem).toString("base64"),
    "tls.key": Buffer.from(keyPem).toString("base64"),
  };
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "cert", namespace: "shop" },
    type: "kubernetes.io/tls",
    data,
  };
  const { hosts } = inventoryOf(
    [
      JSON.stringify(secret),
      ingress({ name: "a", host: "a.test", tls: "cert" }),
      ingress({ name: "b", host: "b.test", tls: "cert" }),
      ingress({ name: "c", host: "c.test", tls: "missing" }),
      ingress({ name: "d", host: "d.test", tls: "" }),
    ].join("\n---\n"),
  );
  const common = { kind: "secret", secret: "shop/cert", notAfter: "2026-12-10T00:00:00.000Z", daysLeft: 10 };
  assert.deepEqual(
    hosts.map(({ certificate }) => certificate),
    [
      { ...common, namesHost: true },
      { ...common, namesHost: false },
      { kind: "unknown", secret: "shop/missing", because: "the Secret is not in the input" },
      { kind: "default" },
    ],
  );
  assert.deepEqual(hosts[0]?.notes, ["The certificate of shop/cert expires in 10 days."]);
});

test("takeInventory() names annotations that never had an effect, and what was meant", () => {
  const { annotations } = inventoryOf(
    ingress({
      name: "a",
      host: "a.test",
      annotations: {
        ...nginx({ "secure-backends": "true", "whitelist-source-rang": "10.0.0.0/8", "made-up-by-someone": "1" }),
        "ingress.nginx.kubernetes.io/rewrite-target": "/",
        "nginx.ingress.kubernets.io/ssl-redirect": "false",
        "nginx.org/websocket-services": "web",
        "auth-url": "http://auth",
        "example.com/mine": "yes",
        "meta.helm.sh/release-name": "shop",
      },
    }),
  );
  assert.deepEqual(
    Object.fromEntries(annotations.map(({ name, outcome, becomes }) => [name, `${outcome}: ${becomes}`])),
    {
      "nginx.ingress.kubernetes.io/secure-backends":
        "withoutEffect: it is of an earlier release; backend-protocol: HTTPS takes its place",
      "nginx.ingress.kubernetes.io/whitelist-source-rang":
        "withoutEffect: ingress-nginx has no such annotation; whitelist-source-range was meant?",
      "nginx.ingress.kubernetes.io/made-up-by-someone": "withoutEffect: ingress-nginx has no such annotation",
      "ingress.nginx.kubernetes.io/rewrite-target":
        "withoutEffect: no controller has this prefix; nginx.ingress.kubernetes.io/ was meant?",
      "nginx.ingress.kubernets.io/ssl-redirect":
        "withoutEffect: no controller has this prefix; nginx.ingress.kubernetes.io/ was meant?",
      "nginx.org/websocket-services":
        "withoutEffect: ingress-nginx does not read annotations of F5 NGINX Ingress Controller",
      "auth-url": "withoutEffect: its prefix is missing: nginx.ingress.kubernetes.io/auth-url was meant?",
    },
  );
});

test("takeInventory() tells controllers apart by IngressClass, by the name of the class and by annotations", () => {
  const { ingresses } = inventoryOf(
    [
      "{ apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: { name: inside }, spec: { controller: haproxy.org/ingress-controller } }",
      ingress({ name: "a", className: "inside" }),
      ingress({ name: "b", className: "traefik" }),
      ingress({ name: "c", className: "", annotations: { "alb.ingress.kubernetes.io/scheme": "internal" } }),
      ingress({ name: "d", className: "nginx", annotations: { "nginx.org/rewrites": "x" } }),
      ingress({ name: "e", className: "", annotations: { "kubernetes.io/ingress.class": "kong" } }),
      ingress({ name: "f", className: "" }),
      ingress({ name: "g" }),
    ].join("\n---\n"),
  );
  assert.deepEqual(
    ingresses.map(({ controller }) => controller),
    ["haproxy", "traefik", "aws", "f5-nginx", "kong", undefined, "ingress-nginx"],
  );
});

test("takeInventory() finds owners by labels of Ingresses and namespaces", () => {
  const { owners } = inventoryOf(
    [
      "{ apiVersion: v1, kind: Namespace, metadata: { name: shop, labels: { team: sales } } }",
      ingress({ name: "a", host: "a.test" }),
      ingress({ name: "b", host: "b.test", labels: { owner: "search" } }),
      ingress({ name: "c", namespace: "blog", host: "c.test" }),
    ].join("\n---\n"),
  );
  assert.deepEqual(
    owners.map(({ owner, ingresses }) => [owner, ingresses]),
    [
      ["namespace blog", 1],
      ["sales", 1],
      ["search", 1],
    ],
  );
});

test("takeInventory() searches what is no object for annotations, and counts files whose annotations are all taken care of", () => {
  const values = [
    "ingress:",
    "  annotations:",
    "    nginx.ingress.kubernetes.io/proxy-body-size: 8m",
    '    "nginx.ingress.kubernetes.io/ssl-redirect": "false"',
    "    # nginx.ingress.kubernetes.io/auth-url: http://auth",
    "    kubernetes.io/tls-acme: 'true'",
  ].join("\n");
  const template =
    "{{- if .x }}\nkind: Ingress\nannotations:\n  nginx.ingress.kubernetes.io/enable-modsecurity: 'true'\n{{- end }}";
  const { documents, summary, annotations } = inventoryOf(ingress({ name: "a", host: "a.test" }), [
    values,
    template,
    "x: 1",
  ]);
  assert.deepEqual(
    documents.map(({ position, annotations: found }) => [position.file, found.map(({ name }) => name.split("/")[1])]),
    [
      ["0.yaml", ["proxy-body-size", "ssl-redirect"]],
      ["1.yaml", ["enable-modsecurity"]],
    ],
  );
  assert.deepEqual(summary.files, { files: 2, covered: 1, named: 1 });
  assert.equal(annotations.length, 3);
});

test("takeInventory() lists kinds of other controllers with what becomes of them", () => {
  const { otherObjects } = inventoryOf(
    [
      "{ apiVersion: traefik.io/v1alpha1, kind: Middleware, metadata: { name: r, namespace: shop } }",
      "{ apiVersion: k8s.nginx.org/v1, kind: Policy, metadata: { name: p } }",
      "{ apiVersion: configuration.konghq.com/v1, kind: New, metadata: { name: n } }",
      "{ apiVersion: apps/v1, kind: Deployment, metadata: { name: d } }",
    ].join("\n---\n"),
  );
  assert.deepEqual(
    otherObjects.map(({ object, outcome }) => [object.kind, outcome]),
    [
      ["Middleware", "converted"],
      ["Policy", "byHand"],
      ["New", "byHand"],
    ],
  );
});

test("takeInventory() reads Traefik's IngressRoutes beside Ingresses: hosts, Middlewares, and rules that no route can say", () => {
  const { ingresses, hosts } = inventoryOf(`
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: { name: web, namespace: shop, labels: { team: sales } }
spec:
  routes:
    - { kind: Rule, match: "Host(\`a.test\`) && PathPrefix(\`/\`)", middlewares: [{ name: strip }], services: [{ name: web, port: 80 }] }
---
apiVersion: traefik.containo.us/v1alpha1
kind: IngressRoute
metadata: { name: odd, namespace: shop }
spec: { routes: [{ match: "Host(\`b.test\`) && !Path(\`/x\`)" }], tls: { certResolver: le } }
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: { name: db, namespace: shop }
spec: { routes: [{ match: "HostSNI(\`db.test\`)" }], tls: { passthrough: true } }
---
${ingress({ name: "old", host: "a.test" })}
`);
  assert.deepEqual(
    ingresses.map(({ kind, name, complexity, owner, reasons }) => [kind, name, complexity, owner, reasons.length]),
    [
      ["IngressRouteTCP", "db", "trivial", "namespace shop", 0],
      ["IngressRoute", "odd", "blocked", "namespace shop", 2],
      ["Ingress", "old", "trivial", "namespace shop", 0],
      ["IngressRoute", "web", "policies", "sales", 1],
    ],
  );
  assert.deepEqual(
    hosts.map(({ hostname, notes }) => [hostname, notes]),
    [
      ["db.test", []],
      ["a.test", ["Ingresses of several controllers have rules for it."]],
      ["b.test", ["TLS without a Secret: clients get the controller's default certificate."]],
    ],
  );
});

test("takeInventory() takes any object, however broken", () => {
  const broken: readonly unknown[] = [
    {},
    { metadata: 3 },
    { metadata: { name: "x", annotations: { "nginx.ingress.kubernetes.io/auth-url": 4 } } },
    {
      metadata: { name: "y" },
      spec: { rules: [null, { http: { paths: {} } }, { host: 4 }], tls: [{ hosts: "x" }, 3] },
    },
    { metadata: { name: "z", annotations: [] }, spec: [] },
  ];
  const objects = broken.map((part) => ({
    raw: { apiVersion: "networking.k8s.io/v1", kind: "Ingress", ...(part as JsonObject) },
    origin: undefined,
  }));
  const { ingresses } = takeInventory({ objects, documents: [], findings: [], nowMs, namespace: undefined });
  assert.equal(ingresses.length, broken.length);
});
