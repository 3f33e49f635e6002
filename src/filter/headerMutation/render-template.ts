import { cookieValue } from "../../ir/cookie-value.ts";
import { decodedPath } from "../../ir/decoded-path.ts";
import { parameterOf } from "../../ir/query.ts";
import type { HeaderTemplate, Placeholder, Template } from "../../ir/template.ts";
import type { FilterExchange, RequestFacts } from "../contract/exchange.ts";
import type { RequestHead, ResponseHead } from "../contract/message.ts";

/** What templates are filled from. `request`: while it is under way. */
export type TemplateSource = {
  readonly exchange: Pick<FilterExchange, "established" | "facts">;
  readonly request: RequestHead | undefined;
  readonly response: ResponseHead | undefined;
};

/** The text of a template. Whatever a client or a token says in it cannot end a header. */
export function renderTemplate(template: Template, source: TemplateSource): string {
  let text = "";
  for (const part of template) text += typeof part === "string" ? part : escapeControls(textAt(part, source) ?? "");
  return text;
}

/** Whether a template needs the request: what it says of it has to be kept for the answer. */
export function needsRequest(template: Template): boolean {
  return template.some((part) => typeof part !== "string" && fromRequest.has(part.from));
}

const fromRequest: ReadonlySet<Placeholder["from"]> = new Set([
  "request",
  "cookie",
  "decodedPath",
  "escapedTarget",
  "host",
  "method",
  "parameter",
  "path",
  "query",
  "queryPart",
  "target",
] satisfies Placeholder["from"][]);

/** Headers of an answer with what they say of the request filled in; those that say nothing of it are the same. */
export function bindRequest(
  headers: readonly HeaderTemplate[],
  request: RequestHead,
  exchange: FilterExchange,
): readonly HeaderTemplate[] {
  const source: TemplateSource = { exchange, request, response: undefined };
  return headers.map(({ name, value }) => ({
    name,
    value: value.map((part) =>
      typeof part !== "string" && fromRequest.has(part.from) ? escapeControls(textAt(part, source) ?? "") : part,
    ),
  }));
}

/** What a place is filled with: `""` for a value that there is not. */
export function valueAt(place: Placeholder, source: TemplateSource): string {
  return textAt(place, source) ?? "";
}

function spelledTarget({ spelledPath, query }: RequestFacts): string {
  return query === "" ? spelledPath : `${spelledPath}?${query}`;
}

function textAt(place: Placeholder, { exchange, request, response }: TemplateSource): string | undefined {
  const { facts, established } = exchange;
  switch (place.from) {
    case "request":
      return field(place, request);
    case "response":
      return field(place, response);
    case "cookie":
      return cookieValue(request?.header("cookie"), place.name);
    case "parameter":
      return parameterOf(request?.query ?? "", place.name);
    case "capture":
      // Filled in where the answer is found.
      return undefined;
    case "claim":
      return claimText(established.claims, place.path);
    case "clientAddress":
      return facts.clientAddress;
    case "decodedPath":
      return decodedPath(request?.askedTarget().split("?", 1)[0] ?? "");
    case "escapedTarget":
      return escapeComponent(request?.askedTarget() ?? "");
    case "host":
      return request?.sentHost();
    case "hostname":
      return facts.host;
    case "method":
      return request?.method;
    case "path":
      return request?.askedTarget().split("?", 1)[0];
    case "query":
      return request?.query;
    case "queryPart":
      return request === undefined || request.query === "" ? "" : `?${request.query}`;
    case "target":
      return request?.askedTarget();
    case "principal":
      return established.principal;
    case "protocol":
      return facts.protocol;
    case "requestId":
      return facts.requestId;
    case "scheme":
      return facts.scheme;
    case "spelledTarget":
      return spelledTarget(facts);
    case "startTime":
      return new Date(facts.startMs).toISOString();
    case "status":
      return response === undefined ? undefined : String(response.status);
    case "traceId":
      return facts.traceId;
    case "unslashedTarget":
      return spelledTarget(facts).replace(/\/$/, "");
  }
}

function field(
  place: Extract<Placeholder, { readonly from: "request" | "response" }>,
  message: Pick<RequestHead, "header"> | undefined,
): string | undefined {
  const value =
    message?.header(place.name) ?? (place.otherwise === undefined ? undefined : message?.header(place.otherwise));
  return value?.slice(0, place.maxLength);
}

/** Lists and objects as JSON, so that a reader can tell them apart from text. */
function claimText(claims: Readonly<Record<string, unknown>> | undefined, path: readonly string[]): string | undefined {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Each byte but letters, digits and `-._~`, percent-encoded; a target is text of single bytes. RFC 3986 section 2.3. */
function escapeComponent(target: string): string {
  return target.replace(
    /[^A-Za-z0-9._~-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** Percent-encodes control characters, line ends among them. */
function escapeControls(text: string): string {
  return /[\u0000-\u001f\u007f]/.test(text) ? text.replace(/[\u0000-\u001f\u007f]/g, encodeURIComponent) : text;
}
