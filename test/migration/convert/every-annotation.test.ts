/** Nothing is lost in silence: each annotation of ingress-nginx is in the comment of an object that was written, or in a finding. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stringify } from "yaml";
import { locationFeatures, serverFeatures } from "../../../src/ingress/features.ts";
import { defaultIngressOptions } from "../../../src/ingress/ingress-options.ts";
import { readIngresses } from "../../../src/ingress/read-ingresses.ts";
import { convertIngresses } from "../../../src/migrate/convert/convert-ingresses.ts";
import { objectOf } from "../../../src/migrate/convert/manifest.ts";
import { defaultConvertOptions, type PoliciesMode, policiesModes } from "../../../src/migrate/convert/options.ts";
import { validateObject } from "../../../src/resource/validate-object.ts";
import { createSnapshot } from "../../../src/store/create-snapshot.ts";
import { resourcesOf } from "../../compile-case.ts";

/** A value for each annotation, and what it needs beside it to mean something. */
const values: Readonly<Record<string, string | readonly [value: string, others: Readonly<Record<string, string>>]>> = {
  affinity: "cookie",
  "affinity-canary-behavior": "legacy",
  "affinity-mode": ["persistent", { affinity: "cookie" }],
  "allowlist-source-range": "10.0.0.0/8",
  "app-root": "/home",
  "auth-always-set-cookie": ["true", { "auth-url": "http://auth.shop.svc.cluster.local/check" }],
  "auth-cache-duration": [
    "200 5m",
    { "auth-url": "http://auth.shop.svc.cluster.local/", "auth-cache-key": "$remote_user" },
  ],
  "auth-cache-key": ["$http_authorization", { "auth-url": "http://auth.shop.svc.cluster.local/check" }],
  "auth-keepalive": ["4", { "auth-url": "http://auth.shop.svc.cluster.local/check" }],
  "auth-keepalive-requests": "100",
  "auth-keepalive-share-vars": "true",
  "auth-keepalive-timeout": "30",
  "auth-method": ["POST", { "auth-url": "http://auth.shop.svc.cluster.local/check" }],
  "auth-proxy-set-headers": ["shop/headers", { "auth-url": "http://auth.shop.svc.cluster.local/check" }],
  "auth-realm": ["Staff", { "auth-type": "basic", "auth-secret": "users" }],
  "auth-request-redirect": ["https://shop.test/", { "auth-url": "http://auth.shop.svc.cluster.local/check" }],
  "auth-response-headers": ["X-User", { "auth-url": "http://auth.shop.svc.cluster.local/check" }],
  "auth-secret": ["users", { "auth-type": "basic" }],
  "auth-secret-type": ["auth-file", { "auth-type": "basic", "auth-secret": "users" }],
  "auth-signin": ["https://$host/oauth2/start?rd=$escaped_request_uri", { "auth-url": "http://auth.shop.svc/check" }],
  "auth-signin-redirect-param": ["to", { "auth-url": "http://auth.shop.svc/check", "auth-signin": "/login" }],
  "auth-snippet": "proxy_set_header X-A b;",
  "auth-tls-error-page": ["https://shop.test/error", { "auth-tls-secret": "shop/ca" }],
  "auth-tls-match-cn": ["CN=alice", { "auth-tls-secret": "shop/ca" }],
  "auth-tls-pass-certificate-to-upstream": ["true", { "auth-tls-secret": "shop/ca" }],
  "auth-tls-secret": "shop/ca",
  "auth-tls-verify-client": ["optional", { "auth-tls-secret": "shop/ca" }],
  "auth-tls-verify-depth": ["2", { "auth-tls-secret": "shop/ca" }],
  "auth-type": ["basic", { "auth-secret": "users" }],
  "auth-url": "https://$host/oauth2/auth",
  "backend-protocol": "HTTPS",
  canary: ["true", { "canary-weight": "10" }],
  "canary-by-cookie": ["beta", { canary: "true" }],
  "canary-by-header": ["X-Canary", { canary: "true" }],
  "canary-by-header-pattern": ["^eu", { canary: "true", "canary-by-header": "X-Region" }],
  "canary-by-header-value": ["eu", { canary: "true", "canary-by-header": "X-Region" }],
  "canary-weight": ["10", { canary: "true" }],
  "canary-weight-total": ["1000", { canary: "true", "canary-weight": "10" }],
  "client-body-buffer-size": "8k",
  "configuration-snippet": "more_set_headers X-Frame-Options:DENY;",
  "connection-proxy-header": "keep-alive",
  "cors-allow-credentials": ["false", { "enable-cors": "true" }],
  "cors-allow-headers": ["X-One", { "enable-cors": "true" }],
  "cors-allow-methods": ["GET", { "enable-cors": "true" }],
  "cors-allow-origin": ["https://a.test", { "enable-cors": "true" }],
  "cors-expose-headers": ["X-One", { "enable-cors": "true" }],
  "cors-max-age": ["600", { "enable-cors": "true" }],
  "custom-headers": "shop/headers",
  "custom-http-errors": ["404,503", { "default-backend": "errors" }],
  "default-backend": "errors",
  "denylist-source-range": "192.0.2.0/24",
  "disable-proxy-intercept-errors": ["true", { "custom-http-errors": "404", "default-backend": "errors" }],
  "enable-access-log": "false",
  "enable-cors": "true",
  "enable-global-auth": "false",
  "enable-modsecurity": "true",
  "enable-opentelemetry": "true",
  "enable-owasp-core-rules": "true",
  "enable-rewrite-log": "true",
  "fastcgi-index": "index.php",
  "fastcgi-params-configmap": "params",
  "force-ssl-redirect": "true",
  "from-to-www-redirect": "true",
  "http2-push-preload": "true",
  "limit-allowlist": ["10.0.0.0/8", { "limit-rps": "5" }],
  "limit-burst-multiplier": ["3", { "limit-rps": "5" }],
  "limit-connections": "10",
  "limit-rate": "100",
  "limit-rate-after": ["10", { "limit-rate": "100" }],
  "limit-rpm": "100",
  "limit-rps": "5",
  "load-balance": "ewma",
  "mirror-host": ["shadow.test", { "mirror-target": "http://shadow.shop.svc.cluster.local$request_uri" }],
  "mirror-request-body": ["off", { "mirror-target": "http://shadow.shop.svc.cluster.local$request_uri" }],
  "mirror-target": "https://shadow.test$request_uri",
  "modsecurity-snippet": ["SecRuleEngine On", { "enable-modsecurity": "true" }],
  "modsecurity-transaction-id": "$request_id",
  "opentelemetry-operation-name": "shop",
  "opentelemetry-trust-incoming-span": "true",
  "permanent-redirect": "https://new.test/",
  "permanent-redirect-code": ["308", { "permanent-redirect": "https://new.test/" }],
  "preserve-trailing-slash": "true",
  "proxy-body-size": "8m",
  "proxy-buffer-size": "8k",
  "proxy-buffering": "on",
  "proxy-buffers-number": "8",
  "proxy-busy-buffers-size": "16k",
  "proxy-connect-timeout": "10",
  "proxy-cookie-domain": "a.test b.test",
  "proxy-cookie-path": "/a /b",
  "proxy-http-version": "1.0",
  "proxy-max-temp-file-size": "0",
  "proxy-next-upstream": "error timeout http_502 non_idempotent",
  "proxy-next-upstream-timeout": "10",
  "proxy-next-upstream-tries": "2",
  "proxy-read-timeout": "3600",
  "proxy-redirect-from": ["http://a.test/", { "proxy-redirect-to": "/" }],
  "proxy-redirect-to": ["/", { "proxy-redirect-from": "http://a.test/" }],
  "proxy-request-buffering": "off",
  "proxy-send-timeout": "120",
  "proxy-ssl-ciphers": ["HIGH", { "backend-protocol": "HTTPS", "proxy-ssl-secret": "shop/ca" }],
  "proxy-ssl-name": ["web.internal", { "backend-protocol": "HTTPS", "proxy-ssl-secret": "shop/ca" }],
  "proxy-ssl-protocols": ["TLSv1.2", { "backend-protocol": "HTTPS", "proxy-ssl-secret": "shop/ca" }],
  "proxy-ssl-secret": ["shop/ca", { "backend-protocol": "HTTPS" }],
  "proxy-ssl-server-name": ["on", { "backend-protocol": "HTTPS", "proxy-ssl-secret": "shop/ca" }],
  "proxy-ssl-verify": [
    "on",
    { "proxy-ssl-secret": "shop/ca", "proxy-ssl-name": "w.test", "backend-protocol": "HTTPS" },
  ],
  "proxy-ssl-verify-depth": ["3", { "backend-protocol": "HTTPS", "proxy-ssl-secret": "shop/ca" }],
  "relative-redirects": "true",
  "rewrite-target": "/new",
  satisfy: ["any", { "allowlist-source-range": "10.0.0.0/8", "auth-type": "basic", "auth-secret": "users" }],
  "server-alias": "alias.test",
  "server-snippet": "more_set_headers X-Frame-Options:DENY;",
  "service-upstream": "true",
  "session-cookie-change-on-failure": ["true", { affinity: "cookie" }],
  "session-cookie-conditional-samesite-none": ["true", { affinity: "cookie" }],
  "session-cookie-domain": ["shop.test", { affinity: "cookie" }],
  "session-cookie-expires": ["600", { affinity: "cookie" }],
  "session-cookie-max-age": ["600", { affinity: "cookie" }],
  "session-cookie-name": ["SID", { affinity: "cookie" }],
  "session-cookie-path": ["/", { affinity: "cookie" }],
  "session-cookie-samesite": ["Lax", { affinity: "cookie" }],
  "session-cookie-secure": ["true", { affinity: "cookie" }],
  "ssl-ciphers": "ECDHE-RSA-AES128-GCM-SHA256",
  "ssl-passthrough": "true",
  "ssl-prefer-server-ciphers": "true",
  "ssl-redirect": "false",
  "stream-snippet": "server { listen 9000; }",
  "temporal-redirect": "https://new.test/",
  "temporal-redirect-code": ["307", { "temporal-redirect": "https://new.test/" }],
  "upstream-hash-by": "$remote_addr",
  "upstream-hash-by-subset": ["true", { "upstream-hash-by": "$remote_addr" }],
  "upstream-hash-by-subset-size": ["3", { "upstream-hash-by": "$remote_addr" }],
  "upstream-vhost": "internal.test",
  "use-port-in-redirects": "true",
  "use-regex": "true",
  "x-forwarded-prefix": ["/shop", { "rewrite-target": "/new" }],
};

