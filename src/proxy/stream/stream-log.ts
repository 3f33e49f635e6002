import type { ResponseFlag } from "../../telemetry/response-flag.ts";
import type { HttpSeriesLabels, Telemetry } from "../../telemetry/telemetry.ts";

/** A TCP or TLS stream, or a UDP session, that has ended. */
export type StreamEnd = {
  readonly protocol: "TCP" | "TLS" | "UDP";
  readonly labels: HttpSeriesLabels;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly sourceIp: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly flag: ResponseFlag;
  /** SNI; `""` without one. */
  readonly serverName?: string;
  /** `address:port` of the endpoint; `""` when none was reached. */
  readonly upstream?: string;
};

/** Writes the one access log line of a stream: fields of HTTP are empty, the status is 0. */
export function logStream(telemetry: Telemetry, end: StreamEnd): void {
  if (!telemetry.accessLogEnabled) return;
  telemetry.accessLog({
    startMs: end.startMs,
    labels: end.labels,
    hostname: end.serverName ?? "",
    method: "",
    path: "",
    protocol: end.protocol,
    statusCode: 0,
    durationMs: end.durationMs,
    upstreamDurationMs: -1,
    bytesIn: end.bytesIn,
    bytesOut: end.bytesOut,
    sourceIp: end.sourceIp,
    userAgent: "",
    upstream: end.upstream ?? "",
    responseFlag: end.flag,
    requestId: "",
    traceId: "",
    tenant: "",
    environment: "",
  });
}
