import assert from "node:assert/strict";
import { test } from "node:test";
import { cartWorld } from "../../../test/cart-world.ts";
import { brief, defaultOptions, resourcesOf, service } from "../../../test/compile-case.ts";
import { compile } from "../../compile/compile.ts";
import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import { secretKeysOfRule } from "../../ir/secret-keys.ts";
import type { JsonObject } from "../../resource/json.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { compilePassThrough } from "./compile-pass-through.ts";
import { readRedirectUrl } from "./compile-redirect-url.ts";

const provider = [
  service("login"),
  `apiVersion: v1
kind: Secret
metadata: { name: login, namespace: shop }
data: { client-id: ${Buffer.from("office\n").toString("base64")}, client-secret: ${Buffer.from("top s3cret").toString("base64")} }`,
];

function run(oidc: string) {
  const policy = `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: { name: p, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: cart }]
  oidc: ${oidc}`;
  const result = compile(createSnapshot(resourcesOf(cartWorld([...provider, policy]))), defaultOptions);
  const rule = Object.values(result.routing.gateways[0]?.httpRules ?? {})[0];
  return { filters: rule?.filters.map(({ filter }) => filter) ?? [], findings: brief(result.findings), result, rule };
}

const least = "provider: { issuer: https://login.test }, clientID: office, clientSecret: { name: login }";

test("oidc: what a policy does not say has Envoy Gateway's defaults, and the secret is not in the model", () => {
  const { filters, findings, result, rule } = run(`{ ${least} }`);
  assert.deepEqual(
    findings.filter((finding) => finding.includes("/spec/oidc")),
    [],
  );
  const [filter] = filters;
  assert.ok(filter?.kind === "oidc");
  const { cookieSuffix, clientSecret } = filter;
  assert.match(cookieSuffix, /^[0-9a-f]{8}$/);
  assert.deepEqual(filter, {
    kind: "oidc",
    policy: "shop/p",
    issuer: "https://login.test",
    authorizationEndpoint: undefined,
    tokenEndpoint: undefined,
    endSessionEndpoint: undefined,
    discovers: true,
    cluster: undefined,
    clientId: "office",
    clientSecret,
    scopes: ["openid"],
    resources: [],
    redirectUrl: { scheme: undefined, authority: undefined, path: "/oauth2/callback" },
    logoutPath: "/logout",
    cookieSuffix,
    accessTokenCookie: `AccessToken-${cookieSuffix}`,
    idTokenCookie: `IdToken-${cookieSuffix}`,
    showsAccessToken: false,
    showsIdToken: false,
    cookieDomain: "",
    sameSite: "Lax",
    encryptTokens: true,
    loginSeconds: 600,
    defaultTokenSeconds: 0,
    refreshSeconds: 604_800,
    denyRedirect: [],
    forwardAccessToken: false,
    forwardIdTokenHeader: "",
    passThrough: [],
  });
  assert.deepEqual(rule && secretKeysOfRule(rule), [clientSecret], "it reaches the proxies that need it");
  assert.deepEqual(result.secrets.get(clientSecret), {
    kind: "opaque",
    bytesBase64: Buffer.from("top s3cret").toString("base64"),
  });
  assert.doesNotMatch(JSON.stringify(result.routing), /s3cret|dG9wIHMzY3JldA/);
});

