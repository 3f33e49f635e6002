import type { GatewayModel } from "../../ir/routing-model.ts";
import type { ResponseFlag } from "../../telemetry/response-flag.ts";
import type { HttpSeriesLabels } from "../../telemetry/telemetry.ts";
import type { PlaneContext } from "../plane-context.ts";

/** A TCP or TLS stream, or a UDP session, that has ended. */
export type StreamEnd = {
  readonly protocol: "TCP" | "TLS" | "UDP";
  readonly labels: HttpSeriesLabels;
  /** Its labels name tenant and environment. */
  readonly gateway: GatewayModel;
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
export function logStream(context: PlaneContext, end: StreamEnd): void {
  const { telemetry, tenant, environment } = context;
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
    tenant: end.gateway.labels[tenant.label] ?? "",
    environment: end.gateway.labels[environment.label] ?? "",
  });
}
