import assert from "node:assert/strict";
import { test } from "node:test";
import { clearClient } from "./http2-client.ts";
import { OidcCase } from "./oidc-case.ts";

const page = "http://app.test/";

async function loggedIn() {
  const setup = await OidcCase.start();
  const gateway = await setup.gateway();
  assert.equal((await gateway.browser.open(page)).status, 200);
  return { setup, ...gateway, cookie: gateway.browser.cookiesFor("app.test") };
}

test("oidc: cookies of one host are nothing at another of the same policy", async () => {
  const { setup, browser, cookie } = await loggedIn();
  await using _ = setup;
  assert.equal((await browser.visit(page, { headers: { cookie } })).status, 200);
  for (const host of ["other.test", "shop.app.test"])
    assert.equal((await browser.visit(`http://${host}/`, { headers: { cookie } })).status, 302, host);
});

test("oidc: cookies of one policy are nothing to another, whatever it calls its cookies", async () => {
  const { setup, cookie } = await loggedIn();
  await using _ = setup;
  for (const other of [{ policy: "demo/other" }, { clientId: "other" }, { policy: "demo", clientId: "login" }]) {
    const { browser } = await setup.gateway(other);
    assert.equal((await browser.visit(page, { headers: { cookie } })).status, 302);
  }
});

test("oidc: a domain's cookies hold at all of its hosts, and at no other", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway({ cookieDomain: "app.test" });
  assert.equal((await browser.open("http://shop.app.test/")).status, 200);
  assert.equal((await browser.visit(page)).status, 200);
  const elsewhere = await browser.visit("http://other.test/", { headers: { cookie: browser.cookiesFor("app.test") } });
  assert.equal(elsewhere.status, 500, "a login there could never end");
});

test("oidc: a cookie of which one character is changed, or one that is missing, is no session", async () => {
  const { setup, browser, cookie } = await loggedIn();
  await using _ = setup;
  const pairs = cookie.split("; ").filter((pair) => !pair.startsWith("OidcLogin"));
  assert.equal(pairs.length, 4);
  for (const pair of pairs) {
    const at = pair.length >> 1;
    const changed = pair.slice(0, at) + (pair[at] === "A" ? "B" : "A") + pair.slice(at + 1);
    for (const other of [changed, `${pair}A`, pair.slice(0, -1), "x=y"]) {
      const forged = pairs.map((one) => (one === pair ? other : one)).join("; ");
      assert.equal((await browser.visit(page, { headers: { cookie: forged } })).status, 302, `${pair} as ${other}`);
    }
  }
});

test("oidc: tokens of two sessions do not mix", async () => {
  const { setup, browser, cookie } = await loggedIn();
  await using _ = setup;
  setup.provider.settings.user = "eve";
  const other = await setup.gateway();
  await other.browser.open(page);
  const named = (pair: string) => [pair.slice(0, pair.indexOf("=")), pair] as const;
  const own = new Map(cookie.split("; ").map(named));
  for (const [name, pair] of other.browser.cookiesFor("app.test").split("; ").map(named)) {
    if (!own.has(name) || name.startsWith("OidcLogin")) continue;
    const mixed = [...new Map([...own, [name, pair]]).values()].join("; ");
    assert.equal((await browser.visit(page, { headers: { cookie: mixed } })).status, 302, name);
  }
});

test("oidc: a session that has ended is none, whatever its cookies say", async (t) => {
  const { setup, browser, cookie } = await loggedIn();
  await using _ = setup;
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  t.mock.timers.tick(604_801_000);
  assert.equal((await browser.visit(page, { headers: { cookie } })).status, 302);
});

