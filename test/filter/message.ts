/** In-memory messages for filter tests: what a filter reads and what it did. */

import { buildProxyFilter } from "../../src/filter/proxy-filters.ts";
import type { Filter } from "../../src/ir/filter.ts";
import type { FilterContext, LocalReply, RequestHead, ResponseHead } from "../../src/proxy/chain.ts";

type Headers = Readonly<Record<string, string>>;

function headerStore(initial: Headers) {
  const values = new Map(Object.entries(initial).map(([name, value]): [string, string[]] => [name, [value]]));
  return {
    header: (name: string): string | undefined => values.get(name)?.join(", "),
    setHeader: (name: string, value: string): void => void values.set(name, [value]),
    addHeader: (name: string, value: string): void => void values.set(name, [...(values.get(name) ?? []), value]),
    removeHeader: (name: string): void => void values.delete(name),
    all: (): Headers => Object.fromEntries([...values].map(([name, list]) => [name, list.join(", ")])),
  };
}

export type SentRequest = {
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
};

export type Exchange = {
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Headers;
  /** What the backend answers. */
  readonly response?: Headers;
  readonly context?: Partial<FilterContext>;
};

/** Runs one filter over a request, and over the backend's response or its own reply. */
export function runFilter(
  filter: Filter,
  exchange: Exchange,
): { readonly sent: SentRequest; readonly reply: LocalReply | undefined; readonly response: Headers } {
  const built = buildProxyFilter(filter);
  if (!built) throw new Error(`${filter.kind} is run by the engine`);
  const store = headerStore(exchange.headers ?? {});
  const sent = { host: exchange.host ?? "example.com", path: exchange.path ?? "/", query: exchange.query ?? "" };
  const request: RequestHead = {
    method: exchange.method ?? "GET",
    host: sent.host,
    path: sent.path,
    keptPath: sent.path,
    spelledPath: sent.path,
    query: sent.query,
    ...store,
    setHost: (host) => {
      sent.host = host;
    },
    setPath: (path) => {
      sent.path = path;
    },
    setQuery: (query) => {
      sent.query = query;
    },
  };
  const context: FilterContext = {
    scheme: "http",
    listenerPort: 80,
    publicPort: (port) => port,
    matchedPrefix: undefined,
    origin: undefined,
    credentials: "none",
    ...exchange.context,
  };
  const reply = built.onRequest?.(request, context);
  const answer = headerStore(reply ? Object.fromEntries(reply.headers) : (exchange.response ?? {}));
  const response: ResponseHead = { status: reply?.status ?? 200, ...answer };
  built.onResponse?.(response, context);
  return { sent: { ...sent, headers: store.all() }, reply, response: answer.all() };
}
