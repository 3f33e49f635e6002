import type { Clock } from "../../base/clock.ts";
import { ExpiringMap } from "../../base/expiring-map.ts";
import type { KeyedHash } from "../../base/keyed-hash.ts";
import type { AuthCacheSettings } from "../../ir/external-auth.ts";
import type { RequestFacts } from "../contract/exchange.ts";
import type { RequestHead } from "../contract/message.ts";
import type { AuthChanges } from "./auth-verdict.ts";

/** Permissions that are kept at a time, and the largest of them: characters of its headers. */
const maxPermissions = 4_096;
const maxPermissionLength = 4_096;

/**
 * Permissions of an authorisation server, for as long as they hold. Refusals are not kept: whoever has signed in comes in at
 * once. Requests are known by a keyed hash, so that nothing of their credentials is kept.
 */
export class AuthCache {
  /** Of the filter that asked. */
  readonly settings: string;
  readonly #names: KeyedHash;
  readonly #permissions: ExpiringMap<AuthChanges>;

  constructor(settings: string, names: KeyedHash, clock: Clock) {
    this.settings = settings;
    this.#names = names;
    this.#permissions = new ExpiringMap(maxPermissions, clock);
  }

  /** What requests that have one permission are known by. `told`: names of the headers that the server is told. */
  nameOf(
    by: AuthCacheSettings["by"],
    told: readonly string[],
    {
      subject,
      facts,
      content,
    }: { readonly subject: RequestHead; readonly facts: RequestFacts; readonly content: Buffer },
  ): string {
    // An absent header is not an empty one. Another proxy that is trusted may tell of another scheme and host than its own connection's.
    const headers = [...told, "x-forwarded-proto", "x-forwarded-host"]
      .map((name) => subject.header(name))
      .map((value) => (value === undefined ? "-" : `=${value}`));
    const whole = by === "credentials" ? [] : [subject.method, subject.askedTarget(), facts.clientAddress, content];
    return this.#names.of(by, facts.scheme, subject.sentHost(), ...whole, ...headers);
  }

  find(name: string): AuthChanges | undefined {
    return this.#permissions.get(name);
  }

  /** What is too large, or has something for the client's answer (a cookie may be for one browser), is not kept. */
  keep(name: string, changes: AuthChanges, ttlMs: number): void {
    const length = changes.headers.reduce((sum, header) => sum + header.name.length + header.value.length, 0);
    if (length <= maxPermissionLength && changes.responseHeaders.length === 0) {
      this.#permissions.set(name, changes, ttlMs);
    }
  }
}
