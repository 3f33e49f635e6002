/**
 * What the data plane and the control loop report to. Series are looked up when a configuration is swapped in (or a
 * rule first meets a backend), never by label strings for each request.
 */
import type { CounterName, GaugeName, HistogramName, LabelValues } from "./metrics.ts";
import type { ResponseFlag } from "./response-flag.ts";

/** Labels of the RED metrics; unset parts are `""` (for example, no route matched). */
export type HttpSeriesLabels = {
  readonly gateway_name: string;
  readonly gateway_namespace: string;
  readonly listener: string;
  readonly route_kind: string;
  readonly route_namespace: string;
  readonly route_name: string;
  readonly rule: string;
  readonly backend_name: string;
};

/** One finished request. */
export interface HttpSeries {
  readonly labels: HttpSeriesLabels;
  /**
   * Counts one request. `method` is folded to `OTHER` when it is not a standard one.
   * `upstreamMs` is negative when no upstream was asked.
   */
  observe(
    method: string,
    status: number,
    durationMs: number,
    upstreamMs: number,
    bytesIn: number,
    bytesOut: number,
  ): void;
  /**
   * Counts one gRPC call besides. `path` is `/service/method` as the client sent it: it is kept as a name once a server has
   * answered for it. `from` is whose status it is.
   */
  observeGrpc(path: string, grpcStatus: number, from: "server" | "gateway"): void;
}

/** TCP and TLS streams to one backend. */
export interface TcpSeries {
  readonly labels: HttpSeriesLabels;
  readonly active: Gauge;
  /** From clients. */
  readonly bytesIn: Counter;
  /** To clients. */
  readonly bytesOut: Counter;
  /** Counts a stream that has ended. */
  ended(flag: ResponseFlag): void;
}

/** UDP sessions with one backend. */
export interface UdpSeries extends TcpSeries {
  readonly datagramsIn: Counter;
  readonly datagramsOut: Counter;
}

/** One line of the access log. The engine keeps one record per connection and refills it: the log must not keep it. */
export type AccessRecord = {
  startMs: number;
  labels: HttpSeriesLabels;
  hostname: string;
  method: string;
  /** As received. The log writes it without its query, where secrets live. */
  path: string;
  protocol: string;
  statusCode: number;
  durationMs: number;
  upstreamDurationMs: number;
  bytesIn: number;
  bytesOut: number;
  sourceIp: string;
  userAgent: string;
  /** `address:port` of the endpoint, `""` when none was asked. */
  upstream: string;
  /** Short code of what went wrong, `-` when nothing did. */
  responseFlag: ResponseFlag;
  requestId: string;
  traceId: string;
  tenant: string;
  environment: string;
  /** How far the client's certificate was found good. Absent on clear connections. */
  clientCertificate?: "verified" | "unverified" | "none";
  /** Status code of a gRPC call; absent or negative for other requests. */
  grpcStatus?: number;
};

/** A number that only grows. */
export interface Counter {
  add(count: number): void;
}

/** A number that goes up and down. */
export interface Gauge {
  add(delta: number): void;
  set(value: number): void;
}

/** Counts values by how large they are. */
export interface Histogram {
  observe(seconds: number): void;
}

export interface Telemetry {
  httpSeries(labels: HttpSeriesLabels): HttpSeries;
  tcpSeries(labels: HttpSeriesLabels): TcpSeries;
  udpSeries(labels: HttpSeriesLabels): UdpSeries;
  /** A counter or gauge of the metrics table by name; label values in the order of the table's row. Keep what is returned. */
  counter<N extends CounterName>(name: N, ...labelValues: LabelValues<N>): Counter;
  gauge<N extends GaugeName>(name: N, ...labelValues: LabelValues<N>): Gauge;
  /** Histogram of the metrics table, in seconds. */
  histogram<N extends HistogramName>(name: N, ...labelValues: LabelValues<N>): Histogram;
  /** False: the engine need not fill an access record. */
  readonly accessLogEnabled: boolean;
  accessLog(record: AccessRecord): void;
}
