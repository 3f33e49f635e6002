import assert from "node:assert/strict";
import { test } from "node:test";
import { built } from "../../src/filter/contract/build.ts";
import { onRequest } from "../../src/filter/contract/hook.ts";
import { page as answerWith } from "../../src/filter/contract/local-reply.ts";
import { buildWith, labFilter } from "./filter-lab.ts";
import { counted, type Oidc, OidcCase } from "./oidc-case.ts";
import type { ProviderSettings } from "./oidc-provider.ts";

const page = "http://app.test/reports?year=2026";

test("oidc: a browser is sent to the provider and comes back logged in, to the page that it asked for", async () => {
  await using setup = await OidcCase.start();
  const { browser, plane } = await setup.gateway();
  const sent = await browser.visit(page);
  assert.equal(sent.status, 302);
  assert.equal(sent.headers.get("cache-control"), "no-store");
  assert.equal(plane.records[0]!.responseFlag, "LN");
  const asked = new URL(sent.headers.get("location")!).searchParams;
  assert.equal(asked.get("redirect_uri"), "http://app.test/oauth2/callback");
  assert.equal(asked.get("response_type"), "code");
  assert.equal(asked.get("code_challenge_method"), "S256");
  assert.equal(asked.get("scope"), "openid");
  const callback = await browser.visit(sent.headers.get("location")!);
  const back = await browser.visit(callback.headers.get("location")!);
  assert.equal(back.status, 302);
  assert.equal(back.headers.get("location"), page);
  for (const line of back.cookies) assert.match(line, /; Path=\/; Max-Age=[0-9]+; HttpOnly; SameSite=Lax$/);
  const shown = await browser.visit(page);
  assert.equal(shown.status, 200);
  assert.match(shown.body, /^GET \/reports\?year=2026 HTTP/);
  assert.doesNotMatch(
    shown.body,
    /cookie|authorization|ann/i,
    "a backend is told nothing that the policy does not say",
  );
});

test("oidc: tabs that are opened at one moment all come back, each to its own page", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway();
  const pages = ["a", "b", "c", "d"].map((name) => `http://app.test/${name}`);
  const sent = await Promise.all(pages.map((url) => browser.visit(url)));
  const shown = await Promise.all(sent.map(({ headers }) => browser.open(headers.get("location")!)));
  assert.deepEqual(
    shown.map(({ url, status }) => [url.href, status]),
    pages.map((url) => [url, 200]),
  );
  assert.ok(setup.upstream.requests.every(({ head }) => !/cookie/i.test(head)));
});

test("oidc: later logins of a browser use the secret that it has", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway();
  const [first] = (await browser.visit(page)).cookies;
  const [second] = (await browser.visit(page)).cookies;
  assert.equal(second, first);
});

const noLogin: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["Exact", { "x-requested-with": "XMLHttpRequest" }],
  ["Prefix", { accept: "application/json, */*" }],
  ["Suffix", { "x-client": "my script" }],
  ["RegularExpression", { "x-number": "17" }],
  ["an upgrade", { connection: "upgrade", upgrade: "websocket" }],
];
const denyRedirect: Oidc["denyRedirect"] = [
  { name: "x-requested-with", kind: "exact", value: "XMLHttpRequest" },
  { name: "accept", kind: "prefix", value: "application/json" },
  { name: "x-client", kind: "suffix", value: "script" },
  { name: "x-number", kind: "regex", value: "[0-9]+" },
];

for (const [name, headers] of noLogin) {
  test(`oidc: a request gets 401 rather than a login: ${name}`, async () => {
    await using setup = await OidcCase.start();
    const { browser } = await setup.gateway({ denyRedirect });
    const { status, headers: answered } = await browser.visit(page, { headers });
    assert.equal(status, 401);
    assert.equal(answered.get("location"), undefined);
    assert.equal((await browser.visit(page)).status, 302, "others log in");
  });
}

