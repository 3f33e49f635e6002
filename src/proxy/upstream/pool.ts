import { UpstreamConnection, type UpstreamContext } from "./connection.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type { UpstreamEvents, UpstreamExchange } from "./exchange.ts";
import { Http2Pool } from "./http2-pool.ts";

/** Which connections an exchange may use: after one turned out to be stale, only a new one. */
export type Reuse = "idle" | "never";

/** Begins an exchange on an idle connection or a new one; `undefined` when the endpoint has as many as it may. */
export function openExchange(
  endpoint: EndpointState,
  events: UpstreamEvents,
  options: { readonly context: UpstreamContext; readonly connectTimeoutMs: number; readonly reuse: Reuse },
): UpstreamExchange | undefined {
  if (endpoint.protocol === "http2") {
    endpoint.http2 ??= new Http2Pool(endpoint, options.context);
    return endpoint.http2.begin(events, options.connectTimeoutMs);
  }
  let connection = options.reuse === "idle" ? endpoint.idle.pop() : undefined;
  if (connection === undefined) {
    if (endpoint.connections >= options.context.limits.connectionsPerEndpoint) return undefined;
    connection = new UpstreamConnection(endpoint, options.connectTimeoutMs, options.context);
  }
  connection.begin(events);
  return connection;
}
