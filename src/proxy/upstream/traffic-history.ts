import type { PolicyTraffic } from "../../ir/traffic/policy-traffic.ts";
import type { ProxyLimits } from "../limits.ts";
import { CircuitBreaker } from "./breaker/circuit-breaker.ts";
import { WaitingLine } from "./breaker/waiting-line.ts";
import type { ConnectionRules } from "./connection-rules.ts";
import type { StandingListener } from "./endpoint-standing.ts";
import type { EndpointState } from "./endpoint-state.ts";
import { http2Rules, ordinaryHttp2 } from "./http2-rules.ts";
import type { TrafficMetrics } from "./traffic-metrics.ts";

/** What of a backend's traffic outlives its runtime, when a configuration changes around it. */
export class TrafficHistory implements StandingListener {
  readonly breaker: CircuitBreaker | undefined;
  readonly rules: ConnectionRules;
  readonly line = new WaitingLine<EndpointState>();
  endpoints: readonly EndpointState[] = [];
  /** Counts the changes of how endpoints are doing. */
  version = 0;
  /** Endpoints with room that those who wait have not been told of. */
  readonly #roomy = new Set<EndpointState>();

  constructor(
    model: PolicyTraffic,
    options: { readonly key: string; readonly limits: ProxyLimits; readonly metrics: TrafficMetrics },
  ) {
    const { key, limits, metrics } = options;
    const { circuitBreaker, connections } = model;
    this.breaker =
      circuitBreaker &&
      new CircuitBreaker(circuitBreaker, (limit) => {
        const refused = metrics.refused(limit);
        const open = metrics.open(limit);
        return { onRefused: () => refused.add(1), onReached: (reached) => open.add(reached ? 1 : -1) };
      });
    this.rules = {
      key,
      maxConnections: circuitBreaker?.maxConnectionsPerEndpoint || limits.connectionsPerEndpoint,
      maxRequests: connections.maxRequests || Number.POSITIVE_INFINITY,
      maxAgeMs: connections.maxAgeMs || Number.POSITIVE_INFINITY,
      idleMs: connections.idleMs || limits.upstreamIdleMs,
      keepalive: connections.keepalive,
      http2: http2Rules(connections.http2 ?? ordinaryHttp2, limits),
      proxyProtocol: connections.proxyProtocol,
      breaker: this.breaker,
      closeIdle: () => this.#closeIdle(),
      onRoom: (endpoint) => this.#onRoom(endpoint),
    };
  }

  onStandingChange(): void {
    this.version++;
  }

  /** Endpoints with the most unused connections give first. */
  #closeIdle(): void {
    let most: EndpointState | undefined;
    for (const endpoint of this.endpoints) {
      if (endpoint.idle.length > (most?.idle.length ?? 0)) most = endpoint;
    }
    // The one that was not used for longest.
    most?.idle.shift()?.destroy();
  }

  #onRoom(endpoint: EndpointState): void {
    if (this.line.length === 0) return;
    // Not at once: whoever makes room is in the middle of something.
    if (this.#roomy.size === 0) setImmediate(() => this.#tellWaiting());
    this.#roomy.add(endpoint);
  }

  #tellWaiting(): void {
    const roomy = [...this.#roomy];
    this.#roomy.clear();
    for (const endpoint of roomy) this.line.offer(endpoint);
  }
}
