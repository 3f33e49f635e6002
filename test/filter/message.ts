/** In-memory messages for filter tests: what a filter reads and what it did. */

import { systemClock } from "../../src/base/clock.ts";
import type { FilterServices } from "../../src/filter/contract/build.ts";
import type { FilterExchange, RequestFacts } from "../../src/filter/contract/exchange.ts";
import type { HookOf } from "../../src/filter/contract/hook.ts";
import type { LocalReply } from "../../src/filter/contract/local-reply.ts";
import type { RequestHead, ResponseHead } from "../../src/filter/contract/message.ts";
import { buildProxyFilter } from "../../src/filter/proxy-filters.ts";
import type { Filter } from "../../src/ir/filter.ts";
import { LocalSharedState } from "../../src/proxy/shared-state.ts";

type Headers = Readonly<Record<string, string>>;

function headerStore(initial: Headers) {
  const values = new Map(Object.entries(initial).map(([name, value]): [string, string[]] => [name, [value]]));
  return {
    header: (name: string): string | undefined => values.get(name)?.join(", "),
    setHeader: (name: string, value: string): void => void values.set(name, [value]),
    addHeader: (name: string, value: string): void => void values.set(name, [...(values.get(name) ?? []), value]),
    removeHeader: (name: string): void => void values.delete(name),
    headerNames: (): readonly string[] => [...values.keys()],
    headerLines: (name: string): readonly string[] => values.get(name) ?? [],
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
  readonly facts?: Partial<RequestFacts>;
  /** Fields that the gateway adds, CR LF after each. */
  readonly ownLines?: string;
  readonly publicPort?: (port: number) => number;
};

function servicesFor(exchange: Exchange): FilterServices {
  const counter = { add() {}, set() {}, observe() {} };
  return {
    from: { kind: "HTTPRoute", namespace: "default", name: "r", pointer: "/spec/rules/0/filters/0" },
    place: "demo/web/HTTPRoute/default/r/0",
    cluster: () => undefined,
    secret: () => undefined,
    requests: {
      send: () => {
        throw new Error("the filter asks another server: test it through a plane");
      },
      open: () => {
        throw new Error("the filter asks another server: test it through a plane");
      },
    },
    redis: {
      connect() {},
      call: () => {
        throw new Error("the filter asks a Redis server: test it through a plane");
      },
    },
    shared: new LocalSharedState(systemClock),
    web: { ask: () => Promise.reject(new Error("the filter asks another server: test it through a plane")) },
    telemetry: { counter: () => counter, gauge: () => counter, histogram: () => counter },
    clock: systemClock,
    random: () => 0,
    limits: { mirrorBodyBytes: 0, mirrorsInFlight: 0, authTimeoutMs: 0, authAnswerBytes: 0 },
    signingKey: Buffer.alloc(32),
    publicPort: exchange.publicPort ?? ((port) => port),
  };
}

/** Runs one filter over a request, and over the backend's response or its own reply. */
export function runFilter(
  filter: Filter,
  exchange: Exchange,
): { readonly sent: SentRequest; readonly reply: LocalReply | undefined; readonly response: Headers } {
  const { hooks } = buildProxyFilter(filter, servicesFor(exchange), undefined);
  const store = headerStore(exchange.headers ?? {});
  const sent = { host: exchange.host ?? "example.com", path: exchange.path ?? "/", query: exchange.query ?? "" };
  const request: RequestHead = {
    method: exchange.method ?? "GET",
    host: sent.host,
    path: sent.path,
    keptPath: sent.path,
    spelledPath: sent.path,
    query: sent.query,
    upgrade: false,
    ...store,
    sentHost: () => sent.host,
    askedTarget: () => sent.path,
    ownLines: () => exchange.ownLines ?? "",
    copyHead: () => {
      throw new Error("the filter copies the request: test it through a plane");
    },
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
  const call: FilterExchange = {
    facts: {
      scheme: "http",
      protocol: "HTTP/1.1",
      grpc: false,
      method: request.method,
      host: sent.host,
      spelledPath: sent.path,
      query: sent.query,
      listenerPort: 80,
      clientAddress: "192.0.2.1",
      clientCertificate: "none",
      clientCredential: undefined,
      clientIdentity: undefined,
      matchedPrefix: undefined,
      origin: undefined,
      credentials: "none",
      requestId: "",
      traceId: "",
      startMs: 0,
      client: {},
      ...exchange.facts,
    },
    established: { principal: undefined, claims: undefined, tokenProvider: undefined },
    state: undefined,
    resume() {},
  };
  const on = <P extends "request" | "response">(phase: P): HookOf<P> | undefined =>
    hooks.find((hook): hook is HookOf<P> => hook.phase === phase);
  const reply = on("request")?.onRequest(request, call) as LocalReply | undefined;
  const answer = headerStore(reply ? Object.fromEntries(reply.headers) : (exchange.response ?? {}));
  const response: ResponseHead = {
    status: reply?.status ?? 200,
    source: reply ? "local" : "backend",
    flag: "-",
    endpoint: undefined,
    ...answer,
  };
  on("response")?.onResponse(response, call);
  return { sent: { ...sent, headers: store.all() }, reply, response: answer.all() };
}
