import assert from "node:assert/strict";
import type { Judge } from "./judge.ts";

/** What of playwright-core's types is used: the package is no dependency of this one. */
export type Page = {
  goto(url: string, options?: object): Promise<{ status(): number } | null>;
  url(): string;
  fill(selector: string, value: string): Promise<void>;
  click(selector: string): Promise<void>;
  textContent(selector: string): Promise<string | null>;
  waitForURL(url: RegExp, options?: object): Promise<void>;
  waitForSelector(selector: string): Promise<unknown>;
  waitForTimeout(ms: number): Promise<void>;
  evaluate<T>(expression: string): Promise<T>;
};

type Cookie = {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: string;
};

export type Context = {
  newPage(): Promise<Page>;
  cookies(url: string): Promise<readonly Cookie[]>;
  clearCookies(): Promise<void>;
  setDefaultTimeout(ms: number): void;
  close(): Promise<void>;
};

export type BrowserTools = { newContext(options: object): Promise<Context> };

/** Access tokens of the provider are good for 5 s. */
const expiredMs = 5_500;

/** What the backend was sent for a page. */
type Told = { readonly method: string; readonly url: string; readonly headers: Readonly<Record<string, string>> };

async function told(page: Page): Promise<Told> {
  return JSON.parse((await page.textContent("#told")) ?? "") as Told;
}

async function open(page: Page, url: string): Promise<number> {
  const response = await page.goto(url, { waitUntil: "domcontentloaded" });
  return response?.status() ?? 0;
}

const consent = "button:has-text('Continue')";

/** At the provider's pages: gives a name, and consents. */
async function logIn(page: Page, user: string, back: RegExp): Promise<void> {
  await page.fill("input[name=login]", user);
  await page.fill("input[name=password]", "any");
  await page.click("button[type=submit]");
  // The provider remembers what a user has consented to.
  await page.waitForSelector(`${consent}, #told`);
  if (!back.test(page.url())) await page.click(consent);
  await page.waitForURL(back, { waitUntil: "domcontentloaded" });
}

/** A page of a host behind a login, once the user is logged in. */
async function logInAt(judge: Judge, context: Context, host: string, user: string): Promise<Page> {
  const page = await context.newPage();
  await open(page, `https://${host}:${judge.ports[0]}/home`);
  await logIn(page, user, new RegExp(`^https://${host}:[0-9]+/home`));
  return page;
}

async function cookieHeader(context: Context, url: string): Promise<string> {
  return (await context.cookies(url)).map(({ name, value }) => `${name}=${value}`).join("; ");
}

/** What scripts of a page get for a path: status of an answer, or how it was redirected. */
function fetchStatus(path: string, headers = "{}"): string {
  return `fetch(${JSON.stringify(path)}, { redirect: "manual", headers: ${headers} }).then((r) => r.type === "opaqueredirect" ? 302 : r.status)`;
}

type Check = (judge: Judge, context: Context) => Promise<void>;

