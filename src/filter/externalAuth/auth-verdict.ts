import { withoutParameters } from "../../ir/query.ts";
import type { AuthHeader } from "../../wire/ext-authz.ts";
import type { LocalReply } from "../contract/local-reply.ts";
import type { HeaderTarget, RequestHead } from "../contract/message.ts";
import { isOwnField } from "./own-field.ts";

/** What an admitted request, and its answer, are changed by. */
export type AuthChanges = {
  /** Header fields of the request that go before any come. Lower case. */
  readonly removeHeaders: readonly string[];
  readonly headers: readonly AuthHeader[];
  readonly setQuery: readonly (readonly [key: string, value: string])[];
  readonly removeQuery: readonly string[];
  readonly responseHeaders: readonly AuthHeader[];
};

export type AuthVerdict =
  | { readonly kind: "admitted"; readonly changes: AuthChanges }
  /** The authorisation server said no, in these words. */
  | { readonly kind: "denied"; readonly reply: LocalReply }
  /** It could not be asked, or what it said could not be understood. */
  | { readonly kind: "failed" };

export const failed: AuthVerdict = { kind: "failed" };

/** Applies header changes in their order; fields that the gateway writes itself are passed over. */
export function applyAuthHeaders(target: HeaderTarget, headers: readonly AuthHeader[]): void {
  for (const { name, value, how } of headers) {
    if (isOwnField(name)) continue;
    const present = how === "addIfAbsent" || how === "setIfPresent" ? target.header(name) !== undefined : false;
    switch (how) {
      case "set":
        target.setHeader(name, value);
        break;
      case "add":
        target.addHeader(name, value);
        break;
      case "addIfAbsent":
        if (!present) target.addHeader(name, value);
        break;
      case "setIfPresent":
        if (present) target.setHeader(name, value);
        break;
    }
  }
}

/** Applies what an authorisation server wants of the request: headers first, then the query. */
export function applyAuthChanges(request: RequestHead, changes: AuthChanges): void {
  const ruled = new Set([...changes.removeHeaders, ...changes.headers.map(({ name }) => name)]);
  for (const name of request.headerNames()) {
    // Many backends read X_User as X-User: a client must not get past the server's word that way.
    if (name.includes("_") && ruled.has(name.replaceAll("_", "-"))) request.removeHeader(name);
  }
  for (const name of changes.removeHeaders) if (!isOwnField(name)) request.removeHeader(name);
  applyAuthHeaders(request, changes.headers);
  if (changes.setQuery.length === 0 && changes.removeQuery.length === 0) return;
  request.setQuery(changeQuery(request.query, changes));
}

/** Parameters that are named go; those that are set come last. What is not named stays as it is, byte for byte. */
function changeQuery(query: string, changes: Pick<AuthChanges, "setQuery" | "removeQuery">): string {
  const kept = withoutParameters(query, new Set([...changes.removeQuery, ...changes.setQuery.map(([key]) => key)]));
  const added = changes.setQuery.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
  return [...(kept === "" ? [] : [kept]), ...added].join("&");
}