test("oidc: what the provider refuses or gets wrong lets nobody in", async (t) => {
  const cases: readonly (readonly [string, Partial<ProviderSettings>, number, string])[] = [
    ["the user refuses", { error: "access_denied" }, 401, "loginRefused"],
    ["the nonce of another login", { claims: { nonce: "other" } }, 503, "answerInvalid"],
    ["no nonce", { claims: { nonce: undefined } }, 503, "answerInvalid"],
    ["a token for another client", { claims: { aud: "other" } }, 503, "answerInvalid"],
    ["a token of another issuer", { claims: { iss: "http://127.0.0.1:1" } }, 503, "answerInvalid"],
    ["an expired token", { claims: { exp: 1_000 } }, 503, "answerInvalid"],
    ["a token of the future", { claims: { nbf: 9_999_999_999 } }, 503, "answerInvalid"],
    ["a signature of somebody else", { signer: "stranger" }, 503, "answerInvalid"],
    ["no signature", { alg: "none" }, 503, "answerInvalid"],
    ["a signature by a shared key", { alg: "HS256" }, 503, "answerInvalid"],
    ["another algorithm than announced", { alg: "RS256" }, 503, "answerInvalid"],
    ["tokens without a lifetime", { expiresIn: undefined }, 503, "answerInvalid"],
    ["a lifetime of nothing", { expiresIn: 0 }, 503, "answerInvalid"],
    ["a token endpoint that hangs up", { tokens: "dead" }, 503, "providerUnreachable"],
    ["a token endpoint that is silent", { tokens: "silent" }, 503, "providerUnreachable"],
    ["no tokens", { tokens: "garbage" }, 503, "answerInvalid"],
    ["tokens that fit into no browser", { padding: 40_000 }, 502, "tokensTooLarge"],
  ];
  await using setup = await OidcCase.start();
  const good = { ...setup.provider.settings };
  for (const [name, settings, status, result] of cases) {
    await t.test(name, async () => {
      Object.assign(setup.provider.settings, good, settings);
      const { browser, plane } = await setup.gateway({}, { plane: { limits: { authTimeoutMs: 200 } } });
      const shown = await browser.open(page);
      assert.equal(shown.status, status);
      assert.equal(plane.records.at(-1)!.responseFlag, "LF");
      assert.equal(counted(plane, result), 1);
      assert.doesNotMatch(browser.cookiesFor("app.test"), /OidcSession/);
      assert.equal((await browser.visit(page)).status, 302);
    });
  }
  assert.equal(setup.upstream.requests.length, 0);
});

test("oidc: a provider that cannot be asked is asked again a moment later", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway({ issuer: "http://127.0.0.1:1" });
  const { status, headers } = await browser.visit(page);
  assert.equal(status, 503);
  assert.equal(headers.get("retry-after"), "5");
  assert.equal(setup.upstream.requests.length, 0);
});

test("oidc: addresses that endpoints may not have are not asked", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway({}, { plane: { allowedUpstream: [] } });
  assert.equal((await browser.visit(page)).status, 503);
});

test("oidc: without the client's secret nobody comes in", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway({ clientSecret: "Secret/demo/none" });
  assert.equal((await browser.open(page)).status, 500);
  const wrong = await setup.gateway({}, { secret: "wrong" });
  assert.equal((await wrong.browser.open(page)).status, 503);
  assert.equal(counted(wrong.plane, "clientRefused"), 1);
  assert.equal(setup.upstream.requests.length, 0);
});

test("oidc: a provider behind a cluster, with endpoints that are written down", async () => {
  await using setup = await OidcCase.start();
  const { issuer } = setup.provider;
  const port = Number(new URL(issuer).port);
  const { browser } = await setup.gateway(
    {
      cluster: "demo/provider:80",
      authorizationEndpoint: `${issuer}/auth?tenant=a`,
      tokenEndpoint: "http://somewhere.else.test/token",
      resources: ["https://a.test", "https://b.test"],
      scopes: ["openid", "email"],
    },
    { others: [{ name: "provider", ports: [port] }], plane: { allowedUpstream: ["loopback"] } },
  );
  assert.equal((await browser.open(page)).status, 200);
  const login = setup.provider.logins[0]!;
  assert.equal(login.get("tenant"), "a");
  assert.equal(login.get("scope"), "openid email");
  assert.deepEqual(login.getAll("resource"), ["https://a.test", "https://b.test"]);
  assert.deepEqual(setup.provider.questions[0]!.form.getAll("resource"), ["https://a.test", "https://b.test"]);
});

