import { createHash } from "node:crypto";
import type { ProviderFailure } from "./provider-error.ts";
import type { Session } from "./session-cookies.ts";

/** What is known of a refresh by all requests that bring the same refresh token. */
export type RefreshOutcome =
  | { readonly kind: "renewed"; readonly session: Session; readonly setCookies: readonly string[] }
  /** The provider does not know the user any more. */
  | { readonly kind: "refused" }
  /** The provider gave nothing that could be used; the session is as it was. */
  | { readonly kind: "failed"; readonly failure: ProviderFailure };

/** What a refresh came to serves requests that were sent before its cookies arrived. Milliseconds. */
const keptMs = 30_000;
/** Sessions that are being renewed, or were just now. */
const maxRefreshes = 10_000;

const tooMany: RefreshOutcome = { kind: "failed", failure: "unreachable" };

/** One refresh at a time for each session: a refresh token is often good for one time only. */
export class Refreshes {
  readonly #byToken = new Map<string, Promise<RefreshOutcome>>();

  /** What becomes of the session with that refresh token at that place; `refresh` asks the provider, and does not reject. */
  of(place: string, refreshToken: string, refresh: () => Promise<RefreshOutcome>): Promise<RefreshOutcome> {
    const key = createHash("sha256").update(`${place}\n${refreshToken}`).digest("base64");
    const known = this.#byToken.get(key);
    if (known !== undefined) return known;
    if (this.#byToken.size >= maxRefreshes) return Promise.resolve(tooMany);
    const outcome = refresh();
    this.#byToken.set(key, outcome);
    void outcome.then(({ kind }) => {
      const forget = (): void => {
        this.#byToken.delete(key);
      };
      if (kind === "failed") forget();
      else setTimeout(forget, keptMs).unref();
    });
    return outcome;
  }
}
