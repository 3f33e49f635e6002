import { createHash, timingSafeEqual } from "node:crypto";
import type { FilterOfKind } from "../contract/build.ts";
import { type CookieAttributes, isCookieText, joinText, setCookie, splitText } from "./cookies.ts";
import type { Seal } from "./seal.ts";

type Oidc = FilterOfKind<"oidc">;

/** Tokens of one user, and until when they are good. Seconds since the epoch. */
export type Session = {
  readonly accessToken: string;
  readonly idToken: string;
  /** `undefined`: it cannot be renewed. */
  readonly refreshToken: string | undefined;
  readonly expiresSeconds: number;
  /** Of the refresh token, or of the session where there is none. */
  readonly endsSeconds: number;
  /** Of the id token, which was verified when it came. */
  readonly claims: Readonly<Record<string, unknown>>;
};

/** Longest tokens of a session, sealed, together: a browser sends them with every request. Characters. */
const maxTokenText = 32_768;

const tokenNames = ["accessToken", "idToken", "refreshToken"] as const;
type TokenName = (typeof tokenNames)[number];

/** Names of the cookies of a policy, on a secure origin or another. */
export type CookieNames = { readonly [K in TokenName]: string } & {
  readonly session: string;
  readonly browser: string;
};

/** Names with `__Host-` are refused by browsers where a neighbouring host has set them. */
export function cookieNames(filter: Oidc, secure: boolean): CookieNames {
  const prefix = secure && filter.cookieDomain === "" ? "__Host-" : "";
  return {
    accessToken: filter.accessTokenCookie,
    idToken: filter.idTokenCookie,
    refreshToken: `RefreshToken-${filter.cookieSuffix}`,
    session: `${prefix}OidcSession-${filter.cookieSuffix}`,
    browser: `${prefix}OidcLogin-${filter.cookieSuffix}`,
  };
}

/** What the session's cookie says, sealed: it holds the cookies of the tokens together. */
type SessionRecord = {
  /** Seconds since the epoch. */
  readonly expires: number;
  readonly ends: number;
  /** Of the cookies of the tokens, in the order of {@link tokenNames}; 0: there is none. Characters. */
  readonly lengths: readonly number[];
  /** SHA-256 of those texts. */
  readonly digest: string;
};

/** Where a session holds: cookies that were given to one host (or domain) are nothing at another. */
export type SessionPlace = { readonly host: string; readonly names: CookieNames };

/** Opened sessions that are remembered: opening one costs more than all else of a request. */
const maxRemembered = 512;
/** Tokens, sealed, of a session that is remembered, together. Characters. */
const maxRememberedText = 8_192;

/** A session that was opened, and the cookies of tokens that it was opened with. */
type Opened = { readonly texts: readonly string[]; readonly session: Session };

/** Sessions as cookies. Whatever was not written by a gateway with the same key, for that policy and host, is no session. */
export class SessionCookies {
  readonly #filter: Oidc;
  readonly #seal: Seal;
  /** By host and session cookie, the latest last. */
  readonly #remembered = new Map<string, Opened>();

  constructor(filter: Oidc, seal: Seal) {
    this.#filter = filter;
    this.#seal = seal;
  }

  /** `undefined` where there is no session, or none that is still good for anything. */
  read(cookies: ReadonlyMap<string, string>, place: SessionPlace, nowSeconds: number): Session | undefined {
    const text = cookies.get(place.names.session);
    if (text === undefined) return undefined;
    const key = `${place.host}\n${text}`;
    const known = this.#remembered.get(key);
    const opened =
      known !== undefined && hasTexts(cookies, place, known.texts) ? known : this.#open(text, cookies, place);
    if (opened === undefined || opened.session.endsSeconds <= nowSeconds) return undefined;
    if (opened !== known) this.#remember(key, opened);
    return opened.session;
  }

  #open(text: string, cookies: ReadonlyMap<string, string>, place: SessionPlace): Opened | undefined {
    const opened = this.#seal.open(purpose("session", place), text);
    if (opened === undefined) return undefined;
    const record = JSON.parse(opened) as SessionRecord;
    const texts = tokenNames.map((name, index) => joinText(cookies, place.names[name], record.lengths[index] ?? 0));
    if (texts.includes(undefined) || !sameDigest(digestOf(texts as string[]), record.digest)) return undefined;
    const [accessToken, idToken, refreshToken] = tokenNames.map((name, index) =>
      texts[index] === "" ? undefined : this.#openToken(name, texts[index] as string, place),
    );
    const claims = idToken === undefined ? undefined : claimsOf(idToken);
    if (accessToken === undefined || idToken === undefined || claims === undefined) return undefined;
    const { expires: expiresSeconds, ends: endsSeconds } = record;
    const session = { accessToken, idToken, refreshToken, claims, expiresSeconds, endsSeconds };
    return { texts: texts as string[], session };
  }

  #remember(key: string, opened: Opened): void {
    if (lengthOf(opened.texts) > maxRememberedText) return;
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size < maxRemembered) break;
      this.#remembered.delete(oldest);
    }
    this.#remembered.set(key, opened);
  }

  /** Set-Cookie lines; `undefined` when the tokens are too long for cookies, or cannot stand there unencrypted. */
  write(
    session: Session,
    place: SessionPlace,
    at: { readonly nowSeconds: number; readonly attributes: CookieAttributes },
  ): readonly string[] | undefined {
    const texts = tokenNames.map((name) => {
      const token = session[name];
      return token === undefined ? "" : this.#closeToken(name, token, place);
    });
    const isPossible = texts.every(isCookieText) && lengthOf(texts) <= maxTokenText;
    if (!isPossible) return undefined;
    const record: SessionRecord = {
      expires: session.expiresSeconds,
      ends: session.endsSeconds,
      lengths: texts.map((text) => text.length),
      digest: digestOf(texts),
    };
    const sealed = this.#seal.close(purpose("session", place), JSON.stringify(record));
    const pairs = [
      ...tokenNames.flatMap((name, index) => splitText(place.names[name], texts[index] ?? "")),
      [place.names.session, sealed] as const,
    ];
    const lifetime = Math.max(1, session.endsSeconds - at.nowSeconds);
    return pairs.map(([name, value]) => setCookie(name, value, lifetime, at.attributes));
  }

  #isSealed(name: TokenName): boolean {
    return this.#filter.encryptTokens || name === "refreshToken";
  }

  #closeToken(name: TokenName, token: string, place: SessionPlace): string {
    return this.#isSealed(name) ? this.#seal.close(purpose(name, place), token) : token;
  }

  #openToken(name: TokenName, text: string, place: SessionPlace): string | undefined {
    return this.#isSealed(name) ? this.#seal.open(purpose(name, place), text) : text;
  }
}

function hasTexts(cookies: ReadonlyMap<string, string>, { names }: SessionPlace, texts: readonly string[]): boolean {
  return tokenNames.every((name, index) => joinText(cookies, names[name], texts[index]!.length) === texts[index]);
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}

function purpose(what: string, { host }: SessionPlace): string {
  return `${what}\n${host}`;
}

function digestOf(texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("base64url");
}

function sameDigest(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** The claims of a JWT that has been verified before. */
function claimsOf(idToken: string): Session["claims"] | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(idToken.split(".")[1] ?? "", "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null ? (claims as Session["claims"]) : undefined;
  } catch {
    return undefined;
  }
}