const rows = Object.values({ ...locationFeatures, ...serverFeatures }).flatMap(({ annotations }) => annotations);

/** An Ingress with annotations, beside the main one of its host, with all that they may refer to. */
function manifests(annotations: Readonly<Record<string, string>>): string {
  const metadata = (name: string) => ({ name, namespace: "shop" });
  const ingress = (name: string, own: Readonly<Record<string, string>>, path: string) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      ...metadata(name),
      annotations: Object.fromEntries(
        Object.entries(own).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value]),
      ),
    },
    spec: {
      ingressClassName: "nginx",
      tls: [{ hosts: ["shop.test"], secretName: "tls" }],
      rules: [
        {
          host: "shop.test",
          http: { paths: [{ path, pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }] },
        },
      ],
    },
  });
  const secret = (name: string, keys: readonly string[]) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: metadata(name),
    stringData: Object.fromEntries(keys.map((key) => [key, "alice:{SHA}x"])),
  });
  const documents = [
    ingress("main", {}, annotations["canary"] === undefined ? "/oauth2" : "/"),
    ingress("web", annotations, "/"),
    secret("users", ["auth"]),
    secret("ca", ["ca.crt", "tls.crt", "tls.key"]),
    { apiVersion: "v1", kind: "ConfigMap", metadata: metadata("headers"), data: { "X-One": "1" } },
    { apiVersion: "v1", kind: "ConfigMap", metadata: metadata("params"), data: { A: "b" } },
    { apiVersion: "v1", kind: "Service", metadata: metadata("errors"), spec: { ports: [{ port: 80 }] } },
  ];
  return documents.map((document) => stringify(document)).join("---\n");
}

