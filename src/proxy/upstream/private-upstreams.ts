import type { UpstreamConnection, UpstreamContext } from "./connection.ts";
import type { EndpointState } from "./endpoint-state.ts";
import { Http2Pool } from "./http2-pool.ts";

/**
 * What one client's connection has of connections to endpoints for itself alone, because it logs in on them (NTLM, Negotiate):
 * nobody else's request may ever come on one, and its own are to come on the same. They end with the client's connection. RFC
 * 9110 section 3.3.
 */
export class PrivateUpstreams {
  /** Those that it logs in at. `undefined`, as for nearly every client: none. */
  #endpoints: Set<EndpointState> | undefined;
  readonly #connections = new Set<UpstreamConnection>();
  readonly #pools = new Map<EndpointState, Http2Pool>();
  #closed = false;

  /** The client is gone. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether the client logs in at the endpoint. */
  has(endpoint: EndpointState): boolean {
    return this.#endpoints?.has(endpoint) === true;
  }

  /** The one of `endpoints` that the client logs in at. */
  among(endpoints: readonly EndpointState[]): EndpointState | undefined {
    return this.#endpoints === undefined ? undefined : endpoints.find((endpoint) => this.has(endpoint));
  }

  /** The client logs in at the endpoint. */
  add(endpoint: EndpointState): void {
    if (this.#closed || endpoint.retired) return;
    this.#endpoints ??= new Set();
    this.#endpoints.add(endpoint);
    endpoint.privates.add(this);
  }

  /** The client logs in on the connection. */
  adopt(connection: UpstreamConnection): void {
    this.add(connection.endpoint);
    this.#connections.add(connection);
  }

  /** The connection has ended. */
  drop(connection: UpstreamConnection): void {
    this.#connections.delete(connection);
  }

  /** A connection to the endpoint that waits for a request. */
  idle(endpoint: EndpointState): UpstreamConnection | undefined {
    if (this.#endpoints === undefined) return undefined;
    for (const connection of this.#connections) {
      if (connection.state === "idle" && connection.endpoint === endpoint) return connection;
    }
    return undefined;
  }

  /** The client's own connections of HTTP/2 to the endpoint. */
  pool(endpoint: EndpointState, context: UpstreamContext): Http2Pool {
    let pool = this.#pools.get(endpoint);
    if (pool === undefined) {
      pool = new Http2Pool(endpoint, context);
      this.#pools.set(endpoint, pool);
    }
    return pool;
  }

  /** The endpoint is gone, or is going: ends what is idle there, and the rest with what it is doing. */
  leave(endpoint: EndpointState): void {
    for (const connection of this.#connections) {
      if (connection.state === "idle" && connection.endpoint === endpoint) connection.destroy();
    }
    this.#pools.get(endpoint)?.retire();
    this.#pools.delete(endpoint);
    this.#endpoints?.delete(endpoint);
    endpoint.privates.delete(this);
  }

  /** The client's connection has ended, and its requests with it. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#connections) connection.destroy();
    for (const pool of this.#pools.values()) pool.retire();
    if (this.#endpoints !== undefined) for (const endpoint of this.#endpoints) endpoint.privates.delete(this);
  }
}
