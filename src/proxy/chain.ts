/**
 * The contract between the proxy engine and the filters of `filter/<kind>/proxy.ts`. A filter is built once, when a
 * configuration is swapped in, and then called for each request: it must not allocate what it could have built.
 */

/** What routing may look at. One object per connection, reused: never keep it. */
export interface RequestView {
  readonly method: string;
  /** Lower case, without port and trailing dot. */
  readonly host: string;
  /** Normalised, without query: as it is matched. */
  readonly path: string;
  /** As {@link path}, but with every segment kept; `undefined` when two readers would resolve them in two ways. */
  readonly keptPath: string | undefined;
  /** Without `?`; `""` when there is none. */
  readonly query: string;
  /** Value of a header by lower-case name; several lines are joined with `, `. */
  header(name: string): string | undefined;
}

/** A request on its way to the upstream. Changes are kept aside and written when the head is serialised. */
export interface RequestHead extends RequestView {
  setHeader(name: string, value: string): void;
  addHeader(name: string, value: string): void;
  removeHeader(name: string): void;
  /** Host sent upstream, with or without port. */
  setHost(host: string): void;
  /** In the client's spelling: what is sent upstream unless a filter changes it. */
  readonly spelledPath: string;
  /** Path sent upstream; the query stays. */
  setPath(path: string): void;
  /** Query seen from here on and sent upstream; `""`: none. */
  setQuery(query: string): void;
}

/** A response on its way to the downstream. */
export interface ResponseHead {
  readonly status: number;
  header(name: string): string | undefined;
  setHeader(name: string, value: string): void;
  addHeader(name: string, value: string): void;
  removeHeader(name: string): void;
}

/** An answer that the gateway gives by itself. */
export type LocalReply = {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | Buffer;
};

/** What a filter may know besides the request. */
export interface FilterContext {
  /** Of the downstream connection. */
  readonly scheme: "http" | "https";
  /** Port that clients use for this listener (`--map-port` applied). */
  readonly listenerPort: number;
  /** Port that clients use for another listener port of this gateway: itself unless `--map-port` maps it. */
  publicPort(port: number): number;
  /** The value of the prefix match that chose the rule; `undefined` for other matches. */
  readonly matchedPrefix: string | undefined;
  /** `Origin` as the client sent it; `undefined` when absent. */
  readonly origin: string | undefined;
  /** What the client of a cross-origin request sent to prove who it is: a Cookie header, else an Authorization header. */
  readonly credentials: "cookie" | "authorization" | "none";
}

/** A filter as the engine calls it. `requestMirror` and `externalAuth` need upstream connections: the engine runs those itself. */
export interface ProxyFilter {
  /** Changes the request; a returned reply is sent instead of asking the upstream. */
  onRequest?(request: RequestHead, context: FilterContext): LocalReply | undefined;
  /** Changes the response (also a local reply's). Called in reverse order of the filters. */
  onResponse?(response: ResponseHead, context: FilterContext): void;
}
