import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultOptions, resourcesOf, service, yaml } from "../../../test/compile-case.ts";
import { ingressText } from "../../../test/ingress/ingress-text.ts";
import { answerByCondition } from "../../ir/answer-by-condition.ts";
import { checkInvariants } from "../../ir/invariants.ts";
import { type SelectRequest, select } from "../../ir/select.ts";
import type { Resource } from "../../resource/kinds.ts";
import { makeSelfSigned } from "../../stand-in/self-signed.ts";
import { mergeStatus } from "../../status/merge.ts";
import { renderStatus } from "../../status/render-status.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { compile } from "../compile.ts";
import { createCompileMemo } from "../compile-memo.ts";
import type { CompileResult } from "../contract.ts";

const options = { ...defaultOptions, ingress: { ...defaultOptions.ingress, classes: ["nginx"] } };

function serve(...documents: readonly string[]): CompileResult {
  const result = compile(createSnapshot(resourcesOf(yaml(...documents))), options);
  assert.deepEqual(checkInvariants(result.routing), []);
  return result;
}

/** The Service that a request goes to, or the answer that it gets. */
function answer({ routing }: CompileResult, url: string, more: Partial<SelectRequest> = {}): string {
  const { protocol, hostname, pathname } = new URL(url);
  const scheme = protocol === "https:" ? "https" : "http";
  const asked: SelectRequest = {
    port: scheme === "https" ? 443 : 80,
    scheme,
    ...(scheme === "https" ? { sni: hostname } : {}),
    host: hostname,
    method: "GET",
    path: pathname,
    query: "",
    headers: {},
    ...more,
  };
  const selection = select(routing, asked);
  if (selection.kind === "none") return selection.reason;
  const { rule } = selection;
  for (const { filter } of rule.filters) {
    if (filter.kind === "directResponse") return String(filter.status);
    if (filter.kind === "conditionalAnswer") {
      const found = answerByCondition(filter.rows, asked, asked.path);
      if (found !== undefined) return `${found.status} ${found.location?.replace(/^http:\/\/[^/]*/, "") ?? ""}`;
    }
  }
  const target = rule.backends[0]?.target;
  return target?.kind === "cluster" ? (routing.clusters[target.cluster]?.name ?? "") : "nothing";
}

const names = ({ findings }: CompileResult) => findings.map(({ name }) => name);
const web = service("web", "", "default");

test("a prefix is served with and below its path, and other paths and hosts get 404", () => {
  const result = serve(ingressText("shop", ["shop.test /app Prefix web"]), web);
  assert.equal(answer(result, "http://shop.test/app"), "web");
  assert.equal(answer(result, "http://shop.test/app/x"), "web");
  assert.equal(answer(result, "http://shop.test/app%2Fx"), "web");
  assert.equal(answer(result, "http://shop.test/appx"), "404");
  assert.equal(answer(result, "http://shop.test/APP"), "404");
  assert.equal(answer(result, "http://other.test/app"), "404");
  assert.deepEqual(names(result), []);
});

test("a path that lacks but its slash is redirected to it", () => {
  const result = serve(ingressText("shop", ["shop.test /dir/ Prefix web"]), web);
  assert.equal(answer(result, "http://shop.test/dir"), "301 /dir/");
  assert.equal(answer(result, "http://shop.test/dir/"), "web");
});

test("a wildcard host is one label", () => {
  const result = serve(
    ingressText("wild", ["*.apps.test / Prefix web"]),
    ingressText("one", ["one.apps.test /only Exact web"]),
    web,
  );
  assert.equal(answer(result, "http://x.apps.test/"), "web");
  assert.equal(answer(result, "http://a.b.apps.test/"), "404");
  assert.equal(answer(result, "http://apps.test/"), "404");
  assert.equal(answer(result, "http://one.apps.test/only"), "web");
  assert.equal(answer(result, "http://one.apps.test/"), "404");
});

test("an expression that RE2 cannot say answers 503 for all that begins as it does", () => {
  const result = serve(
    ingressText("shop", ["shop.test /a/(?!admin).* ImplementationSpecific web", "shop.test / Prefix web"], {
      annotations: { "use-regex": "true" },
    }),
    web,
  );
  assert.equal(answer(result, "http://shop.test/a/x"), "503");
  assert.equal(answer(result, "http://shop.test/b"), "web");
  assert.deepEqual(names(result), ["ingress-path-inexpressible"]);
});

