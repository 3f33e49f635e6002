import type { TcpKeepalive } from "../../ir/traffic/connection-settings.ts";
import type { ProxyProtocolVersion } from "../../wire/proxy-protocol.ts";
import type { ProxyLimits } from "../limits.ts";
import type { CircuitBreaker } from "./breaker/circuit-breaker.ts";
import type { EndpointState } from "./endpoint-state.ts";
import { type Http2Rules, http2Rules, ordinaryHttp2 } from "./http2-rules.ts";

/** How the connections to a backend's endpoints are kept. Backends with other rules have connections of their own. */
export type ConnectionRules = {
  /** The same for equal rules. */
  readonly key: string;
  /** Connections of any state to one endpoint. */
  readonly maxConnections: number;
  /** Requests after which a connection is not used again. `Infinity`: no limit. */
  readonly maxRequests: number;
  /** Age at which it gets no more requests. `Infinity`: no limit. Milliseconds. */
  readonly maxAgeMs: number;
  /** Closed after this without a request. Milliseconds. */
  readonly idleMs: number;
  /** `undefined`: the gateway's own probes. */
  readonly keepalive: TcpKeepalive | undefined;
  readonly http2: Http2Rules;
  /** Every connection begins by naming the client whose alone it is; `undefined`: they are shared. */
  readonly proxyProtocol: ProxyProtocolVersion | undefined;
  /** Counts the connections to all endpoints of the backend. */
  readonly breaker: CircuitBreaker | undefined;
  /** Closes a connection of the backend that is not in use, for the sake of one to another endpoint. */
  readonly closeIdle: () => void;
  /** An endpoint may have room for another request. */
  readonly onRoom: (endpoint: EndpointState) => void;
};

const ordinary = new WeakMap<ProxyLimits, ConnectionRules>();

/** The rules of backends that no policy is about: one object for all of a plane. */
export function ordinaryRules(limits: ProxyLimits): ConnectionRules {
  let rules = ordinary.get(limits);
  if (rules === undefined) {
    rules = makeOrdinary(limits);
    ordinary.set(limits, rules);
  }
  return rules;
}

function makeOrdinary(limits: ProxyLimits): ConnectionRules {
  return {
    key: "",
    maxConnections: limits.connectionsPerEndpoint,
    maxRequests: Number.POSITIVE_INFINITY,
    maxAgeMs: Number.POSITIVE_INFINITY,
    idleMs: limits.upstreamIdleMs,
    keepalive: undefined,
    http2: http2Rules(ordinaryHttp2, limits),
    proxyProtocol: undefined,
    breaker: undefined,
    closeIdle: () => {},
    onRoom: () => {},
  };
}
