import { randomBytes } from "node:crypto";
import type { Seal } from "./seal.ts";

/** Bytes of a browser's secret, and of a login's salt. */
const secretBytes = 16;
const secretPattern = /^[A-Za-z0-9_-]{22}$/;
/** Longest address to return to; a longer one becomes the host's first page. Characters. */
const maxReturnUrl = 2_048;
/** Longest state that is read. Characters. */
const maxState = 8_192;

/** What shows a browser to be the one where a login began. */
export type BrowserSecret = {
  /** Name of its cookie. */
  readonly name: string;
  readonly secret: string;
};

/** One login under way. What belongs to it is in `state`, which the provider hands back, and in a cookie of the browser. */
export type Login = {
  readonly state: string;
  readonly verifier: string;
  readonly nonce: string;
};

/** What a `state` says. */
type Ticket = {
  readonly salt: string;
  /** Seconds since the epoch. */
  readonly expires: number;
  readonly returnUrl: string;
};

/**
 * The secret that a browser has, or a new one. Its logins in several tabs share it; tabs that are opened at one moment get one
 * each, in a cookie of their own, so that none takes another's.
 */
export function browserSecret(cookies: ReadonlyMap<string, string>, prefix: string): BrowserSecret {
  for (const [name, secret] of cookies) {
    if (name.startsWith(`${prefix}-`) && secretPattern.test(secret)) return { name, secret };
  }
  return {
    name: `${prefix}-${randomBytes(4).toString("hex")}`,
    secret: randomBytes(secretBytes).toString("base64url"),
  };
}

/** Logins without memory: any gateway with the key ends what another began, and only in the browser where it began. */
export class Logins {
  readonly #seal: Seal;

  constructor(seal: Seal) {
    this.#seal = seal;
  }

  begin({ name, secret }: BrowserSecret, returnUrl: URL, expiresSeconds: number): Login {
    const salt = randomBytes(secretBytes).toString("base64url");
    const url = returnUrl.href.length > maxReturnUrl ? `${returnUrl.origin}/` : returnUrl.href;
    const ticket: Ticket = { salt, expires: expiresSeconds, returnUrl: url };
    const state = `${name}.${this.#seal.close(`state\n${secret}`, JSON.stringify(ticket))}`;
    return { state, ...this.#secretsOf(secret, salt) };
  }

  /** The login that a callback belongs to; `undefined` for a state that is forged, too old, or of another browser. */
  end(
    cookies: ReadonlyMap<string, string>,
    state: string | null,
    nowSeconds: number,
  ): (Login & { readonly returnUrl: URL }) | undefined {
    if (state === null || state.length > maxState) return undefined;
    const dot = state.indexOf(".");
    const secret = cookies.get(state.slice(0, Math.max(0, dot)));
    if (secret === undefined || !secretPattern.test(secret)) return undefined;
    const opened = this.#seal.open(`state\n${secret}`, state.slice(dot + 1));
    if (opened === undefined) return undefined;
    const { salt, expires, returnUrl } = JSON.parse(opened) as Ticket;
    if (expires <= nowSeconds) return undefined;
    return { state, returnUrl: new URL(returnUrl), ...this.#secretsOf(secret, salt) };
  }

  #secretsOf(secret: string, salt: string): Pick<Login, "verifier" | "nonce"> {
    return {
      verifier: this.#seal.derive("verifier", secret, salt),
      nonce: this.#seal.derive("nonce", secret, salt),
    };
  }
}
