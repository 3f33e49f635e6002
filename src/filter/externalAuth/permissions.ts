import type { AuthCacheSettings } from "../../ir/external-auth.ts";
import type { RequestFacts } from "../contract/exchange.ts";
import type { RequestHead } from "../contract/message.ts";
import type { AuthChanges } from "./auth-verdict.ts";
import type { Remembered } from "./remembered.ts";

/** Permissions of an authorisation server. Refusals are not kept: whoever has signed in comes in at once. */
export type Permissions = Remembered<AuthChanges>;

/** What requests that have one permission are known by. `told`: names of the headers that the server is told. */
export function permissionName(
  permissions: Permissions,
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
  return permissions.nameOf(by, facts.scheme, subject.sentHost(), ...whole, ...headers);
}

/** What has something for the client's answer (a cookie may be for one browser) is not kept. */
export function keepPermission(permissions: Permissions, name: string, changes: AuthChanges, ttlMs: number): void {
  if (changes.responseHeaders.length > 0) return;
  const length = changes.headers.reduce((sum, header) => sum + header.name.length + header.value.length, 0);
  permissions.keep(name, changes, { length, ttlMs });
}