test("a Service that does not exist is a finding at the backend, and has no endpoints", () => {
  const result = serve(ingressText("shop", ["shop.test / Prefix none"]));
  assert.equal(answer(result, "http://shop.test/"), "none");
  assert.deepEqual(
    result.findings.map(({ name, pointer }) => [name, pointer]),
    [["ingress-backend-missing", "/spec/rules/0/http/paths/0/backend"]],
  );
  assert.deepEqual(Object.values(result.endpoints), []);
});

test("a setting that protects and cannot be had answers 503", () => {
  const result = serve(
    ingressText("shop", ["shop.test / Prefix web"], { annotations: { "allowlist-source-range": "nowhere" } }),
    web,
  );
  assert.equal(answer(result, "http://shop.test/"), "503");
});

function tlsSecret(name: string, hosts: readonly string[], namespace = "default"): string {
  const { certificatePem, keyPem } = makeSelfSigned(hosts, Date.parse("2026-05-30T00:00:00Z"));
  const encode = (text: string) => Buffer.from(text).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    type: "kubernetes.io/tls",
    data: { "tls.crt": encode(certificatePem), "tls.key": encode(keyPem) },
  });
}

test("each host shows the certificate that it was given, and the default one comes first", () => {
  const result = serve(
    ingressText("shop", ["shop.test / Prefix web"], { spec: { tls: [{ hosts: ["shop.test"], secretName: "shop" }] } }),
    ingressText("wild", ["*.apps.test / Prefix web"], {
      spec: { tls: [{ hosts: ["*.apps.test"], secretName: "wild" }] },
    }),
    tlsSecret("shop", ["shop.test", "more.test"]),
    tlsSecret("wild", ["*.apps.test"]),
    tlsSecret("default-ingress-certificate", ["any.test"], "ingress-nginx"),
    web,
  );
  const https = result.routing.gateways[0]?.listeners.find(({ protocol }) => protocol === "HTTPS");
  assert.ok(https?.protocol === "HTTPS" && https.tls?.mode === "terminate");
  assert.deepEqual(
    https.tls.certificates.map(({ key, names: hosts }) => [key, hosts]),
    [
      ["Secret/ingress-nginx/default-ingress-certificate", []],
      ["Secret/default/shop", ["shop.test"]],
      ["Secret/default/wild", ["?.apps.test"]],
    ],
  );
  assert.equal(answer(result, "https://shop.test/"), "web");
  assert.equal(answer(result, "https://unknown.test/"), "404");
});

test("a certificate whose key is another's leaves its host with the default one", () => {
  const secret = JSON.parse(tlsSecret("shop", ["shop.test"]));
  secret.data["tls.key"] = JSON.parse(tlsSecret("other", ["other.test"])).data["tls.key"];
  const result = serve(
    ingressText("shop", ["shop.test / Prefix web"], { spec: { tls: [{ hosts: ["shop.test"], secretName: "shop" }] } }),
    JSON.stringify(secret),
    tlsSecret("default-ingress-certificate", ["any.test"], "ingress-nginx"),
    web,
  );
  assert.deepEqual(names(result), ["ingress-certificate-unusable"]);
  assert.equal(answer(result, "https://shop.test/"), "web");
});

test("with the flag, TLS for a host passes through to the backend of its root", () => {
  const document = ingressText("shop", ["shop.test / Prefix web"], { annotations: { "ssl-passthrough": "true" } });
  const snapshot = createSnapshot(resourcesOf(yaml(document, web)));
  const ingress = { ...options.ingress, arguments: ["--enable-ssl-passthrough"] };
  const { routing } = compile(snapshot, { ...options, ingress });
  const listener = routing.gateways[0]?.listeners.find(({ protocol }) => protocol === "TLS");
  assert.ok(listener?.protocol === "TLS");
  assert.deepEqual(
    listener.routes.map(({ hostname, rule }) => [hostname, rule.backends.length]),
    [["shop.test", 1]],
  );
});

