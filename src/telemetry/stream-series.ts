import type { ScalarSeries } from "./family.ts";
import { overflowValue } from "./family.ts";
import { type CounterName, defaultMaxSeries, type GaugeName } from "./metrics.ts";
import type { Registry } from "./registry.ts";
import type { ResponseFlag } from "./response-flag.ts";
import type { HttpSeriesLabels, TcpSeries, UdpSeries } from "./telemetry.ts";

type RouteValues = readonly [string, string, string, string, string, string, string, string];

/** Series of one label set, dropped together. */
abstract class StreamRow {
  readonly labels: HttpSeriesLabels;
  /** When the labels stopped to be live, in milliseconds; `undefined` while they are. */
  deadSinceMs: number | undefined;
  protected readonly registry: Registry;
  protected readonly values: RouteValues;
  readonly #ended = new Map<ResponseFlag, ScalarSeries>();
  readonly #held: { readonly name: CounterName | GaugeName; readonly series: ScalarSeries }[] = [];

  constructor(labels: HttpSeriesLabels, registry: Registry) {
    this.labels = labels;
    this.registry = registry;
    this.values = [
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

  protected abstract makeEnded(result: string): ScalarSeries;

  /** Counts the end of a stream or session; `-` is counted as `ok`. */
  ended(flag: ResponseFlag): void {
    let series = this.#ended.get(flag);
    if (series === undefined) {
      series = this.makeEnded(flag === "-" ? "ok" : flag);
      this.#ended.set(flag, series);
    }
    series.add(1);
  }

  drop(): void {
    for (const { name, series } of this.#held) this.registry.families[name].drop(series);
  }

  protected hold(name: CounterName | GaugeName, series: ScalarSeries): ScalarSeries {
    this.#held.push({ name, series });
    return series;
  }
}

class TcpRow extends StreamRow implements TcpSeries {
  readonly active: ScalarSeries;
  readonly bytesIn: ScalarSeries;
  readonly bytesOut: ScalarSeries;

  constructor(labels: HttpSeriesLabels, registry: Registry) {
    super(labels, registry);
    const { values } = this;
    this.active = this.hold(
      "gateway_tcp_connections_active",
      registry.gauge("gateway_tcp_connections_active", ...values),
    );
    this.bytesIn = this.hold(
      "gateway_tcp_received_bytes_total",
      registry.counter("gateway_tcp_received_bytes_total", ...values),
    );
    this.bytesOut = this.hold(
      "gateway_tcp_sent_bytes_total",
      registry.counter("gateway_tcp_sent_bytes_total", ...values),
    );
  }

  protected override makeEnded(result: string): ScalarSeries {
    const name = "gateway_tcp_connections_total";
    return this.hold(name, this.registry.counter(name, ...this.values, result));
  }
}

class UdpRow extends StreamRow implements UdpSeries {
  readonly active: ScalarSeries;
  readonly datagramsIn: ScalarSeries;
  readonly datagramsOut: ScalarSeries;
  readonly bytesIn: ScalarSeries;
  readonly bytesOut: ScalarSeries;

  constructor(labels: HttpSeriesLabels, registry: Registry) {
    super(labels, registry);
    const { values } = this;
    const datagrams = "gateway_udp_datagrams_total";
    const bytes = "gateway_udp_bytes_total";
    this.active = this.hold("gateway_udp_sessions_active", registry.gauge("gateway_udp_sessions_active", ...values));
    this.datagramsIn = this.hold(datagrams, registry.counter(datagrams, ...values, "in"));
    this.datagramsOut = this.hold(datagrams, registry.counter(datagrams, ...values, "out"));
    this.bytesIn = this.hold(bytes, registry.counter(bytes, ...values, "in"));
    this.bytesOut = this.hold(bytes, registry.counter(bytes, ...values, "out"));
  }

  protected override makeEnded(result: string): ScalarSeries {
    const name = "gateway_udp_sessions_total";
    return this.hold(name, this.registry.counter(name, ...this.values, result));
  }
}

/** All label sets of one kind of stream; those of removed routes go some time after the routes. */
export class StreamSeriesTable<R extends TcpSeries | UdpSeries> {
  readonly #make: (labels: HttpSeriesLabels) => R & StreamRow;
  readonly #onOverflow: () => void;
  readonly #rows = new Map<string, R & StreamRow>();
  #overflow: R | undefined;

  private constructor(make: (labels: HttpSeriesLabels) => R & StreamRow, onOverflow: () => void) {
    this.#make = make;
    this.#onOverflow = onOverflow;
  }

  static tcp(registry: Registry): StreamSeriesTable<TcpSeries> {
    const overflow = registry.counter("gateway_metrics_overflow_total", "gateway_tcp_connections_total");
    return new StreamSeriesTable<TcpSeries>(
      (labels) => new TcpRow(labels, registry),
      () => overflow.add(1),
    );
  }

  static udp(registry: Registry): StreamSeriesTable<UdpSeries> {
    const overflow = registry.counter("gateway_metrics_overflow_total", "gateway_udp_sessions_total");
    return new StreamSeriesTable<UdpSeries>(
      (labels) => new UdpRow(labels, registry),
      () => overflow.add(1),
    );
  }

  get(labels: HttpSeriesLabels): R {
    const key = JSON.stringify(labels);
    let row = this.#rows.get(key);
    if (row === undefined) {
      if (this.#rows.size >= defaultMaxSeries) {
        this.#onOverflow();
        this.#overflow ??= this.#make(overflowLabels);
        return this.#overflow;
      }
      row = this.#make(labels);
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
}

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
