import type { ApiKeySource } from "../../ir/filter.ts";
import { decodeQueryText, parameterOf, withoutParameters } from "../../ir/query.ts";
import { cookieValues, withoutCookies } from "../../wire/cookie.ts";
import type { RequestHead } from "../contract/message.ts";

/** The places of a request where a key may stand. */
export class KeySources {
  readonly #sources: readonly ApiKeySource[];
  readonly #headers: readonly string[];
  readonly #parameters: ReadonlySet<string>;
  readonly #cookies: ReadonlySet<string>;

  constructor(sources: readonly ApiKeySource[]) {
    const named = (place: ApiKeySource["in"]): string[] =>
      sources.filter((source) => source.in === place).map(({ name }) => name);
    this.#sources = sources;
    this.#headers = named("header");
    this.#parameters = new Set(named("query"));
    this.#cookies = new Set(named("cookie"));
  }

  /** What stands in the first place that has something. */
  find(request: RequestHead): string | undefined {
    for (const source of this.#sources) {
      const found = read(source, request);
      if (found !== undefined && found !== "") return found;
    }
    return undefined;
  }

  /** Removes what stands in any of the places, not only what {@link find} found: a second key is a key. */
  clear(request: RequestHead): void {
    for (const name of this.#headers) request.removeHeader(name);
    if (this.#parameters.size > 0 && request.query !== "") {
      request.setQuery(withoutParameters(request.query, this.#parameters));
    }
    const cookies = this.#cookies.size > 0 ? request.header("cookie") : undefined;
    if (cookies === undefined) return;
    const left = withoutCookies(cookies, this.#cookies);
    if (left === "") request.removeHeader("cookie");
    else if (left !== cookies) request.setHeader("cookie", left);
  }
}

/** `Bearer` before a key in a header is no part of it, as with Envoy. A `+` in a query is itself: keys are often base64. */
function read(source: ApiKeySource, request: RequestHead): string | undefined {
  switch (source.in) {
    case "header":
      return request.header(source.name)?.replace(/^bearer +/i, "");
    case "query": {
      const written = parameterOf(request.query, source.name);
      return written === undefined ? undefined : decodeQueryText(written.replaceAll("+", "%2B"));
    }
    case "cookie":
      return cookieValues(request.header("cookie") ?? "", source.name)[0];
  }
}
