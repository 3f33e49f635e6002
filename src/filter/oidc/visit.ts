import { type FilterExchange, type Verdict, type Waiting, waiting } from "../contract/exchange.ts";
import { type LocalReply, page } from "../contract/local-reply.ts";
import type { RequestHead } from "../contract/message.ts";
import { cookiePairs, isCookieText, readCookies, setCookie } from "./cookies.ts";
import { type Gatekeeper, type Result, resultOf } from "./gatekeeper.ts";
import { browserSecret } from "./logins.ts";
import { isInDomain, originOf, type RequestOrigin } from "./origin.ts";
import type { IssuedTokens } from "./provider.ts";
import { failureOf, type ProviderFailure } from "./provider-error.ts";
import type { RefreshOutcome } from "./refreshes.ts";
import {
  badCallback,
  loginNeeded,
  loginRefused,
  noStore,
  returnTo,
  tooLarge,
  unavailable,
  wrongHost,
} from "./replies.ts";
import type { CookieNames, Session } from "./session-cookies.ts";

/** One request at a policy with a login. Spec: SecurityPolicy.oidc. */
export class Visit {
  /** For the answer: a renewed session. */
  setCookies: readonly string[] = [];
  readonly #keeper: Gatekeeper;
  readonly #request: RequestHead;
  readonly #exchange: FilterExchange;
  /** The request's own: what is asked of a provider may come back when the request is over, and its head another's. */
  readonly #host: string;
  readonly #cookies: ReadonlyMap<string, string>;
  #isCancelled = false;

  constructor(keeper: Gatekeeper, request: RequestHead, exchange: FilterExchange) {
    this.#keeper = keeper;
    this.#request = request;
    this.#exchange = exchange;
    this.#host = request.host;
    this.#cookies = readCookies(request.header("cookie"));
  }

  decide(): Verdict | Waiting {
    const { filter } = this.#keeper;
    const origin = originOf(filter, this.#request);
    if (origin === undefined || !isInDomain(this.#host, filter.cookieDomain)) return wrongHost;
    if (filter.forwardIdTokenHeader !== "") this.#request.removeHeader(filter.forwardIdTokenHeader);
    const { path } = this.#request;
    if (path === filter.redirectUrl.path) return this.#wait(this.#finishLogin(origin));
    if (path === filter.logoutPath) return this.#wait(this.#logout(origin));
    if (this.#bringsToken()) {
      this.#hideCookies(origin, undefined);
      return undefined;
    }
    const session = this.#session(origin);
    if (session === undefined) return this.#askForLogin(origin);
    if (session.expiresSeconds > this.#nowSeconds()) {
      this.#admit(origin, session);
      return undefined;
    }
    if (session.refreshToken === undefined) return this.#askForLogin(origin);
    return this.#wait(this.#renew(origin, session, session.refreshToken));
  }

  cancel(): void {
    this.#isCancelled = true;
  }

  /** Goes on with what a promise comes to; what it throws is a bug, and lets nobody in. */
  #wait(verdict: Promise<Verdict>): Waiting {
    verdict
      .catch(() => unavailable)
      .then((reply) => {
        if (!this.#isCancelled) this.#exchange.resume(reply);
      });
    return waiting;
  }

  /** A token that `jwt`, which comes behind, requires and verifies. */
  #bringsToken(): boolean {
    return this.#keeper.filter.passThrough.some(({ name, prefix }) => {
      const value = this.#request.header(name);
      return value?.startsWith(prefix) === true && jwtPattern.test(value.slice(prefix.length));
    });
  }

