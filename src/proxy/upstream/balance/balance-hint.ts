import { randomUUID } from "node:crypto";
import { hash32 } from "../../../base/text-hash.ts";
import type { HashSource, LoadBalancing } from "../../../ir/traffic/load-balancing.ts";
import type { BalanceSubject } from "./balance-subject.ts";
import { namedEndpoints } from "./endpoint-override.ts";
import { hashOf } from "./hash-source.ts";

/** What a request says of the endpoint that it is to go to. */
export type BalanceHint = {
  /** `undefined`: any endpoint will do. */
  readonly hash: number | undefined;
  /** `address:port` of endpoints that it asks for, the preferred one first. */
  readonly named: readonly string[];
  /** `Set-Cookie` of the answer, so that the client comes back to the same endpoint. `undefined`: none is needed. */
  readonly setCookie: string | undefined;
};

/**
 * Reads a request while its head is there; attempts come later. `clientAddress`: behind trusted proxies, too. `undefined`: it has
 * nothing to say.
 */
export function readHint(
  { turns, overrideHeaders }: LoadBalancing,
  subject: BalanceSubject,
  clientAddress: string,
): BalanceHint | undefined {
  if (turns.kind !== "consistentHash" && overrideHeaders.length === 0) return undefined;
  const named = namedEndpoints(overrideHeaders, subject);
  if (turns.kind !== "consistentHash") return { hash: undefined, named, setCookie: undefined };
  const hash = hashOf(turns.by, subject, clientAddress);
  if (hash !== undefined || turns.by.kind !== "cookie" || turns.by.ttlSeconds === undefined) {
    return { hash, named, setCookie: undefined };
  }
  const value = randomUUID();
  return { hash: hash32(value), named, setCookie: writeCookie(turns.by, value, turns.by.ttlSeconds) };
}

function writeCookie(
  { name, attributes }: Extract<HashSource, { readonly kind: "cookie" }>,
  value: string,
  ttlSeconds: number,
): string {
  return `${name}=${value}${ttlSeconds > 0 ? `; Max-Age=${ttlSeconds}` : ""}; HttpOnly${attributes}`;
}
