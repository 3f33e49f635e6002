import { buildOriginMatcher } from "../../ir/cors-origin.ts";
import { readPreflight } from "../../ir/cors-preflight.ts";
import { type BuildFilter, built, type FilterOfKind } from "../contract/build.ts";
import type { RequestFacts } from "../contract/exchange.ts";
import { onRequest, onResponse } from "../contract/hook.ts";
import { type Page, page } from "../contract/local-reply.ts";
import type { RequestHead, ResponseHead } from "../contract/message.ts";

type Cors = FilterOfKind<"cors">;
type Header = readonly [name: string, value: string];

/**
 * Answers preflight requests itself, whatever their origin, and marks other responses as shareable with allowed origins.
 * The gateway has the last word: what the backend says about origins is replaced. Spec: HTTPCORSFilter, GEP-1767.
 */
export const buildCors: BuildFilter<"cors"> = (filter) => {
  const allows = buildOriginMatcher(filter.allowOrigins);
  const anyOrigin = filter.allowOrigins.includes("*");
  // The answer is the same for all only when every origin is allowed and no credentials are.
  const sameForAll = anyOrigin && !filter.allowCredentials;
  const exposed = filter.exposeHeaders.join(", ");

  /** Headers that preflight and other responses share; none when the origin is refused. */
  const shareHeaders = (origin: string, facts: RequestFacts): readonly Header[] => {
    if (!allows(origin) || (sameForAll && carriesCredentials(filter, facts))) return [];
    const headers: Header[] = [["access-control-allow-origin", sameForAll ? "*" : origin]];
    if (filter.allowCredentials) headers.push(["access-control-allow-credentials", "true"]);
    if (exposed !== "") headers.push(["access-control-expose-headers", exposed]);
    return headers;
  };

  return built(
    onRequest((request, { facts }) => {
      if (facts.origin === undefined || readPreflight(request) === undefined) return undefined;
      return preflightReply(filter, request, [...shareHeaders(facts.origin, facts)]);
    }),
    onResponse((response, { facts }) => {
      for (const name of sharingHeaders) response.removeHeader(name);
      if (!sameForAll) varyByOrigin(response);
      if (facts.origin === undefined) return undefined;
      for (const [name, value] of shareHeaders(facts.origin, facts)) response.setHeader(name, value);
      return undefined;
    }),
  );
};

const sharingHeaders = [
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-expose-headers",
] as const;

/** 200 without a body; without CORS headers when the origin is refused, so that the browser stops there. */
function preflightReply(filter: Cors, request: RequestHead, headers: Header[]): Page {
  if (headers.length > 0) {
    const methods = listOrEcho(filter.allowMethods, request.header("access-control-request-method"));
    const names = listOrEcho(filter.allowHeaders, request.header("access-control-request-headers"));
    if (methods !== "") headers.push(["access-control-allow-methods", methods]);
    if (names !== "") headers.push(["access-control-allow-headers", names]);
    headers.push(["access-control-max-age", String(filter.maxAgeSeconds)]);
  }
  return page(200, [...headers, ["vary", preflightVary]]);
}

const preflightVary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/** `*` is answered with what was asked for, which older browsers understand too and which also works with credentials. */
function listOrEcho(list: readonly string[], requested: string | undefined): string {
  return list.includes("*") ? (requested ?? "") : list.join(", ");
}

/**
 * Requests with credentials get no answer for "any origin" without credentials. An Authorization header that the
 * configuration lists by name is one that scripts may set themselves, which is not a credential of the browser.
 */
function carriesCredentials(filter: Cors, facts: RequestFacts): boolean {
  if (facts.credentials === "cookie") return true;
  return (
    facts.credentials === "authorization" &&
    !filter.allowHeaders.some((name) => name === "*" || name.toLowerCase() === "authorization")
  );
}

function varyByOrigin(response: ResponseHead): void {
  const vary = response.header("vary");
  if (vary === undefined) response.setHeader("vary", "Origin");
  else if (!vary.split(",").some((name) => ["origin", "*"].includes(name.trim().toLowerCase()))) {
    response.setHeader("vary", `${vary}, Origin`);
  }
}
