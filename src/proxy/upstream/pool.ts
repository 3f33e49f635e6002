import { UpstreamConnection, type UpstreamContext } from "./connection.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type { OutgoingRequest, UpstreamEvents, UpstreamExchange } from "./exchange.ts";
import { Http2Pool } from "./http2-pool.ts";
import type { PrivateUpstreams } from "./private-upstreams.ts";

/** Which connections an exchange may use: after one turned out to be stale, only a new one. */
export type Reuse = "idle" | "never";

export type ExchangeOptions = {
  readonly context: UpstreamContext;
  readonly connectTimeoutMs: number;
  readonly reuse: Reuse;
  /** The connections that the client has for itself. */
  readonly own: PrivateUpstreams;
};

/**
 * Begins an exchange for a request on an idle connection or a new one; `undefined` when the endpoint has as many as it may. A
 * request that logs in on its connection, or whose endpoint is told of the client, only ever comes on one of the client's own.
 */
export function openExchange(
  endpoint: EndpointState,
  request: Pick<OutgoingRequest, "logsIn">,
  events: UpstreamEvents,
  options: ExchangeOptions,
): UpstreamExchange | undefined {
  const { context, own } = options;
  const alone = request.logsIn || endpoint.rules.proxyProtocol !== undefined;
  if (alone) own.add(endpoint);
  if (endpoint.protocol === "http2") {
    endpoint.http2 ??= new Http2Pool(endpoint, context, undefined);
    const pool = alone || own.has(endpoint) ? own.pool(endpoint, context) : endpoint.http2;
    return pool.begin(events, options.connectTimeoutMs);
  }
  let connection = options.reuse === "idle" ? (own.idle(endpoint) ?? endpoint.idle.pop()) : undefined;
  if (connection === undefined) {
    if (!endpoint.openConnection()) return undefined;
    connection = new UpstreamConnection(endpoint, { ...options, preface: own.preface(endpoint) });
  }
  connection.begin(events);
  if (alone) connection.bind(own);
  return connection;
}