test("oidc: a login ends in the browser where it began, in time, and once", async (t) => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway();
  const begin = async () => {
    const sent = await browser.visit(page);
    return (await browser.visit(sent.headers.get("location")!)).headers.get("location")!;
  };
  const callback = await begin();
  const late = await begin();
  const stranger = (await setup.gateway()).browser;
  assert.equal((await stranger.visit(callback)).status, 401, "another browser");
  await stranger.visit(page);
  assert.equal((await stranger.visit(callback)).status, 401, "another browser with a login of its own");
  for (const [name, change] of [
    ["another state", (url: URL) => url.searchParams.set("state", `${url.searchParams.get("state")}A`)],
    ["no state", (url: URL) => url.searchParams.delete("state")],
    ["an empty state", (url: URL) => url.searchParams.set("state", "")],
    ["a state without a name", (url: URL) => url.searchParams.set("state", ".x")],
    ["a huge state", (url: URL) => url.searchParams.set("state", "x".repeat(9_000))],
  ] as const) {
    const url = new URL(callback);
    change(url);
    const { status, cookies } = await browser.visit(url);
    assert.deepEqual([status, cookies], [401, []], name);
  }
  assert.equal(setup.provider.questions.length, 0);
  assert.equal((await browser.visit(callback)).status, 302);
  assert.equal((await browser.visit(callback)).status, 401, "the same code again");
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 601_000 });
  assert.equal((await browser.visit(late)).status, 401, "too late");
});

test("oidc: a login leads back to the page it began at, and nowhere else", async () => {
  await using setup = await OidcCase.start();
  for (const path of ["//evil.test/", "///evil.test/", "/%2f%2fevil.test", "/?to=http://evil.test", "/@evil.test"]) {
    const { browser } = await setup.gateway();
    const begun = await browser.visit(`http://app.test${path}`);
    const callback = await browser.visit(begun.headers.get("location")!);
    const back = await browser.visit(callback.headers.get("location")!);
    assert.equal(new URL(back.headers.get("location")!).host, "app.test", path);
  }
});

test("oidc: a login that began at one host does not end at another", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway();
  const sent = await browser.visit(page);
  const callback = new URL((await browser.visit(sent.headers.get("location")!)).headers.get("location")!);
  const cookie = browser.cookiesFor("app.test");
  callback.hostname = "other.test";
  assert.equal((await browser.visit(callback, { headers: { cookie } })).status, 401);
});

test("oidc: what clients say of proxies is not believed", async () => {
  await using setup = await OidcCase.start();
  const { browser } = await setup.gateway();
  const sent = await browser.visit(page, {
    headers: { "x-forwarded-proto": "https", "x-forwarded-host": "evil.test", forwarded: "host=evil.test;proto=https" },
  });
  const asked = new URL(sent.headers.get("location")!).searchParams;
  assert.equal(asked.get("redirect_uri"), "http://app.test/oauth2/callback");
});

test("oidc: behind a trusted proxy that ends TLS, and with a redirectURL of https, cookies are secure", async () => {
  await using setup = await OidcCase.start();
  const trusting = { plane: { settings: { trust: { trustedHops: 1, source: "x-forwarded-for" } } } } as const;
  for (const { browser } of [
    await setup.gateway({}, trusting),
    await setup.gateway({ redirectUrl: { scheme: "https", authority: undefined, path: "/oauth2/callback" } }),
  ]) {
    const headers = { "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https" };
    const sent = await browser.visit(page, { headers });
    const location = new URL(sent.headers.get("location")!);
    assert.equal(location.searchParams.get("redirect_uri"), "https://app.test/oauth2/callback");
    assert.match(sent.cookies[0]!, /^__Host-OidcLogin-abcd-[0-9a-f]{8}=.*; Secure; SameSite=Lax$/);
    const callback = new URL((await browser.visit(location)).headers.get("location")!);
    callback.protocol = "http:";
    const done = await browser.visit(callback, { headers });
    assert.equal(done.headers.get("location"), "https://app.test/");
    assert.equal((await browser.visit(page, { headers })).status, 200);
  }
});

test("oidc: the same over HTTP/2, with a cookie in many fields", async () => {
  const { setup, plane, cookie } = await loggedIn();
  await using _ = setup;
  await using client = clearClient(plane.port);
  const send = (...pairs: readonly string[]) =>
    client.request({ ":path": "/", ":authority": "app.test", ...(pairs.length === 0 ? {} : { cookie: [...pairs] }) });
  assert.equal((await send(...cookie.split("; "))).status, 200);
  assert.equal((await send()).status, 302);
  assert.equal(
    (
      await send(
        ...cookie
          .split("; ")
          .slice(1)
          .filter((pair) => !pair.startsWith("OidcSession")),
      )
    ).status,
    302,
  );
});