test("oidc: backends are told the tokens, and nothing that a client makes up", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway({
    forwardAccessToken: true,
    forwardIdTokenHeader: "x-id-token",
    showsIdToken: true,
    idTokenCookie: "id",
  });
  await browser.open(page);
  const forged = { authorization: "Bearer forged", "x-id-token": "forged", x_id_token: "forged" };
  const cookie = `${browser.cookiesFor("app.test")}; theme=dark; AccessToken-abcd_7=forged`;
  const { body } = await browser.visit(page, { headers: { ...forged, cookie } });
  assert.doesNotMatch(body, /forged/);
  assert.match(body, /^authorization: Bearer access-ann-/im);
  const [, idToken = ""] = /^x-id-token: (.*)\r$/im.exec(body) ?? [];
  assert.equal(JSON.parse(Buffer.from(idToken.split(".")[1]!, "base64url").toString()).sub, "ann");
  const [, cookies] = /^cookie: (.*)\r$/im.exec(body) ?? [];
  assert.equal(cookies, `theme=dark; id=${idToken}`);
});

test("oidc: the claims of the id token are known to filters behind", async () => {
  await using setup = await OidcCase.start();
  setup.provider.settings.claims = { groups: ["staff"] };
  const tell = () => built(onRequest((_, { established }) => answerWith(200, [], JSON.stringify(established))));
  const { browser } = await setup.gateway(
    {},
    { behind: [labFilter("tell")], plane: { buildFilter: buildWith({ tell }) } },
  );
  const established = JSON.parse((await browser.open(page)).body);
  assert.equal(established.principal, "ann");
  assert.deepEqual(established.claims.groups, ["staff"]);
});

test("oidc: strict cookies are set by a page that leads on, because none are sent behind another site's redirect", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway({ sameSite: "Strict" });
  const shown = await browser.open(`${page}&q="><script>`);
  assert.equal(shown.status, 200);
  assert.match(shown.headers.get("content-type")!, /html/);
  assert.match(shown.body, /url=http:\/\/app\.test\/reports\?year=2026&#38;q=/);
  assert.doesNotMatch(shown.body, /<script>/);
  assert.ok(shown.cookies.every((line) => line.endsWith("SameSite=Strict")));
  assert.equal((await browser.visit(page)).status, 200);
});

test("oidc: long tokens are spread over cookies that browsers keep, and shorter ones leave nothing of them", async (t) => {
  await using setup = await OidcCase.start();
  setup.provider.settings.padding = 9_000;
  const { browser } = await setup.gateway({ forwardAccessToken: true });
  const sent = await browser.visit(page);
  const callback = await browser.visit(sent.headers.get("location")!);
  const back = await browser.visit(callback.headers.get("location")!);
  for (const line of back.cookies) assert.ok(line.length < 4_096);
  assert.match((await browser.visit(page)).body, /x{9000}/);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  t.mock.timers.tick(61_000);
  setup.provider.settings.padding = 0;
  assert.equal((await browser.visit(page)).status, 200);
  assert.doesNotMatch(browser.cookiesFor("app.test"), /AccessToken-abcd_/);
  assert.equal((await browser.visit(page)).status, 200);
});

test("oidc: tokens can be left readable, and are good for nothing when they are changed", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway({ encryptTokens: false });
  await browser.open(page);
  const cookies = browser.cookiesFor("app.test");
  assert.match(cookies, /AccessToken-abcd=access-ann-/);
  assert.doesNotMatch(cookies, /RefreshToken-abcd=[0-9a-f-]{36}/, "refresh tokens are not for browsers");
  const forged = cookies.replace("access-ann-", "access-eve-");
  assert.equal((await browser.copy().visit(page, { headers: { cookie: forged } })).status, 302);
});

test("oidc: requests with a token for jwt pass by the login, and forged headers do not", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway({
    passThrough: [{ name: "authorization", prefix: "Bearer " }],
    forwardIdTokenHeader: "x-id-token",
  });
  const visit = (authorization: string) => browser.visit(page, { headers: { authorization, "x-id-token": "forged" } });
  const shown = await visit("Bearer aa.bb.cc");
  assert.equal(shown.status, 200);
  assert.doesNotMatch(shown.body, /forged/);
  for (const other of [
    "Bearer ",
    "Bearer x",
    "Bearer aa.bb.",
    "Basic aa.bb.cc",
    "bearer aa.bb.cc",
    "Bearer aa.bb.cc, x",
  ]) {
    assert.equal((await visit(other)).status, 302, other);
  }
});
