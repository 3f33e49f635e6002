import { durationMs } from "../../base/duration.ts";
import type { ConnectionSettings, TcpKeepalive } from "../../ir/traffic/connection-settings.ts";
import type { TrafficSettings } from "../../ir/traffic-settings.ts";
import type { BackendSettings } from "./backend-settings.ts";
import { compileCircuitBreaker } from "./circuit-breaker.ts";
import { compileHealthCheck } from "./health-check.ts";
import { compileLoadBalancing } from "./load-balancing.ts";
import { compileOutlierDetection } from "./outlier-detection.ts";

/** Envoy's, for a policy that says nothing of it. */
const defaultPanicPercent = 50;
/** The system's, as Linux has them. */
const defaultKeepalive: TcpKeepalive = { idleSeconds: 7_200, intervalSeconds: 75, probes: 9 };

/**
 * How the endpoints of a backend are used under a policy. Where that is as without it, it is what was given. Spec:
 * BackendTrafficPolicy, what concerns connections and endpoints.
 */
export function trafficUnderPolicy(own: TrafficSettings, settings: BackendSettings): TrafficSettings {
  const { circuitBreaker, healthCheck, loadBalancer, proxyProtocol, tcpKeepalive, timeout } = settings;
  const connectTimeoutMs = durationMs(timeout?.tcp?.connectTimeout ?? "") || own.connectTimeoutMs;
  const connections = compileConnections(settings);
  const parts = [circuitBreaker, healthCheck, loadBalancer, proxyProtocol, tcpKeepalive];
  const changesConnections = connections.maxRequests + connections.maxAgeMs + connections.idleMs > 0;
  if (parts.every((part) => part === undefined) && !changesConnections) {
    return connectTimeoutMs === own.connectTimeoutMs ? own : { ...own, connectTimeoutMs };
  }
  const { active, passive, panicThreshold } = healthCheck ?? {};
  return {
    ...own,
    connectTimeoutMs,
    policy: {
      loadBalancing: (loadBalancer && compileLoadBalancing(loadBalancer)) ?? {
        turns: { kind: own.loadBalancing },
        slowStartMs: 0,
        zones: { kind: "none" },
        overrideHeaders: [],
      },
      connections,
      panicPercent: panicThreshold ?? defaultPanicPercent,
      ...(circuitBreaker === undefined ? {} : { circuitBreaker: compileCircuitBreaker(circuitBreaker) }),
      ...(passive === undefined ? {} : { outlierDetection: compileOutlierDetection(passive) }),
      ...(active === undefined ? {} : { healthCheck: compileHealthCheck(active) }),
    },
  };
}

function compileConnections(settings: BackendSettings): ConnectionSettings {
  const { circuitBreaker, proxyProtocol, tcpKeepalive, timeout } = settings;
  const { connectionIdleTimeout, maxConnectionDuration } = timeout?.http ?? {};
  return {
    maxRequests: circuitBreaker?.maxRequestsPerConnection ?? 0,
    maxAgeMs: durationMs(maxConnectionDuration ?? "") ?? 0,
    idleMs: durationMs(connectionIdleTimeout ?? "") ?? 0,
    ...(proxyProtocol === undefined ? {} : { proxyProtocol: proxyProtocol.version === "V1" ? "v1" : "v2" }),
    ...(tcpKeepalive === undefined
      ? {}
      : {
          keepalive: {
            idleSeconds: seconds(tcpKeepalive.idleTime) ?? defaultKeepalive.idleSeconds,
            intervalSeconds: seconds(tcpKeepalive.interval) ?? defaultKeepalive.intervalSeconds,
            probes: tcpKeepalive.probes ?? defaultKeepalive.probes,
          },
        }),
  };
}

/** Whole ones, at least one: the system knows no shorter time. */
function seconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Math.max(1, Math.round((durationMs(text) ?? 0) / 1_000));
}