  #askForLogin(origin: RequestOrigin): Verdict | Waiting {
    return this.#canLogIn() ? this.#wait(this.#beginLogin(origin)) : this.#refuse();
  }

  /** Whether whoever asks could follow a redirect to a page of the provider's. */
  #canLogIn(): boolean {
    const { grpc } = this.#exchange.facts;
    return !grpc && !this.#request.upgrade && !this.#keeper.deniesRedirect(this.#request);
  }

  #refuse(): LocalReply {
    this.#keeper.counters.refused.add(1);
    return loginNeeded;
  }

  async #beginLogin(origin: RequestOrigin): Promise<Verdict> {
    const { filter, logins, provider, counters } = this.#keeper;
    const names = this.#names(origin);
    const browser = browserSecret(this.#cookies, names.browser);
    const returnUrl = new URL(`${origin.origin}${this.#target()}`);
    const login = logins.begin(browser, returnUrl, this.#nowSeconds() + filter.loginSeconds);
    try {
      const location = await provider.loginUrl({ ...login, redirectUri: origin.redirectUri });
      counters.redirected.add(1);
      const attributes = { ...this.#keeper.attributes(origin.secure), sameSite: this.#loginSameSite() };
      return {
        ...page(302, [
          ["location", location],
          noStore,
          ["set-cookie", setCookie(browser.name, browser.secret, filter.loginSeconds, attributes)],
        ]),
        flag: "LN",
      };
    } catch (error) {
      return this.#failBy(failureOf(error));
    }
  }

  async #finishLogin(origin: RequestOrigin): Promise<Verdict> {
    const { filter, logins, provider, counters } = this.#keeper;
    const query = new URLSearchParams(this.#request.query);
    const login = logins.end(this.#cookies, query.get("state"), this.#nowSeconds());
    if (login === undefined || !this.#mayReturnTo(login.returnUrl, origin)) {
      return this.#fail("callbackInvalid", badCallback);
    }
    try {
      const issued = await provider.exchange({
        ...login,
        query: this.#request.query,
        redirectUri: origin.redirectUri,
      });
      const session = this.#sessionOf(issued, undefined);
      if (session === undefined) return this.#failBy("invalid");
      const lines = this.#write(origin, session);
      if (lines === undefined) return this.#fail("tokensTooLarge", tooLarge);
      counters.loggedIn.add(1);
      return returnTo(login.returnUrl.href, lines, filter.sameSite === "Strict");
    } catch (error) {
      return this.#failBy(failureOf(error));
    }
  }

  /** An address that a login may end at: of the host where it ends, or of another that has the same cookies. */
  #mayReturnTo({ hostname, origin: target }: URL, { origin }: RequestOrigin): boolean {
    const { cookieDomain } = this.#keeper.filter;
    return target === origin || (cookieDomain !== "" && isInDomain(hostname, cookieDomain));
  }

  async #logout(origin: RequestOrigin): Promise<Verdict> {
    const session = this.#session(origin);
    const first = `${origin.origin}/`;
    const location = (await this.#keeper.provider.logoutUrl(first, session?.idToken)) ?? first;
    this.#keeper.counters.loggedOut.add(1);
    const attributes = this.#keeper.attributes(origin.secure);
    const lines = [...this.#cookies.keys()]
      .filter((name) => this.#isOwn(origin, name))
      .map((name) => ["set-cookie", setCookie(name, "", 0, attributes)] as const);
    return page(302, [["location", location], noStore, ...lines]);
  }

  async #renew(origin: RequestOrigin, session: Session, refreshToken: string): Promise<Verdict> {
    const { host, names } = this.#place(origin);
    // A provider may leave a refresh token as it is: the session that has expired tells one refresh from the next.
    const place = `${host}\n${names.session}\n${session.expiresSeconds}`;
    const outcome = await this.#keeper.refreshes.of(place, refreshToken, () =>
      this.#refresh(origin, session, refreshToken),
    );
    if (this.#isCancelled) return undefined;
    switch (outcome.kind) {
      case "renewed":
        this.setCookies = outcome.setCookies;
        this.#admit(origin, outcome.session);
        return undefined;
      case "refused":
        return this.#canLogIn() ? this.#beginLogin(origin) : this.#refuse();
      case "failed":
        return this.#failBy(outcome.failure);
    }
  }

  async #refresh(origin: RequestOrigin, session: Session, refreshToken: string): Promise<RefreshOutcome> {
    try {
      const issued = await this.#keeper.provider.refresh(refreshToken, session.claims["sub"]);
      const renewed = this.#sessionOf(issued, session);
      const setCookies = renewed === undefined ? undefined : this.#write(origin, renewed);
      if (renewed === undefined || setCookies === undefined) return { kind: "failed", failure: "invalid" };
      this.#keeper.counters.renewed.add(1);
      return { kind: "renewed", session: renewed, setCookies };
    } catch (error) {
      const failure = failureOf(error);
      return failure === "refused" ? { kind: "refused" } : { kind: "failed", failure };
    }
  }

  /** `undefined` when nobody says how long the tokens are good, or there is no id token. */
  #sessionOf(issued: IssuedTokens, earlier: Session | undefined): Session | undefined {
    const { defaultTokenSeconds, refreshSeconds } = this.#keeper.filter;
    const now = this.#nowSeconds();
    const lifetime = issued.expiresInSeconds ?? defaultTokenSeconds;
    const idToken = issued.idToken ?? earlier?.idToken;
    const claims = issued.claims ?? earlier?.claims;
    if (!(lifetime > 0) || idToken === undefined || claims === undefined) return undefined;
    const refreshToken = refreshSeconds === 0 ? undefined : (issued.refreshToken ?? earlier?.refreshToken);
    const expiresSeconds = now + lifetime;
    const endsSeconds = refreshToken === undefined ? expiresSeconds : now + Math.max(lifetime, refreshSeconds);
    return { accessToken: issued.accessToken, idToken, refreshToken, claims, expiresSeconds, endsSeconds };
  }

  #admit(origin: RequestOrigin, session: Session): void {
    const { filter } = this.#keeper;
    const { established } = this.#exchange;
    const { sub } = session.claims;
    established.principal = typeof sub === "string" ? sub : undefined;
    established.claims = session.claims;
    if (filter.forwardAccessToken) this.#request.setHeader("authorization", `Bearer ${session.accessToken}`);
    if (filter.forwardIdTokenHeader !== "") this.#request.setHeader(filter.forwardIdTokenHeader, session.idToken);
    this.#hideCookies(origin, session);
    this.#keeper.counters.admitted.add(1);
  }

  /** Takes the policy's cookies off the request; those that the policy names show their tokens to what comes behind. */
  #hideCookies(origin: RequestOrigin, session: Session | undefined): void {
    const header = this.#request.header("cookie");
    if (header === undefined) return;
    const { filter } = this.#keeper;
    const kept = [...cookiePairs(header)].filter(([name]) => !this.#isOwn(origin, name));
    if (session !== undefined && filter.showsAccessToken && isCookieText(session.accessToken))
      kept.push([filter.accessTokenCookie, session.accessToken]);
    if (session !== undefined && filter.showsIdToken) kept.push([filter.idTokenCookie, session.idToken]);
    if (kept.length === 0) this.#request.removeHeader("cookie");
    else this.#request.setHeader("cookie", kept.map(([name, value]) => `${name}=${value}`).join("; "));
  }

  #isOwn(origin: RequestOrigin, name: string): boolean {
    const { browser, ...tokens } = this.#names(origin);
    const whole = name.replace(/_[0-9]{1,2}$/, "");
    return name.startsWith(`${browser}-`) || Object.values(tokens).some((own) => own === whole || own === name);
  }

  #session(origin: RequestOrigin): Session | undefined {
    return this.#keeper.sessions.read(this.#cookies, this.#place(origin), this.#nowSeconds());
  }

  /** Lines that set the session's cookies, and take away parts of longer ones before. */
  #write(origin: RequestOrigin, session: Session): readonly string[] | undefined {
    const attributes = this.#keeper.attributes(origin.secure);
    const at = { nowSeconds: this.#nowSeconds(), attributes };
    const lines = this.#keeper.sessions.write(session, this.#place(origin), at);
    if (lines === undefined) return undefined;
    const written = new Set(lines.map((line) => line.slice(0, line.indexOf("="))));
    const { browser } = this.#names(origin);
    const stale = [...this.#cookies.keys()].filter(
      (name) => this.#isOwn(origin, name) && !written.has(name) && !name.startsWith(`${browser}-`),
    );
    return [...lines, ...stale.map((name) => setCookie(name, "", 0, attributes))];
  }

  #place(origin: RequestOrigin): { readonly host: string; readonly names: CookieNames } {
    return { host: this.#keeper.filter.cookieDomain || this.#host, names: this.#names(origin) };
  }

  #names(origin: RequestOrigin): CookieNames {
    return this.#keeper.names(origin.secure);
  }

  #loginSameSite(): "Lax" | "None" {
    return this.#keeper.filter.sameSite === "None" ? "None" : "Lax";
  }

  /** Path and query as the client sent them. */
  #target(): string {
    const { spelledPath, query } = this.#request;
    return query === "" ? spelledPath : `${spelledPath}?${query}`;
  }

  #failBy(failure: ProviderFailure): LocalReply {
    return this.#fail(resultOf[failure], failure === "refused" ? loginRefused : unavailable);
  }

  #fail(result: Result, reply: LocalReply): LocalReply {
    this.#keeper.counters[result].add(1);
    return reply;
  }

  #nowSeconds(): number {
    return Math.floor(this.#keeper.clock.nowMs() / 1_000);
  }
}

/** Three parts of base64url, as every JWT that is signed. */
const jwtPattern = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
