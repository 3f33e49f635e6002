import type { ResponseFlag } from "../../telemetry/response-flag.ts";
import type { Counter, Gauge, HttpSeriesLabels, Telemetry } from "../../telemetry/telemetry.ts";

type RouteValues = readonly [string, string, string, string, string, string, string, string];

function routeValues(labels: HttpSeriesLabels): RouteValues {
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

/** Metrics of TCP and TLS streams to one backend. */
export class TcpSeries {
  readonly labels: HttpSeriesLabels;
  readonly active: Gauge;
  readonly bytesIn: Counter;
  readonly bytesOut: Counter;
  readonly #telemetry: Telemetry;

  constructor(labels: HttpSeriesLabels, telemetry: Telemetry) {
    const values = routeValues(labels);
    this.labels = labels;
    this.#telemetry = telemetry;
    this.active = telemetry.gauge("gateway_tcp_connections_active", ...values);
    this.bytesIn = telemetry.counter("gateway_tcp_received_bytes_total", ...values);
    this.bytesOut = telemetry.counter("gateway_tcp_sent_bytes_total", ...values);
  }

  /** Counts the end of a stream. */
  ended(flag: ResponseFlag): void {
    const result = flag === "-" ? "ok" : flag;
    this.#telemetry.counter("gateway_tcp_connections_total", ...routeValues(this.labels), result).add(1);
  }
}

/** Metrics of UDP sessions with one backend. */
export class UdpSeries {
  readonly labels: HttpSeriesLabels;
  readonly active: Gauge;
  readonly datagramsIn: Counter;
  readonly datagramsOut: Counter;
  readonly bytesIn: Counter;
  readonly bytesOut: Counter;
  readonly #telemetry: Telemetry;

  constructor(labels: HttpSeriesLabels, telemetry: Telemetry) {
    const values = routeValues(labels);
    this.labels = labels;
    this.#telemetry = telemetry;
    this.active = telemetry.gauge("gateway_udp_sessions_active", ...values);
    this.datagramsIn = telemetry.counter("gateway_udp_datagrams_total", ...values, "in");
    this.datagramsOut = telemetry.counter("gateway_udp_datagrams_total", ...values, "out");
    this.bytesIn = telemetry.counter("gateway_udp_bytes_total", ...values, "in");
    this.bytesOut = telemetry.counter("gateway_udp_bytes_total", ...values, "out");
  }

  /** Counts the end of a session. */
  ended(flag: ResponseFlag): void {
    this.#telemetry
      .counter("gateway_udp_sessions_total", ...routeValues(this.labels), flag === "-" ? "ok" : flag)
      .add(1);
  }
}
