import type { JwtProvider } from "./jwt.ts";

/** Longest token that is looked at. Characters. */
const maxTokenLength = 16_384;

/** Three parts in base64url. RFC 7515 section 3.1. */
const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** What a token is looked for in. */
type RequestView = {
  /** Without `?`. */
  readonly query: string;
  /** Value of a header by lower-case name; several lines are joined with `, `. */
  header(name: string): string | undefined;
};

/** `malformed`: something stands where a token should, and it cannot be one. */
export type FoundToken = string | "malformed" | undefined;

/**
 * The token that a request has for a provider: of the first place that has any, in the order headers, parameters, cookies. A
 * place with two of them has none that could be trusted. Spec: JWTExtractor.
 */
export function findToken(provider: JwtProvider, request: RequestView): FoundToken {
  const text = inHeaders(provider, request) ?? inParams(provider, request) ?? inCookies(provider, request);
  if (text === undefined) return undefined;
  return text.length <= maxTokenLength && compact.test(text) ? text : "malformed";
}

function inHeaders({ headers }: JwtProvider, request: RequestView): string | undefined {
  for (const { name, valuePrefix } of headers) {
    const value = request.header(name);
    if (value === undefined) continue;
    const { length } = valuePrefix;
    // The name of a scheme is not case-sensitive. RFC 9110 section 11.1.
    if (value.slice(0, length).toLowerCase() === valuePrefix.toLowerCase()) return value.slice(length).trim();
  }
  return undefined;
}

function inParams({ params }: JwtProvider, { query }: RequestView): string | undefined {
  if (params.length === 0 || query === "") return undefined;
  return firstNamed(params, query.split("&"));
}

function inCookies({ cookies }: JwtProvider, request: RequestView): string | undefined {
  if (cookies.length === 0) return undefined;
  const header = request.header("cookie");
  // HTTP/2 clients may send each cookie in a field of its own, which are joined with commas where lines are.
  return header === undefined ? undefined : firstNamed(cookies, header.split(/[;,]\s*/));
}

function firstNamed(names: readonly string[], pairs: readonly string[]): string | undefined {
  for (const name of names) {
    const start = `${name}=`;
    const found = pairs.filter((pair) => pair.startsWith(start));
    if (found.length > 1) return "";
    if (found[0] !== undefined) return found[0].slice(start.length);
  }
  return undefined;
}