test("oidc: every field has its part in the filter", () => {
  const { filters, findings } = run(
    `
    provider:
      issuer: https://login.test
      authorizationEndpoint: https://login.test/auth
      tokenEndpoint: https://login.test/token
      endSessionEndpoint: https://login.test/end
      backendRefs: [{ name: login, port: 80 }]
    clientIDRef: { name: login }
    clientSecret: { name: login }
    scopes: [email, openid]
    resources: ["https://api.test"]
    redirectURL: https://app.test/back
    logoutPath: /bye
    cookieNames: { accessToken: at, idToken: it }
    cookieDomain: app.test
    cookieConfig: { sameSite: Strict }
    disableTokenEncryption: true
    csrfTokenTTL: 90s
    defaultTokenTTL: 1h
    defaultRefreshTokenTTL: 2h
    denyRedirect: { headers: [{ name: X-Requested-With, value: XMLHttpRequest }, { name: accept, type: Prefix, value: application/json }] }
    forwardAccessToken: true
    forwardIDToken: { header: X-Id-Token }`,
  );
  const [filter] = filters;
  assert.ok(filter?.kind === "oidc", findings.join("\n"));
  const { clientSecret, cookieSuffix, ...rest } = filter;
  assert.deepEqual(rest, {
    kind: "oidc",
    policy: "shop/p",
    issuer: "https://login.test",
    authorizationEndpoint: "https://login.test/auth",
    tokenEndpoint: "https://login.test/token",
    endSessionEndpoint: "https://login.test/end",
    discovers: true,
    cluster: "shop/login:80",
    clientId: "office",
    scopes: ["openid", "email"],
    resources: ["https://api.test"],
    redirectUrl: { scheme: "https", authority: "app.test", path: "/back" },
    logoutPath: "/bye",
    accessTokenCookie: "at",
    idTokenCookie: "it",
    showsAccessToken: true,
    showsIdToken: true,
    cookieDomain: "app.test",
    sameSite: "Strict",
    encryptTokens: false,
    loginSeconds: 90,
    defaultTokenSeconds: 3_600,
    refreshSeconds: 7_200,
    denyRedirect: [
      { name: "x-requested-with", kind: "exact", value: "XMLHttpRequest" },
      { name: "accept", kind: "prefix", value: "application/json" },
    ],
    forwardAccessToken: true,
    forwardIdTokenHeader: "x-id-token",
    passThrough: [],
  });
});

test("oidc: with all endpoints written down and TLS, no configuration is read", () => {
  const endpoints = (scheme: string) =>
    `{ provider: { issuer: https://login.test, authorizationEndpoint: https://login.test/auth, tokenEndpoint: ${scheme}://login.test/token }, clientID: a, clientSecret: { name: login }, refreshToken: false }`;
  const [direct] = run(endpoints("https")).filters;
  assert.ok(direct?.kind === "oidc" && !direct.discovers && direct.refreshSeconds === 0);
  const [clear] = run(endpoints("http")).filters;
  assert.ok(clear?.kind === "oidc" && clear.discovers, "its tokens need a signature");
  assert.ok(run(endpoints("http")).findings.includes("oidc-provider-clear /spec/oidc/provider/tokenEndpoint"));
  assert.ok(!run(endpoints("https")).findings.some((finding) => finding.startsWith("oidc-")));
});

const broken: readonly (readonly [string, string])[] = [
  [
    `{ provider: { issuer: https://login.test }, clientID: a, clientSecret: { name: none } }`,
    "policy-reference-unresolved /spec/oidc/clientSecret",
  ],
  [
    `{ provider: { issuer: https://login.test }, clientID: a, clientSecret: { name: login, namespace: vault } }`,
    "policy-reference-not-permitted /spec/oidc/clientSecret",
  ],
  [
    `{ provider: { issuer: https://login.test }, clientIDRef: { name: none }, clientSecret: { name: login } }`,
    "policy-reference-unresolved /spec/oidc/clientIDRef",
  ],
  [
    `{ provider: { issuer: https://login.test }, clientID: a, clientSecret: { kind: ConfigMap, name: login } }`,
    "oidc-setting-unusable /spec/oidc/clientSecret",
  ],
  [
    `{ provider: { issuer: login.test }, clientID: a, clientSecret: { name: login } }`,
    "oidc-setting-unusable /spec/oidc/provider/issuer",
  ],
  [
    `{ provider: { issuer: https://login.test, tokenEndpoint: "ftp://login.test/token" }, clientID: a, clientSecret: { name: login } }`,
    "oidc-setting-unusable /spec/oidc/provider/tokenEndpoint",
  ],
  [`{ ${least}, redirectURL: "https://app.test" }`, "oidc-setting-unusable /spec/oidc/redirectURL"],
  [
    `{ ${least}, denyRedirect: { headers: [{ name: a, type: RegularExpression, value: "(" }] } }`,
    "oidc-setting-unusable /spec/oidc/denyRedirect/headers/0/value",
  ],
  [
    `{ provider: { issuer: https://login.test, backendRefs: [{ name: gone, port: 80 }] }, clientID: a, clientSecret: { name: login } }`,
    "backend-not-found /spec/oidc/provider/backendRefs/0/name",
  ],
];

