import assert from "node:assert/strict";
import { test } from "node:test";
import type { Affinity } from "../../../ingress/feature/affinity.ts";
import type { BackendTls } from "../../../ingress/feature/backend-tls.ts";
import { plainCookie } from "../../../ir/issued-cookie.ts";
import type { ServeScope } from "../serve-feature.ts";
import { serveAffinity } from "./affinity.ts";
import { serveBackendProtocol } from "./backend-protocol.ts";
import { serveLoadBalancing } from "./load-balancing.ts";

type Asked = {
  readonly affinity?: Affinity;
  readonly canaries?: number;
  readonly tls?: BackendTls;
  readonly problem?: string;
  readonly certificate?: "none" | "default";
};

/** What the features here ask of their scope, and what they say to it. */
function scopeOf({ affinity, canaries = 0, tls, problem, certificate = "none" }: Asked = {}) {
  const said: string[] = [];
  const say = (name: string) => void said.push(name);
  const scope = {
    location: { path: "/app", settings: { affinity }, canaries: Array.from({ length: canaries }, () => ({})) },
    server: { settings: { backendTls: tls }, certificate: { kind: certificate } },
    context: {
      secrets: {
        certificate: (namespace: string, name: string) =>
          problem === undefined ? { ref: { key: `${namespace}/${name}` } } : { problem: "invalid", message: problem },
        caBundle: (_kind: string, namespace: string, name: string) => ({
          source: { kind: "bundle", key: `${namespace}/${name}#ca` },
        }),
      },
    },
    report: say,
    deny: say,
  };
  return { said, scope: scope as unknown as ServeScope };
}

const affinity: Affinity = {
  mode: "balanced",
  name: "INGRESSCOOKIE",
  path: "",
  domain: "",
  expiresSeconds: undefined,
  maxAgeSeconds: 60,
  sameSite: "Lax",
  secure: false,
  changeOnFailure: false,
};
const issued = { ...plainCookie, maxAgeSeconds: 60, path: "/app", secure: "onHttps", sameSite: "Lax" };

test("serveAffinity: by a hash of the cookie, or by a cookie that names the endpoint; with a canary it names the side, too", () => {
  const serve = (change: Partial<Affinity>, canaries = 0) =>
    serveAffinity({ ...affinity, ...change }, scopeOf({ canaries }).scope);
  const { rule, cluster } = serve({});
  assert.deepEqual(rule, {});
  const turns = cluster.traffic?.policy?.loadBalancing.turns;
  assert.deepEqual(turns, {
    kind: "consistentHash",
    tableSize: 8191,
    by: { kind: "cookie", name: "INGRESSCOOKIE", issued },
    afterFailure: "same",
  });
  const persistent = serve({ mode: "persistent", changeOnFailure: true, path: "/x", secure: true }, 1);
  assert.deepEqual(persistent.rule, { backendCookie: "INGRESSCOOKIE" });
  assert.deepEqual(persistent.cluster.traffic?.sessionPersistence, {
    kind: "cookie",
    name: "INGRESSCOOKIE",
    absoluteTimeoutMs: 0,
    issued: { ...issued, path: "/x", secure: "always" },
    afterFailure: "other",
  });
  assert.deepEqual(serveAffinity(undefined, scopeOf().scope).cluster, {});
});

test("serveLoadBalancing: turns, or a hash of a text; a cookie of affinity wins", () => {
  const { scope } = scopeOf();
  const serve = (turns: Parameters<typeof serveLoadBalancing>[0]["turns"]) =>
    serveLoadBalancing({ turns, addresses: "clusterIp" }, scope).cluster;
  assert.deepEqual(serve({ kind: "ewma" }), { addresses: "clusterIp", traffic: { loadBalancing: "leastRequest" } });
  const by = [
    { kind: "text", value: "a-" },
    { kind: "header", name: "x-user" },
    { kind: "cookie", name: "id" },
    { kind: "queryParam", name: "page" },
    { kind: "host" },
    { kind: "target" },
  ] as const;
  const turns = serve({ kind: "hash", by }).traffic?.policy?.loadBalancing.turns;
  assert.deepEqual(turns?.kind === "consistentHash" && turns.by, {
    kind: "template",
    template: [
      "a-",
      { from: "request", name: "x-user", otherwise: undefined, maxLength: 4096 },
      { from: "cookie", name: "id" },
      { from: "parameter", name: "page" },
      { from: "hostname" },
      { from: "target" },
    ],
  });
  const sticky = scopeOf({ affinity }).scope;
  assert.deepEqual(serveLoadBalancing({ turns: { kind: "ewma" }, addresses: "endpoints" }, sticky).cluster, {
    addresses: "endpoints",
  });
});

const tls: BackendTls = {
  secret: { namespace: "shop", name: "tls" },
  hasAuthorities: true,
  hasCertificate: true,
  verify: true,
  depth: 2,
  name: "backend.internal",
  tellsName: true,
  versions: ["TLSv1", "TLSv1.1", "TLSv1.2"],
  ciphers: "HIGH",
};
const unverified = { hostname: "", ca: [], subjectAltNames: [], verification: "none", alpn: "none" };

test("serveBackendProtocol: what is spoken, and that endpoints are not verified unless a Secret says how", () => {
  const serve = (speaks: Parameters<typeof serveBackendProtocol>[0]["speaks"], asked: Asked = {}) =>
    serveBackendProtocol({ speaks, httpVersion: "1.1" }, scopeOf(asked).scope).cluster;
  assert.deepEqual(serve("http", { tls }), { protocol: "http1" });
  assert.deepEqual(serve("grpc"), { protocol: "http2" });
  assert.deepEqual(serve("https"), { protocol: "http1", tls: unverified });
  assert.deepEqual(serve("grpcs"), { protocol: "http2", tls: unverified });
  assert.deepEqual(serve("https", { tls }).tls, {
    hostname: "backend.internal",
    ca: [{ kind: "bundle", key: "shop/tls#ca" }],
    subjectAltNames: [{ kind: "dns", value: "backend.internal" }],
    clientCertificate: "shop/tls",
    verification: { maxIntermediates: 2 },
    handshakes: { minVersion: "TLSv1.2", maxVersion: "TLSv1.2", cipherSuites: ["HIGH"] },
    alpn: "none",
  });
  assert.deepEqual(serve("https", { tls: { ...tls, verify: false, tellsName: false, ciphers: "DEFAULT" } }).tls, {
    ...unverified,
    clientCertificate: "shop/tls",
    handshakes: { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
  });
  assert.deepEqual(serve("https", { tls: { ...tls, name: "" } }).tls?.subjectAltNames, [
    { kind: "dns", value: "upstream_balancer" },
  ]);
  assert.equal(
    serveBackendProtocol({ speaks: "http", httpVersion: "1.0" }, scopeOf().scope).cluster.httpVersion,
    "1.0",
  );
});

test("serveBackendProtocol: AUTO_HTTP is HTTPS where the host has a certificate, and a finding; a Secret that cannot be read closes the host", () => {
  const auto = scopeOf({ certificate: "default" });
  assert.deepEqual(serveBackendProtocol({ speaks: "auto", httpVersion: "1.1" }, auto.scope).cluster.tls, unverified);
  assert.deepEqual(auto.said, ["ingress-protocol-fixed"]);
  const broken = scopeOf({ tls, problem: "The certificate is no PEM." });
  serveBackendProtocol({ speaks: "https", httpVersion: "1.1" }, broken.scope);
  assert.deepEqual(broken.said, ["ingress-backend-secret-unusable"]);
});
