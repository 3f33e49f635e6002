import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { storedConfigMap } from "../../../test/ingress/stored.ts";
import { externalAuth } from "./external-auth.ts";

const url = { "auth-url": "http://auth.shop.svc.cluster.local/check" };
const plain = {
  url: "http://auth.shop.svc.cluster.local/check",
  method: undefined,
  signIn: undefined,
  responseHeaders: [],
  requestRedirect: undefined,
  headers: [],
  cache: undefined,
  alwaysSetsCookie: false,
  keepsConnections: false,
  global: false,
};

test("nothing is asked without auth-url", () => {
  assert.equal(readAnnotations(externalAuth, { "auth-signin": "https://login.test/" }).setting, undefined);
  assert.equal(readAnnotations(externalAuth, { "auth-url": "" }).setting, undefined);
  assert.deepEqual(readAnnotations(externalAuth, url).setting, plain);
});

test("all that can be said of it", () => {
  const { setting, findings } = readAnnotations(
    externalAuth,
    {
      "auth-url": "https://$host/oauth2/auth?uri=$request_uri",
      "auth-method": "POST",
      "auth-signin": "https://$host/oauth2/start?rd=$escaped_request_uri",
      "auth-signin-redirect-param": "next",
      "auth-response-headers": "X-Auth-User, X-Auth-Groups,",
      "auth-request-redirect": "https://shop.test/",
      "auth-proxy-set-headers": "shop/auth-headers",
      "auth-cache-key": "$remote_user$http_authorization",
      "auth-cache-duration": "200 202 10m, 401 1m,30s",
      "auth-always-set-cookie": "true",
      "auth-keepalive": "8",
    },
    { objects: [storedConfigMap("auth-headers", { "X-Team": "shop" })] },
  );
  assert.deepEqual(findings, []);
  assert.deepEqual(setting, {
    url: "https://$host/oauth2/auth?uri=$request_uri",
    method: "POST",
    signIn: { url: "https://$host/oauth2/start?rd=$escaped_request_uri", parameter: "next" },
    responseHeaders: ["x-auth-user", "x-auth-groups"],
    requestRedirect: "https://shop.test/",
    headers: [{ name: "X-Team", value: "shop" }],
    cache: {
      key: "$remote_user$http_authorization",
      rows: [
        { statuses: [200, 202], ttlMs: 600_000 },
        { statuses: [401], ttlMs: 60_000 },
        { statuses: [200, 301, 302], ttlMs: 30_000 },
      ],
    },
    alwaysSetsCookie: true,
    keepsConnections: true,
    global: false,
  });
});

test("whatever keeps the service from being asked refuses everyone", () => {
  const wrong: readonly Readonly<Record<string, string>>[] = [
    { "auth-url": "not a url" },
    { "auth-url": "http:///check" },
    { "auth-url": "ftp://auth/check" },
    { "auth-url": "http://auth:$port/check" },
    { "auth-url": "http://auth/{check}" },
    { ...url, "auth-method": "get" },
    { ...url, "auth-response-headers": "X-Auth User" },
    { ...url, "auth-proxy-set-headers": "not-there" },
    { ...url, "auth-proxy-set-headers": "team-b/auth-headers" },
    { ...url, "auth-proxy-set-headers": "odd" },
    { ...url, "auth-cache-duration": "200 soon" },
    { ...url, "auth-cache-duration": "1h 30m" },
  ];
  const objects = [storedConfigMap("odd", { "x y": "1" })];
  for (const annotations of wrong) {
    const { setting, denied } = readAnnotations(externalAuth, annotations, { objects });
    assert.equal(denied?.code, "SL8200", JSON.stringify(annotations));
    assert.equal(setting, undefined);
  }
});

test("odd values of what does not protect count as not written", () => {
  const odd = { ...url, "auth-signin": "https://login.test/{x}", "auth-cache-key": "a;b" };
  const { setting, findings } = readAnnotations(externalAuth, odd);
  assert.deepEqual(setting, plain);
  assert.deepEqual(
    findings.map(({ code }) => code),
    ["SL8000", "SL8000"],
  );
});

test("the service of the ConfigMap is asked unless an Ingress has its own or opts out", () => {
  const configMap = {
    "global-auth-url": "http://auth.shop.svc.cluster.local/check",
    "global-auth-response-headers": "X-User",
    "global-auth-signin": "https://login.test/",
  };
  assert.deepEqual(readAnnotations(externalAuth, {}, { configMap }).setting, {
    ...plain,
    responseHeaders: ["x-user"],
    signIn: { url: "https://login.test/", parameter: "rd" },
    global: true,
  });
  assert.equal(readAnnotations(externalAuth, { "enable-global-auth": "false" }, { configMap }).setting, undefined);
  assert.equal(readAnnotations(externalAuth, { "auth-url": "http://own/" }, { configMap }).setting?.url, "http://own/");
  const broken = readAnnotations(externalAuth, {}, { configMap: { "global-auth-url": "auth" } });
  assert.match(broken.denied?.message ?? "", /^global-auth-url of the ConfigMap is "auth", which has no scheme/);
});
