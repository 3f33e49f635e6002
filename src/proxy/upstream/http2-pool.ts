import type { ProxyErrorKind } from "../error.ts";
import type { UpstreamContext } from "./connection.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type { UpstreamEvents } from "./exchange.ts";
import { Http2Connection, type Http2ConnectionOwner } from "./http2-connection.ts";
import { Http2Exchange, type Http2ExchangeOwner } from "./http2-exchange.ts";

/**
 * The HTTP/2 connections of one endpoint. Requests share a connection up to what the endpoint allows; another is opened when
 * all are full. Requests that wait for a connection wait here, not on one of them: whichever opens first takes them.
 */
export class Http2Pool implements Http2ConnectionOwner, Http2ExchangeOwner {
  readonly endpoint: EndpointState;
  readonly preface: Buffer | undefined;
  readonly #context: UpstreamContext;
  readonly #connections: Http2Connection[] = [];
  #waiting: Http2Exchange[] = [];
  #connectTimeoutMs = 0;

  /** `preface`: what every connection begins with, before HTTP/2 does. */
  constructor(endpoint: EndpointState, context: UpstreamContext, preface: Buffer | undefined) {
    this.endpoint = endpoint;
    this.preface = preface;
    this.#context = context;
  }

  /** Begins an exchange; `undefined` when the endpoint has as many connections as it may, all of them full. */
  begin(events: UpstreamEvents, connectTimeoutMs: number): Http2Exchange | undefined {
    this.#connectTimeoutMs = connectTimeoutMs;
    const connection = this.#connections.find(({ room }) => room > 0);
    if (connection === undefined && !this.#prepareRoom(1)) return undefined;
    const exchange = new Http2Exchange(this, events, this.#context);
    if (connection === undefined) this.#waiting.push(exchange);
    else exchange.assign(connection);
    return exchange;
  }

  /** No model names the endpoint any more: its connections end with what they are doing, or are about to do. */
  retire(): void {
    for (const connection of [...this.#connections]) {
      if (!connection.connecting || this.#waiting.length === 0) connection.drain();
    }
  }

  onOpen(connection: Http2Connection): void {
    this.#serveWaiting(connection);
    if (this.endpoint.retired) connection.drain();
    if (this.#waiting.length === 0) {
      this.endpoint.rules.onRoom(this.endpoint);
      return;
    }
    // A connection that takes nothing at all promises nothing of the next.
    if (connection.session.peer.maxConcurrentStreams === 0 || !this.#prepareRoom(0)) this.#failWaiting("overflow");
  }

  onRoom(connection: Http2Connection): void {
    if (this.#waiting.length > 0) this.#serveWaiting(connection);
    else this.endpoint.rules.onRoom(this.endpoint);
  }

  onGone(connection: Http2Connection, kind: ProxyErrorKind | undefined): void {
    const index = this.#connections.indexOf(connection);
    if (index >= 0) this.#connections.splice(index, 1);
    if (this.#waiting.length === 0) return;
    const hopeless = kind === "endpointGone" || (kind !== undefined && this.#connecting() === 0);
    if (hopeless) this.#failWaiting(kind);
    else if (!this.#prepareRoom(0)) this.#failWaiting("overflow");
  }

  onAbandoned(exchange: Http2Exchange): void {
    const index = this.#waiting.indexOf(exchange);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  #connecting(): number {
    let count = 0;
    for (const connection of this.#connections) if (connection.connecting) count++;
    return count;
  }

  /** Sees to it that connections under way will hold those that wait and `more`; false when there may be no further one. */
  #prepareRoom(more: number): boolean {
    const { http2, maxRequests } = this.endpoint.rules;
    const perConnection = Math.min(http2.streamsPerConnection, maxRequests);
    if (this.#waiting.length + more <= this.#connecting() * perConnection) return true;
    if (!this.endpoint.openConnection()) return false;
    this.#connections.push(new Http2Connection(this, this.#connectTimeoutMs, this.#context));
    return true;
  }

  #serveWaiting(connection: Http2Connection): void {
    const { room } = connection;
    if (room <= 0) return;
    const served = this.#waiting.splice(0, room);
    for (const exchange of served) exchange.assign(connection);
    for (const exchange of served) exchange.announceReady();
  }

  #failWaiting(kind: ProxyErrorKind): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const exchange of waiting) exchange.fail(kind, "unsent");
  }
}
