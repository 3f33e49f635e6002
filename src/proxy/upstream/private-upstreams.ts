import { type ProxiedAddresses, writeProxyHeader } from "../../wire/proxy-protocol.ts";
import type { UpstreamConnection, UpstreamContext } from "./connection.ts";
import type { EndpointState } from "./endpoint-state.ts";
import { Http2Pool } from "./http2-pool.ts";

/** Of requests of the gateway's own. */
const nobody: ProxiedAddresses = { sourceAddress: "", sourcePort: 0, destinationAddress: "", destinationPort: 0 };

/** What a client has at one endpoint. */
type Place = { readonly connections: Set<UpstreamConnection>; pool: Http2Pool | undefined };

/**
 * What one client's connection has of connections to endpoints for itself alone, because it logs in on them (NTLM, Negotiate):
 * nobody else's request may ever come on one, and its own are to come on the same. They end with the client's connection. RFC
 * 9110 section 3.3.
 */
export class PrivateUpstreams {
  readonly #client: ProxiedAddresses;
  /** `undefined`, as for nearly every client: it logs in nowhere. */
  #places: Map<EndpointState, Place> | undefined;
  #closed = false;

  /** `client`: for endpoints that are told by the PROXY protocol. */
  constructor(client: ProxiedAddresses = nobody) {
    this.#client = client;
  }

  /** What a connection to the endpoint begins with; `undefined`: it begins with the request. */
  preface({ rules }: EndpointState): Buffer | undefined {
    return rules.proxyProtocol && writeProxyHeader(rules.proxyProtocol, this.#client);
  }

  /** Whether the client logs in at the endpoint. */
  has(endpoint: EndpointState): boolean {
    return this.#places?.has(endpoint) === true;
  }

  /** The one of `endpoints` that the client logs in at. */
  among(endpoints: readonly EndpointState[]): EndpointState | undefined {
    return this.#places === undefined ? undefined : endpoints.find((endpoint) => this.has(endpoint));
  }

  /** The client logs in at the endpoint. */
  add(endpoint: EndpointState): void {
    this.#place(endpoint);
  }

  /** The client logs in on the connection. */
  adopt(connection: UpstreamConnection): void {
    this.#place(connection.endpoint).connections.add(connection);
  }

  /** Whether the connection is to wait for another request of the client. */
  keeps(connection: UpstreamConnection): boolean {
    return this.#places?.get(connection.endpoint)?.connections.has(connection) === true;
  }

  /** The connection has ended. */
  drop(connection: UpstreamConnection): void {
    this.#places?.get(connection.endpoint)?.connections.delete(connection);
  }

  /** A connection to the endpoint that waits for a request. */
  idle(endpoint: EndpointState): UpstreamConnection | undefined {
    const place = this.#places?.get(endpoint);
    if (place !== undefined) for (const one of place.connections) if (one.state === "idle") return one;
    return undefined;
  }

  /** The client's own connections of HTTP/2 to the endpoint. */
  pool(endpoint: EndpointState, context: UpstreamContext): Http2Pool {
    const place = this.#place(endpoint);
    place.pool ??= new Http2Pool(endpoint, context, this.preface(endpoint));
    return place.pool;
  }

  /** The endpoint is gone, or is going: ends what is idle there, and the rest with what it is doing. */
  leave(endpoint: EndpointState): void {
    const place = this.#places?.get(endpoint);
    if (place === undefined) return;
    for (const one of place.connections) if (one.state === "idle") one.destroy();
    this.#forget(endpoint, place);
  }

  /** The client's connection has ended, and its requests with it. */
  close(): void {
    this.#closed = true;
    if (this.#places === undefined) return;
    for (const [endpoint, place] of this.#places) {
      for (const one of place.connections) one.destroy();
      this.#forget(endpoint, place);
    }
  }

  #place(endpoint: EndpointState): Place {
    let place = this.#places?.get(endpoint);
    if (place !== undefined) return place;
    place = { connections: new Set(), pool: undefined };
    // What a copy still does when the client has gone is kept by nobody.
    if (this.#closed) return place;
    this.#places ??= new Map();
    this.#places.set(endpoint, place);
    endpoint.privates.add(this);
    return place;
  }

  #forget(endpoint: EndpointState, { pool }: Place): void {
    this.#places?.delete(endpoint);
    endpoint.privates.delete(this);
    pool?.retire();
  }
}
