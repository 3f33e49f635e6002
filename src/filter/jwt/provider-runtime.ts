import type { JwtProvider } from "../../ir/jwt.ts";
import { type Claims, claimAt, claimHeaderValue } from "./claims.ts";
import type { JwtFault } from "./jwt-fault.ts";
import type { KeySet, Keys } from "./key-set.ts";
import { TokenCache, type VerifiedToken } from "./token-cache.ts";

/** What comes of a token at one provider. */
export type TokenAnswer = VerifiedToken | JwtFault;

/** A provider ready for requests: its keys over time, and the tokens that it has verified. */
export class ProviderRuntime {
  readonly provider: JwtProvider;
  readonly #keys: KeySet;
  readonly #tokens = new TokenCache();

  constructor(provider: JwtProvider, keys: KeySet) {
    this.provider = provider;
    this.#keys = keys;
  }

  /** A token that was verified before and still holds. */
  known(token: string, nowMs: number): VerifiedToken | undefined {
    const keys = this.#keys.current();
    return keys === undefined ? undefined : this.#tokens.get(token, keys, nowMs);
  }

  /** Verifies a token; has the keys fetched again when none of them is its. Never rejects. */
  async verify(token: string, nowMs: number): Promise<TokenAnswer> {
    const { claimsIssuer } = await import("./jose.ts");
    if (!claimsIssuer(token, this.provider.issuer)) return "issuer";
    const keys = await this.#keys.load();
    if (keys === undefined) return "unavailable";
    const answer = await this.#verifyWith(keys, token, nowMs);
    if (answer !== "unknownKey") return answer;
    const newer = await this.#keys.loadNewer(keys);
    return newer === keys ? answer : this.#verifyWith(newer, token, nowMs);
  }

  async #verifyWith(keys: Keys, token: string, nowMs: number): Promise<TokenAnswer> {
    const { verify } = await import("./jose.ts");
    const answer = await verify(token, this.provider, { find: keys.find, nowMs });
    if (answer.kind === "invalid") return answer.fault;
    const { claims, expiresMs } = answer;
    const subject = claims["sub"];
    const verified: VerifiedToken = {
      keys,
      claims,
      principal: typeof subject === "string" ? subject : undefined,
      headers: this.#headersOf(claims),
      expiresMs,
    };
    this.#tokens.set(token, verified);
    return verified;
  }

  #headersOf(claims: Claims): VerifiedToken["headers"] {
    return this.provider.claimToHeaders.flatMap(({ header, claim }) => {
      const value = claimHeaderValue(claimAt(claims, claim));
      return value === undefined ? [] : [[header, value] as const];
    });
  }
}