export const checks: Readonly<Record<string, Check>> = {
  "a login ends at the page that was asked for, and the backend is told who it is": async (judge, context) => {
    const page = await context.newPage();
    const url = `https://app.test:${judge.ports[0]}/reports?year=2026&q=a%20b`;
    await open(page, url);
    assert.match(page.url(), /^http:\/\/127\.0\.0\.1:[0-9]+\/interaction\//);
    await logIn(page, "ann", /^https:\/\/app\.test/);
    assert.equal(page.url(), url);
    const { headers } = await told(page);
    const claims = JSON.parse(Buffer.from(headers["x-id-token"]!.split(".")[1]!, "base64url").toString());
    assert.equal(claims.sub, "ann");
    assert.match(headers["authorization"]!, /^Bearer .{20}/);
    assert.equal(headers["cookie"], undefined);
  },
  "cookies are for one host, by TLS, and no script sees them": async (judge, context) => {
    const page = await logInAt(judge, context, "app.test", "ann");
    const cookies = await context.cookies(`https://app.test:${judge.ports[0]}/`);
    assert.ok(cookies.some(({ name }) => name.startsWith("__Host-OidcSession-")));
    for (const cookie of cookies) {
      assert.deepEqual(
        [cookie.secure, cookie.httpOnly, cookie.sameSite, cookie.domain, cookie.path],
        [true, true, "Lax", "app.test", "/"],
        cookie.name,
      );
    }
    assert.equal(await page.evaluate("document.cookie"), "");
  },
  "three tabs that were opened before the login each end at their own page": async (judge, context) => {
    const pages = await Promise.all([1, 2, 3].map(() => context.newPage()));
    const url = (tab: number) => `https://app.test:${judge.ports[0]}/tab/${tab}`;
    await Promise.all(pages.map((page, tab) => open(page, url(tab))));
    for (const [tab, page] of pages.entries()) {
      await logIn(page, "ann", /^https:\/\/app\.test/);
      assert.equal(page.url(), url(tab));
      assert.equal((await told(page)).url, `/tab/${tab}`);
    }
  },
  "a script gets 401 rather than a login": async (judge, context) => {
    const page = await context.newPage();
    await open(page, `https://app.test:${judge.ports[0]}/open/page`);
    const header = '{ "x-requested-with": "XMLHttpRequest" }';
    assert.equal(await page.evaluate(fetchStatus("/data", header)), 401);
    assert.equal(await page.evaluate(fetchStatus("/data")), 302);
  },
  "expired tokens are renewed once for five requests at a time, and again later": async (judge, context) => {
    const page = await logInAt(judge, context, "app.test", "ann");
    const first = (await told(page)).headers["authorization"];
    const before = judge.countGrants("refresh_token");
    for (const round of [1, 2]) {
      await page.waitForTimeout(expiredMs);
      const five = `Promise.all([1, 2, 3, 4, 5].map((n) => ${fetchStatus("/data")}))`;
      assert.deepEqual(await page.evaluate(five), [200, 200, 200, 200, 200]);
      assert.equal(judge.countGrants("refresh_token"), before + round);
    }
    assert.equal(await open(page, `https://app.test:${judge.ports[0]}/home`), 200);
    assert.notEqual((await told(page)).headers["authorization"], first);
  },
  "another gateway with the same key takes the session": async (judge, context) => {
    const page = await logInAt(judge, context, "app.test", "ann");
    const url = `https://app.test:${judge.ports[1]}/home`;
    assert.equal(await open(page, url), 200);
    assert.equal(page.url(), url);
    assert.equal((await told(page)).url, "/home");
  },
  "cookies are nothing at another host, to another policy, or when they are changed": async (judge, context) => {
    await logInAt(judge, context, "app.test", "ann");
    const cookie = await cookieHeader(context, `https://app.test:${judge.ports[0]}/`);
    assert.equal((await judge.ask("app.test", "/", { cookie })).status, 200);
    for (const host of ["second.test", "strict.test"])
      assert.equal((await judge.ask(host, "/", { cookie })).status, 302, host);
    for (const pair of cookie.split("; ").filter((one) => !one.includes("OidcLogin"))) {
      const at = pair.length - 8;
      const changed = pair.slice(0, at) + (pair[at] === "A" ? "B" : "A") + pair.slice(at + 1);
      assert.equal((await judge.ask("app.test", "/", { cookie: cookie.replace(pair, changed) })).status, 302, pair);
    }
  },
  "a login that begins at a path like another host's ends at this host": async (judge, context) => {
    const page = await logInAt(judge, context, "app.test", "ann");
    for (const path of ["//evil.test/x", "/%2F%2Fevil.test", "/\\evil.test"]) {
      await context.clearCookies();
      await open(page, `https://app.test:${judge.ports[0]}${path}`);
      await logIn(page, "ann", /^https:/);
      assert.equal(new URL(page.url()).hostname, "app.test", path);
    }
    const { location } = await judge.ask("app.test", "/", {
      "x-forwarded-host": "evil.test",
      "x-forwarded-proto": "http",
      forwarded: "host=evil.test",
    });
    const redirect = location!.searchParams.get("redirect_uri");
    assert.equal(redirect, `https://app.test:${judge.ports[0]}/oauth2/callback`);
  },
  "strict cookies do not send the browser round in circles": async (judge, context) => {
    const page = await logInAt(judge, context, "strict.test", "ann");
    assert.equal((await told(page)).url, "/home");
    const cookies = await context.cookies(`https://strict.test:${judge.ports[0]}/`);
    assert.ok(cookies.some(({ name, sameSite }) => name.includes("OidcSession") && sameSite === "Strict"));
  },
  "logging out ends both sessions: the next visit asks for a name again": async (judge, context) => {
    const page = await logInAt(judge, context, "app.test", "ann");
    await open(page, `https://app.test:${judge.ports[0]}/logout`);
    assert.match(page.url(), /\/session\/end/);
    await page.click("button[value=yes]");
    await page.waitForSelector("input[name=login]");
    const left = await context.cookies(`https://app.test:${judge.ports[0]}/`);
    assert.deepEqual(
      left.map(({ name }) => name.replace(/-[0-9a-f-]+$/, "")),
      ["__Host-OidcLogin"],
    );
  },
  "csrf: a form of another site changes nothing; one of this site, or of a permitted one, does": async (
    judge,
    context,
  ) => {
    const page = await context.newPage();
    const [port] = judge.ports;
    const to = encodeURIComponent(`https://form.test:${port}/change`);
    for (const [from, expected] of [
      [`https://app.test:${port}/open/form?to=${to}`, 403],
      [`https://form.test:${port}/open/form?to=${to}`, 200],
      [`https://partner.test:${port}/open/form?to=${to}`, 200],
    ] as const) {
      await open(page, from);
      await page.click("button");
      await page.waitForURL(/\/change$/, { waitUntil: "domcontentloaded" });
      const body = await page.textContent("body");
      assert.equal(body?.includes('"method":"POST"'), expected === 200, from);
    }
  },
  "a provider that is slow costs no more than its time limit, and the session is kept": async (judge, context) => {
    const page = await logInAt(judge, context, "app.test", "ann");
    const cookie = await cookieHeader(context, `https://app.test:${judge.ports[0]}/`);
    judge.signalProvider("SIGSTOP");
    try {
      await page.waitForTimeout(expiredMs);
      const began = performance.now();
      assert.equal((await judge.ask("app.test", "/", { cookie })).status, 503);
      assert.ok(performance.now() - began < 8_000);
      assert.equal((await judge.ask("app.test", "/open")).status, 200, "other routes go on");
    } finally {
      judge.signalProvider("SIGCONT");
    }
  },
  "a provider that is gone lets nobody in, and keeps nobody out before the tokens expire": async (judge, context) => {
    const page = await logInAt(judge, context, "app.test", "ann");
    const cookie = await cookieHeader(context, `https://app.test:${judge.ports[0]}/`);
    judge.signalProvider("SIGKILL");
    assert.equal((await judge.ask("app.test", "/", { cookie })).status, 200);
    await page.waitForTimeout(expiredMs);
    assert.equal((await judge.ask("app.test", "/", { cookie })).status, 503);
    assert.equal((await judge.ask("app.test", "/oauth2/callback?code=x&state=y")).status, 401);
    assert.equal(
      (await judge.ask("strict.test", "/", { cookie }, 1)).status,
      503,
      "its configuration was never read here",
    );
  },
};
