import { randomUUID } from "node:crypto";
import { hash32 } from "../../../base/text-hash.ts";
import { writeCookie } from "../../../ir/issued-cookie.ts";
import { withBackend } from "../../../ir/kept-backend.ts";
import type { HashSource, LoadBalancing } from "../../../ir/traffic/load-balancing.ts";
import type { BalanceSubject } from "./balance-subject.ts";
import { namedEndpoints } from "./endpoint-override.ts";
import { hashOf } from "./hash-source.ts";

/** What a request says of the endpoint that it is to go to. */
export type BalanceHint = {
  /** `undefined`: any endpoint will do. */
  hash: number | undefined;
  /** `address:port` of endpoints that it asks for, the preferred one first. */
  readonly named: readonly string[];
  /** `Set-Cookie` of the answer, so that the client comes back to the same endpoint. `undefined`: none is needed. */
  setCookie: string | undefined;
  /** Where the client is to move to another endpoint for good when its own fails; `undefined`: it is not. */
  readonly move: Move | undefined;
};

/** What a client that moves is given another cookie by. */
export type Move = {
  readonly by: IssuedHash;
  readonly keptAs: string | undefined;
  readonly scheme: "http" | "https";
  /** Endpoints that have failed. */
  readonly failed: Set<unknown>;
};

type CookieHash = Extract<HashSource, { readonly kind: "cookie" }>;
type IssuedHash = CookieHash & { readonly issued: NonNullable<CookieHash["issued"]> };

/**
 * Reads a request while its head is there; attempts come later. `keptAs`: what the client's cookie names its backend by.
 * `undefined`: it has nothing to say.
 */
export function readHint(
  { turns, overrideHeaders }: LoadBalancing,
  subject: BalanceSubject,
  keptAs: string | undefined,
): BalanceHint | undefined {
  if (turns.kind !== "consistentHash" && overrideHeaders.length === 0) return undefined;
  const named = namedEndpoints(overrideHeaders, subject);
  if (turns.kind !== "consistentHash") return { hash: undefined, named, setCookie: undefined, move: undefined };
  const { by, afterFailure } = turns;
  const { scheme } = subject;
  const hash = hashOf(by, subject, keptAs);
  const issued = isIssued(by) ? by : undefined;
  const move =
    issued !== undefined && afterFailure === "move" ? { by: issued, keptAs, scheme, failed: new Set() } : undefined;
  if (hash !== undefined || issued === undefined) return { hash, named, setCookie: undefined, move };
  return { named, move, ...issue(issued, { keptAs, scheme }) };
}

/** Another cookie for the client of a hint, and its hash. */
export function issueAgain({ by, keptAs, scheme }: Move): Pick<BalanceHint, "hash" | "setCookie"> {
  return issue(by, { keptAs, scheme });
}

function isIssued(by: HashSource): by is IssuedHash {
  return by.kind === "cookie" && by.issued !== undefined;
}

function issue(
  { name, issued }: IssuedHash,
  { keptAs, scheme }: Pick<Move, "keptAs" | "scheme">,
): Pick<BalanceHint, "hash" | "setCookie"> {
  const value = randomUUID();
  const pair = `${name}=${withBackend(value, keptAs)}`;
  return { hash: hash32(value), setCookie: writeCookie(pair, issued, { scheme, nowMs: Date.now() }) };
}