const everything = ["--allow-snippet-annotations", "--annotations-risk-level=Critical", "--enable-ssl-passthrough"];

function convert(annotations: Readonly<Record<string, string>>, policies: PoliciesMode) {
  const snapshot = createSnapshot(resourcesOf(manifests(annotations)));
  const options = { ...defaultIngressOptions, classes: ["nginx"], arguments: everything };
  const model = readIngresses(snapshot, options);
  const conversion = convertIngresses(model, snapshot, { ...defaultConvertOptions, policies });
  return { ...conversion, findings: [...model.findings, ...conversion.findings] };
}

test("every annotation has a value here", () => {
  assert.deepEqual(rows.map(({ name }) => name).sort(), Object.keys(values).sort());
});

for (const policies of policiesModes) {
  describe(`with --policies ${policies}`, () => {
    for (const { name } of rows) {
      test(name, () => {
        const entry = values[name] ?? "";
        const [value, others] = typeof entry === "string" ? [entry, {}] : entry;
        const { manifests: written, findings } = convert({ [name]: value, ...others }, policies);
        const comments = written.flatMap((manifest) => manifest.comments);
        const named =
          comments.some((comment) => new RegExp(`[(, ]${name}[,) ]`).test(comment)) ||
          findings.some(({ pointer, message }) => pointer.endsWith(`~1${name}`) || message.includes(name));
        assert.ok(named, [...comments, ...findings.map(({ message }) => message)].join("\n"));
        for (const manifest of written) {
          if (manifest.apiVersion.startsWith("cert-manager.io")) continue;
          const found = validateObject(objectOf(manifest)).findings;
          const wrong = found.filter(({ severity }) => severity === "error");
          assert.deepEqual(
            wrong.map(({ message }) => message),
            [],
            stringify(objectOf(manifest)),
          );
        }
      });
    }
  });
}
