import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { eventually } from "./eventually.ts";
import { counted, OidcCase } from "./oidc-case.ts";
import { RawClient } from "./raw-client.ts";
import type { TestBrowser } from "./test-browser.ts";

const page = "http://app.test/";

/** A clock that stands still until it is told. */
function clock(t: TestContext): (seconds: number) => void {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  return (seconds) => t.mock.timers.tick(seconds * 1_000);
}

function refreshes(setup: OidcCase): number {
  return setup.provider.questions.filter(({ form }) => form.get("grant_type") === "refresh_token").length;
}

test("oidc: tokens that have expired are renewed once for all requests that need them", async (t) => {
  await using setup = await OidcCase.start();
  const pass = clock(t);
  const { browser } = await setup.gateway({ forwardAccessToken: true });
  await browser.open(page);
  const before = browser.copy();
  pass(61);
  const shown = await Promise.all([1, 2, 3, 4, 5].map((tab) => browser.visit(`${page}?${tab}`)));
  assert.deepEqual(
    shown.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
  assert.equal(refreshes(setup), 1);
  assert.ok(shown.every(({ cookies }) => cookies.some((line) => line.startsWith("OidcSession-"))));
  const tokens = new Set(shown.map(({ body }) => /^authorization: (.*)$/im.exec(body)?.[1]));
  assert.equal(tokens.size, 1);
  assert.equal((await before.visit(page)).status, 200, "a request that was sent with the old cookies");
  assert.equal(refreshes(setup), 1);
  assert.deepEqual((await browser.visit(page)).cookies, [], "new tokens are good for as long as they say");
});

test("oidc: a refresh token that stays the same renews a session again and again", async (t) => {
  await using setup = await OidcCase.start();
  const pass = clock(t);
  setup.provider.settings.rotates = false;
  const { browser } = await setup.gateway({ forwardAccessToken: true });
  await browser.open(page);
  const tokens = new Set<string | undefined>();
  for (const round of [1, 2, 3]) {
    pass(61);
    const { status, body } = await browser.visit(page);
    assert.equal(status, 200);
    assert.equal(refreshes(setup), round);
    tokens.add(/^authorization: (.*)$/im.exec(body)?.[1]);
  }
  assert.equal(tokens.size, 3);
});

test("oidc: a client that leaves while its session is renewed spoils nothing for others", async (t) => {
  await using setup = await OidcCase.start();
  const pass = clock(t);
  const { browser, plane } = await setup.gateway({}, { plane: { limits: { authTimeoutMs: 2_000 } } });
  await browser.open(page);
  pass(61);
  const cookie = browser.cookiesFor("app.test");
  const release = setup.provider.hold();
  const leaving = await RawClient.connect(plane.port);
  leaving.send(`GET / HTTP/1.1\r\nHost: app.test\r\nCookie: ${cookie}\r\n\r\n`);
  await eventually(() => refreshes(setup) === 1);
  const staying = browser.visit(page);
  leaving.socket.destroy();
  release();
  const { status, cookies } = await staying;
  assert.equal(status, 200);
  assert.ok(cookies.length > 0);
  assert.equal((await browser.visit(page)).status, 200, "the new cookies are good for this host");
  assert.equal(refreshes(setup), 1);
});

test("oidc: a refused renewal leaves the connection in order", async (t) => {
  await using setup = await OidcCase.start();
  const pass = clock(t);
  const { browser, plane } = await setup.gateway();
  await browser.open(page);
  pass(61);
  const cookie = browser.cookiesFor("app.test");
  setup.provider.forget();
  await using client = await RawClient.connect(plane.port);
  for (let round = 0; round < 5; round++) {
    client.send(`GET /${round} HTTP/1.1\r\nHost: app.test\r\nCookie: ${cookie}\r\n\r\n`);
    assert.equal((await client.response()).status, 302);
  }
  assert.equal(counted(plane, "redirected"), 6);
});

test("oidc: rules of one policy renew a session together", async (t) => {
  await using setup = await OidcCase.start();
  const pass = clock(t);
  const { browser } = await setup.gateway({}, { paths: ["/oauth2", "/a", "/b", "/c"] });
  await browser.open(`${page}a`);
  pass(61);
  const shown = await Promise.all(["a", "b", "c"].map((path) => browser.visit(`${page}${path}`)));
  assert.ok(shown.every(({ status }) => status === 200));
  assert.equal(refreshes(setup), 1);
});

test("oidc: without a refresh token, or when it is not to be used, expired tokens ask for a login", async (t) => {
  for (const [refreshSeconds, issued] of [
    [0, true],
    [3_600, false],
  ] as const) {
    await t.test(`${refreshSeconds} s, ${issued}`, async (t) => {
      await using setup = await OidcCase.start();
      const pass = clock(t);
      setup.provider.settings.refreshes = issued;
      const { browser } = await setup.gateway({ refreshSeconds });
      await browser.open(page);
      const cookie = browser.cookiesFor("app.test");
      pass(59);
      assert.equal((await browser.visit(page, { headers: { cookie } })).status, 200);
      pass(2);
      assert.equal((await browser.visit(page, { headers: { cookie } })).status, 302);
      assert.equal(refreshes(setup), 0);
    });
  }
});

test("oidc: a session ends with its refresh token, whatever the browser keeps", async (t) => {
  await using setup = await OidcCase.start();
  const pass = clock(t);
  const { browser } = await setup.gateway({ refreshSeconds: 3_600 });
  await browser.open(page);
  const cookie = browser.cookiesFor("app.test");
  pass(3_601);
  assert.equal((await browser.visit(page, { headers: { cookie } })).status, 302);
  assert.equal(refreshes(setup), 0);
});

test("oidc: a provider that refuses to renew has the user log in; one that is away is waited for", async (t) => {
  await using setup = await OidcCase.start();
  const pass = clock(t);
  const { browser } = await setup.gateway({}, { plane: { limits: { authTimeoutMs: 200 } } });
  await browser.open(page);
  pass(61);
  for (const tokens of ["dead", "silent", "garbage"] as const) {
    setup.provider.settings.tokens = tokens;
    const { status, cookies } = await browser.visit(page);
    assert.equal(status, 503, tokens);
    assert.deepEqual(cookies, [], "the session is kept");
  }
  setup.provider.settings.tokens = "good";
  const stolen = browser.copy();
  assert.equal((await browser.visit(page)).status, 200);
  const other = await setup.gateway({ logoutPath: "/elsewhere" }, {});
  const refused = await other.browser.takeCookies(stolen).visit(page);
  assert.equal(refused.status, 302, "a refresh token is good for one time");
  assert.match(refused.headers.get("location")!, /\/auth\?/);
});

test("oidc: renewed tokens of another user are nobody's", async (t) => {
  await using setup = await OidcCase.start();
  const pass = clock(t);
  const { browser } = await setup.gateway();
  await browser.open(page);
  pass(61);
  setup.provider.settings.claims = { sub: "eve" };
  assert.equal((await browser.visit(page)).status, 302);
});

test("oidc: gateways with the same key end each other's logins and read each other's sessions; others do not", async () => {
  await using setup = await OidcCase.start();
  const first = await setup.gateway();
  const second = await setup.gateway();
  const third = await setup.gateway({}, { plane: { sessionKey: Buffer.alloc(32, 8) } });
  const moveTo = (browser: TestBrowser) => browser.takeCookies(first.browser);
  const sent = await first.browser.visit(page);
  const callback = await first.browser.visit(sent.headers.get("location")!);
  const back = callback.headers.get("location")!;
  assert.equal((await moveTo(third.browser).visit(back)).status, 401);
  const done = await moveTo(second.browser).visit(back);
  assert.equal(done.status, 302);
  assert.equal((await second.browser.visit(page)).status, 200);
  assert.equal((await first.browser.takeCookies(second.browser).visit(page)).status, 200);
  assert.equal((await moveTo(third.browser).visit(page)).status, 302);
});

test("oidc: logging out forgets the session and leads to the provider", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway();
  await browser.open(page);
  const out = await browser.visit("http://app.test/logout");
  assert.equal(out.status, 302);
  const location = new URL(out.headers.get("location")!);
  assert.equal(location.origin + location.pathname, `${setup.provider.issuer}/end`);
  assert.equal(location.searchParams.get("post_logout_redirect_uri"), "http://app.test/");
  assert.match(location.searchParams.get("id_token_hint")!, /^ey/);
  assert.equal(browser.cookiesFor("app.test"), "");
  assert.equal((await browser.visit(page)).status, 302);
});

test("oidc: a provider that is away keeps nobody from logging out", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway({ issuer: "http://127.0.0.1:1", logoutPath: "/bye" });
  const out = await browser.visit("http://app.test/bye", {
    headers: { cookie: "OidcSession-abcd=x; IdToken-abcd_1=y" },
  });
  assert.equal(out.headers.get("location"), "http://app.test/");
  assert.deepEqual(
    out.cookies.map((line) => line.split(";")[0]),
    ["OidcSession-abcd=", "IdToken-abcd_1="],
  );
  assert.ok(out.cookies.every((line) => line.includes("Max-Age=0")));
});
