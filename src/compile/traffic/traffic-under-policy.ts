import { byteSize } from "../../base/byte-size.ts";
import { durationMs } from "../../base/duration.ts";
import type { ConnectionSettings, Http2Settings, TcpKeepalive } from "../../ir/traffic/connection-settings.ts";
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
  const { circuitBreaker, healthCheck, http2, loadBalancer, proxyProtocol, tcpKeepalive, timeout } = settings;
  const connectTimeoutMs = durationMs(timeout?.tcp?.connectTimeout ?? "") || own.connectTimeoutMs;
  const connections = compileConnections(settings);
  const parts = [circuitBreaker, healthCheck, http2, loadBalancer, proxyProtocol, tcpKeepalive];
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
  const { circuitBreaker, http2, proxyProtocol, tcpKeepalive, timeout } = settings;
  const { connectionIdleTimeout, maxConnectionDuration } = timeout?.http ?? {};
  return {
    maxRequests: circuitBreaker?.maxRequestsPerConnection ?? 0,
    maxAgeMs: durationMs(maxConnectionDuration ?? "") ?? 0,
    idleMs: durationMs(connectionIdleTimeout ?? "") ?? 0,
    ...(http2 === undefined ? {} : { http2: compileHttp2(http2) }),
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

function compileHttp2(http2: NonNullable<BackendSettings["http2"]>): Http2Settings {
  const { initialStreamWindowSize, initialConnectionWindowSize, maxConcurrentStreams, connectionKeepalive } = http2;
  return {
    maxConcurrentStreams: maxConcurrentStreams ?? 0,
    streamWindowBytes: windowBytes(initialStreamWindowSize),
    connectionWindowBytes: windowBytes(initialConnectionWindowSize),
    pingAfterMs: durationMs(connectionKeepalive?.interval ?? "") ?? 0,
    pingTimeoutMs: durationMs(connectionKeepalive?.timeout ?? "") ?? 0,
  };
}

/** 0: not written. RFC 9113 section 6.9.1 for the maximum. */
function windowBytes(size: string | number | undefined): number {
  return size === undefined ? 0 : Math.min(byteSize(size) ?? 0, 0x7fff_ffff);
}

/** Whole ones, at least one: the system knows no shorter time. */
function seconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Math.max(1, Math.round((durationMs(text) ?? 0) / 1_000));
}
