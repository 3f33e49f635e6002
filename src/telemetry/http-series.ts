import type { HistogramSeries, ScalarSeries } from "./family.ts";
import { overflowValue } from "./family.ts";
import { defaultMaxSeries } from "./metrics.ts";
import type { Registry } from "./registry.ts";
import type { HttpSeries, HttpSeriesLabels } from "./telemetry.ts";

/** Pairs of method and status of one label set; a backend that answers with more is counted by class (`5xx`). */
const maxPairs = 64;

/** Methods of gRPC that keep their name in one label set; further ones are `other`. */
const maxGrpcMethods = 100;
const maxGrpcPathLength = 256;
/** The server does not know the method: its name is the client's own invention and would fill the table. */
const grpcUnimplemented = 12;
const lastGrpcStatus = 16;

/** Methods that keep their name; all others are `OTHER`. RFC 9110 section 9, RFC 5789. */
const methodNames = ["OTHER", "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "TRACE"] as const;
const methodIndexes: ReadonlyMap<string, number> = new Map(methodNames.map((name, index) => [name, index]));

/** The RED metrics of one label set. Counting a request is a short search in a small array and seven additions. */
class HttpSeriesRow implements HttpSeries {
  readonly labels: HttpSeriesLabels;
  /** When the labels stopped to be live, in milliseconds; `undefined` while they are. */
  deadSinceMs: number | undefined;
  #dropped = false;
  readonly #registry: Registry;
  readonly #values: RouteLabelValues;
  readonly #duration: HistogramSeries;
  readonly #upstream: HistogramSeries;
  readonly #bytesIn: ScalarSeries;
  readonly #bytesOut: ScalarSeries;
  readonly #keys: number[] = [];
  readonly #requests: ScalarSeries[] = [];
  /** Methods that a server has answered for, as paths. */
  readonly #methods = new Set<string>();
  /** Counters of gRPC calls, by status and method. */
  readonly #calls = new Map<string, ScalarSeries>();

  constructor(registry: Registry, labels: HttpSeriesLabels) {
    this.labels = labels;
    this.#registry = registry;
    this.#values = labelValues(labels);
    this.#duration = registry.histogram("gateway_http_request_duration_seconds", ...this.#values);
    this.#upstream = registry.histogram("gateway_http_upstream_duration_seconds", ...this.#values);
    this.#bytesIn = registry.counter("gateway_http_request_bytes_total", ...this.#values);
    this.#bytesOut = registry.counter("gateway_http_response_bytes_total", ...this.#values);
  }

  observe(
    method: string,
    status: number,
    durationMs: number,
    upstreamMs: number,
    bytesIn: number,
    bytesOut: number,
  ): void {
    if (this.#dropped) return;
    this.#counter((methodIndexes.get(method) ?? 0) * 1000 + foldStatus(status)).add(1);
    this.#duration.observe(durationMs / 1000);
    if (upstreamMs >= 0) this.#upstream.observe(upstreamMs / 1000);
    this.#bytesIn.add(bytesIn);
    this.#bytesOut.add(bytesOut);
  }

  observeGrpc(path: string, grpcStatus: number, from: "server" | "gateway"): void {
    if (this.#dropped) return;
    if (from === "server" && grpcStatus !== grpcUnimplemented) this.#learn(path);
    const method = this.#methods.has(path) ? path : this.#methods.size < maxGrpcMethods ? "" : overflowValue;
    const status = grpcStatus >= 0 && grpcStatus <= lastGrpcStatus ? String(grpcStatus) : overflowValue;
    const key = `${status}${method}`;
    let series = this.#calls.get(key);
    if (series === undefined) {
      series = this.#registry.counter("gateway_grpc_requests_total", ...this.#values, ...splitMethod(method), status);
      this.#calls.set(key, series);
    }
    series.add(1);
  }

  #learn(path: string): void {
    if (this.#methods.size < maxGrpcMethods && path.length <= maxGrpcPathLength) this.#methods.add(path);
  }

  drop(): void {
    this.#dropped = true;
    const { families } = this.#registry;
    families.gateway_http_request_duration_seconds.drop(this.#duration);
    families.gateway_http_upstream_duration_seconds.drop(this.#upstream);
    families.gateway_http_request_bytes_total.drop(this.#bytesIn);
    families.gateway_http_response_bytes_total.drop(this.#bytesOut);
    for (const series of this.#calls.values()) families.gateway_grpc_requests_total.drop(series);
    for (const series of this.#requests) families.gateway_http_requests_total.drop(series);
  }

  #counter(key: number): ScalarSeries {
    const known = this.#keys.indexOf(key);
    return known >= 0 ? this.#requests[known]! : this.#addCounter(key);
  }

  #addCounter(key: number): ScalarSeries {
    const status = key % 1000;
    const method = methodNames[(key - status) / 1000]!;
    if (this.#keys.length >= maxPairs) {
      return this.#registry.counter(
        "gateway_http_requests_total",
        ...this.#values,
        "OTHER",
        `${codeText(status)[0]}xx`,
      );
    }
    const series = this.#registry.counter("gateway_http_requests_total", ...this.#values, method, codeText(status));
    this.#keys.push(key);
    this.#requests.push(series);
    return series;
  }
}

/** Service and method of `/service/method`. */
function splitMethod(path: string): [service: string, method: string] {
  if (path === overflowValue) return [overflowValue, overflowValue];
  const slash = path.lastIndexOf("/");
  return slash < 1 ? ["", path.slice(1)] : [path.slice(1, slash), path.slice(slash + 1)];
}

/** All label sets of the RED metrics; those of removed routes go some time after the routes. */
export class HttpSeriesTable {
  readonly #registry: Registry;
  readonly #rows = new Map<string, HttpSeriesRow>();
  #overflow: HttpSeriesRow | undefined;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  get(labels: HttpSeriesLabels): HttpSeries {
    const key = labelValues(labels).join("\n");
    let row = this.#rows.get(key);
    if (!row) {
      if (this.#rows.size >= defaultMaxSeries) return this.#overflowRow();
      row = new HttpSeriesRow(this.#registry, labels);
      this.#rows.set(key, row);
    }
    row.deadSinceMs = undefined;
    return row;
  }

  /** Marks label sets that no configuration has any more, and brings back those that returned. */
  markLive(isLive: (labels: HttpSeriesLabels) => boolean, nowMs: number): void {
    for (const row of this.#rows.values()) {
      if (isLive(row.labels)) row.deadSinceMs = undefined;
      else row.deadSinceMs ??= nowMs;
    }
  }

  /** Drops label sets that have been dead for `graceMs`: long enough for their last counts to be scraped. */
  sweep(nowMs: number, graceMs: number): void {
    for (const [key, row] of this.#rows) {
      if (row.deadSinceMs === undefined || nowMs - row.deadSinceMs < graceMs) continue;
      row.drop();
      this.#rows.delete(key);
    }
  }

  /** Methods and statuses stay apart in it, so that the share of errors stays right. */
  #overflowRow(): HttpSeriesRow {
    this.#registry.counter("gateway_metrics_overflow_total", "gateway_http_requests_total").add(1);
    this.#overflow ??= new HttpSeriesRow(this.#registry, overflowLabels);
    return this.#overflow;
  }
}

type RouteLabelValues = readonly [string, string, string, string, string, string, string, string];

const overflowLabels: HttpSeriesLabels = {
  gateway_name: overflowValue,
  gateway_namespace: overflowValue,
  listener: overflowValue,
  route_kind: overflowValue,
  route_namespace: overflowValue,
  route_name: overflowValue,
  rule: overflowValue,
  backend_name: overflowValue,
};

function labelValues(labels: HttpSeriesLabels): RouteLabelValues {
  return [
    labels.gateway_name,
    labels.gateway_namespace,
    labels.listener,
    labels.route_kind,
    labels.route_namespace,
    labels.route_name,
    labels.rule,
    labels.backend_name,
  ];
}

/** Status codes are three digits; anything else (a client that left before an answer) counts as `000`. */
function foldStatus(status: number): number {
  return status >= 100 && status <= 599 ? Math.trunc(status) : 0;
}

function codeText(status: number): string {
  return String(status).padStart(3, "0");
}
