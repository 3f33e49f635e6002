import type { OverrideAction } from "../../ir/filter.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { Page } from "../contract/local-reply.ts";
import type { ResponseHead } from "../contract/message.ts";
import { renderTemplate } from "../headerMutation/render-template.ts";

/** What describes the content that is replaced, or the connection that it came on. */
const contentFields: ReadonlySet<string> = new Set([
  "accept-ranges",
  "connection",
  "content-digest",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "date",
  "etag",
  "keep-alive",
  "last-modified",
  "repr-digest",
  "trailer",
  "transfer-encoding",
]);

/** Statuses that have no content, whatever a row says. RFC 9110 §15.3.5, §15.4.5. */
const withoutContent: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * The answer that a row puts in the place of another. Headers of that stay, such as WWW-Authenticate and Retry-After, but for what
 * describes its content, what the row removes and what it writes anew.
 */
export function overridden(
  action: Extract<OverrideAction, { readonly kind: "answer" }>,
  response: ResponseHead,
  exchange: FilterExchange,
): Page {
  const source = { exchange, request: undefined, response };
  const written = action.content.headers
    .map(({ name, value }) => [name, renderTemplate(value, source)] as const)
    .filter(([, value]) => value !== "");
  const replaced = new Set([...action.remove, ...action.content.headers.map(({ name }) => name)]);
  const status = action.status ?? response.status;
  return {
    kind: "page",
    status,
    flag: response.flag,
    headers: [...keptHeaders(response, replaced), ...written],
    body: withoutContent.has(status) ? "" : action.content.body,
  };
}

/** The headers of an answer that hold for another in its place, too. */
export function keptHeaders(response: ResponseHead, replaced: ReadonlySet<string>): [name: string, value: string][] {
  return response
    .headerNames()
    .filter((name) => !contentFields.has(name) && !replaced.has(name))
    .flatMap((name) => response.headerLines(name).map((value): [string, string] => [name, value]));
}