for (const [oidc, finding] of broken) {
  test(`oidc: ${finding}: nothing may pass`, () => {
    const { filters, findings } = run(oidc);
    assert.ok(findings.includes(finding), findings.join("\n"));
    assert.deepEqual(
      filters.map((filter) => [filter.kind, filter.kind === "directResponse" && filter.status]),
      [["directResponse", 500]],
    );
  });
}

/** What `passThroughAuthHeader` comes to beside that `jwt`, and the findings. */
function passThrough(jwt: JsonObject | undefined) {
  const findings: string[] = [];
  const report = (name: string, field: string) => findings.push(`${name} ${field}`);
  return { headers: compilePassThrough({ sibling: () => jwt, report } as unknown as FeatureScope), findings };
}

test("oidc: tokens pass by the login where jwt looks for them and requires them", () => {
  const own = { headers: [{ name: "X-Token", valuePrefix: "Token " }, { name: "x-raw" }], cookies: ["c"] };
  assert.deepEqual(passThrough({ providers: [{ name: "a" }, { name: "b", extractFrom: own }] }), {
    headers: [
      { name: "authorization", prefix: "Bearer " },
      { name: "x-token", prefix: "Token " },
      { name: "x-raw", prefix: "" },
    ],
    findings: [],
  });
  const providers = [{ name: "a" }];
  for (const jwt of [undefined, { optional: true, providers }, { failOpen: true, providers }])
    assert.deepEqual(passThrough(jwt), {
      headers: [],
      findings: ["oidc-pass-through-unsafe /passThroughAuthHeader"],
    });
});

test("oidc: of several backends of a provider the first is asked", () => {
  const { filters, findings } = run(
    `{ provider: { issuer: https://login.test, backendRefs: [{ name: login, port: 80 }, { name: api, port: 80 }] }, clientID: a, clientSecret: { name: login } }`,
  );
  assert.ok(findings.includes("policy-field-unserved /spec/oidc/provider/backendRefs/1"), findings.join("\n"));
  assert.ok(filters[0]?.kind === "oidc" && filters[0].cluster === "shop/login:80");
});

test("redirectURL: scheme and host may be the request's", () => {
  const own = { scheme: undefined, authority: undefined };
  assert.deepEqual(readRedirectUrl(undefined), { ...own, path: "/oauth2/callback" });
  assert.deepEqual(readRedirectUrl("%REQ(x-forwarded-proto)%://%REQ(:authority)%/a"), { ...own, path: "/a" });
  assert.deepEqual(readRedirectUrl("https://%REQ(Host)%/a/b"), { ...own, scheme: "https", path: "/a/b" });
  assert.deepEqual(readRedirectUrl("http://app.test:8080/a"), {
    scheme: "http",
    authority: "app.test:8080",
    path: "/a",
  });
  for (const text of [
    "",
    "/a",
    "https://app.test",
    "https://app.test/",
    "https://app.test/a?b",
    "https://app.test/a/../b",
    "https://u:p@app.test/a",
    "https://app.test/%REQ(x)%",
    "https://%REQ(x-host)%/a",
    "ftp://app.test/a",
    "javascript://app.test/a",
  ])
    assert.equal(readRedirectUrl(text), undefined, text);
});