test("streams of the tcp-services ConfigMap have listeners of their own", () => {
  const configMap = `
apiVersion: v1
kind: ConfigMap
metadata: { name: tcp, namespace: infra }
data: { "5432": "default/web:80" }`;
  const snapshot = createSnapshot(resourcesOf(yaml(configMap, web)));
  const ingress = { ...options.ingress, arguments: ["--tcp-services-configmap=infra/tcp"] };
  const { routing } = compile(snapshot, { ...options, ingress });
  assert.deepEqual(
    routing.gateways[0]?.listeners.map(({ name, port }) => [name, port]),
    [
      ["http", 80],
      ["tcp-5432", 5432],
    ],
  );
});

test("a compilation after a change is that from nothing, and what is equal stays the same object", () => {
  const memo = createCompileMemo();
  const objects = (path: string): Resource[] =>
    resourcesOf(yaml(ingressText("a", ["a.test / Prefix web"]), ingressText("b", [`b.test ${path} Prefix web`]), web));
  const first = objects("/x");
  const before = compile(createSnapshot(first), options, memo);
  const [, changed] = objects("/y");
  const snapshot = createSnapshot([first[0]!, changed!, ...first.slice(2)]);
  const after = compile(snapshot, options, memo);
  assert.deepEqual(after.routing, compile(snapshot, options).routing);
  const rules = ({ routing }: CompileResult) => routing.gateways[0]?.httpRules ?? {};
  assert.equal(rules(after)["Ingress/a.test/Prefix/"], rules(before)["Ingress/a.test/Prefix/"]);
  assert.ok(rules(after)["Ingress/a.test/Prefix/"] !== undefined);
  const gone = compile(createSnapshot(first.slice(2)), options, memo);
  assert.deepEqual(gone.routing.clusters, {});
  assert.equal(answer(gone, "http://a.test/"), "404");
});

/** Gateway `edge` with one listener for HTTP on port 80, and its class. */
const gatewayText = (more = "") => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: sluice }
spec: { controllerName: example.com/gateway }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec:
  gatewayClassName: sluice
  listeners: [{ name: http, port: 80, protocol: HTTP${more} }]`;

test("beside a Gateway, the more specific hostname serves, and of the same one the route comes first", () => {
  const route = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: moved, namespace: default }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [shop.test, "*.wide.test"]
  rules: [{ matches: [{ path: { type: PathPrefix, value: /new } }], backendRefs: [{ name: other, port: 80 }] }]`;
  const result = serve(
    ingressText("shop", ["shop.test / Prefix web", "a.wide.test / Prefix web"]),
    gatewayText(),
    route,
    web,
    service("other", "", "default"),
  );
  assert.equal(answer(result, "http://shop.test/new"), "other");
  assert.equal(answer(result, "http://shop.test/old"), "web");
  assert.equal(answer(result, "http://a.wide.test/new"), "web");
  assert.equal(answer(result, "http://b.wide.test/new"), "other");
  assert.equal(answer(result, "http://b.wide.test/old"), "404");
});

test("an Ingress that is served has a status with the addresses of its class; one that is left out has none", () => {
  const result = serve(
    ingressText("shop", ["shop.test / Prefix web"]),
    ingressText("risky", ["risky.test / Prefix web"], { annotations: { "server-snippet": "return 200;" } }),
    web,
  );
  assert.deepEqual(
    result.status.map(({ ref, body }) => [ref.name, body]),
    [["shop", { shape: "ingress", servedBy: "IngressClass/nginx", addresses: [] }]],
  );
  const rows = { listeners: {}, addresses: { "IngressClass/nginx": ["192.0.2.1", "lb.test"] } };
  const [merged] = mergeStatus(result.status, rows, undefined, 0);
  assert.deepEqual(merged && renderStatus(merged, { previous: undefined, controllerName: "x" }), {
    loadBalancer: { ingress: [{ ip: "192.0.2.1" }, { hostname: "lb.test" }] },
  });
});

test("a Gateway's listener with a hostname takes the hosts that it covers, and the Ingress is told", () => {
  const gateway = gatewayText(', hostname: "*.test"');
  const result = serve(ingressText("shop", ["shop.test / Prefix web", "shop.other / Prefix web"]), gateway, web);
  assert.equal(answer(result, "http://shop.test/"), "noVirtualHost");
  assert.equal(answer(result, "http://shop.other/"), "web");
  assert.deepEqual(
    result.findings.filter(({ name }) => name.startsWith("ingress")).map(({ name, object }) => [name, object.name]),
    [["ingress-host-behind-listener", "shop"]],
  );
});
