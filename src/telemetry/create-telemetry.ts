import { AccessLog, type LogSink } from "./access-log.ts";
import { HttpSeriesTable } from "./http-series.ts";
import type { Logger } from "./log.ts";
import { ProcessMetrics } from "./process-metrics.ts";
import { Registry } from "./registry.ts";
import { StreamSeriesTable } from "./stream-series.ts";
import type { AccessRecord, HttpSeriesLabels, Telemetry } from "./telemetry.ts";

/** Time for which the series of a removed route stay: a few scrapes at the usual intervals. */
const seriesGraceMs = 5 * 60 * 1000;

export type TelemetryOptions = {
  /** Of Sluice, for `gateway_build_info`. */
  readonly version: string;
  /** Where access log lines go; absent: there is no access log. The caller opens it with `openLogSink`. */
  readonly accessLogSink?: LogSink;
  /** Where it is said that the access log cannot be written, and that it can again. Default: nowhere. */
  readonly log?: Logger;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly nowMs?: () => number;
};

/** Telemetry with what its owner needs beside: the registry for scrapes, the life of series and of the log. */
export interface RunningTelemetry extends Telemetry, AsyncDisposable {
  readonly registry: Registry;
  /** Says which label sets the configuration in force still has; series of the others are dropped five minutes later. */
  retainHttpSeries(isLive: (labels: HttpSeriesLabels) => boolean): void;
  /** Opens the access log's file again, after rotation. Rejects when that fails; the old file then stays in use. */
  reopenAccessLog(): Promise<void>;
  /** Writes what the access log holds and stops measuring the process. */
  close(): Promise<void>;
}

/** Starts telemetry for a process. */
export function createTelemetry(options: TelemetryOptions): RunningTelemetry {
  const nowMs = options.nowMs ?? Date.now;
  const registry = new Registry();
  const httpSeries = new HttpSeriesTable(registry);
  const tcpSeries = StreamSeriesTable.tcp(registry);
  const udpSeries = StreamSeriesTable.udp(registry);
  const tables = [httpSeries, tcpSeries, udpSeries];
  const process = new ProcessMetrics(registry, options.version);
  const log = options.accessLogSink && createAccessLog(registry, options.accessLogSink, options.log);
  registry.beforeScrape(() => {
    for (const table of tables) table.sweep(nowMs(), seriesGraceMs);
  });

  const close = async () => {
    process.close();
    await log?.close();
  };
  return {
    registry,
    accessLogEnabled: log !== undefined,
    httpSeries: (labels) => httpSeries.get(labels),
    tcpSeries: (labels) => tcpSeries.get(labels),
    udpSeries: (labels) => udpSeries.get(labels),
    counter: (name, ...labelValues) => registry.counter(name, ...labelValues),
    gauge: (name, ...labelValues) => registry.gauge(name, ...labelValues),
    histogram: (name, ...labelValues) => registry.histogram(name, ...labelValues),
    accessLog: (record: AccessRecord) => log?.write(record),
    retainHttpSeries(isLive) {
      for (const table of tables) {
        table.markLive(isLive, nowMs());
        table.sweep(nowMs(), seriesGraceMs);
      }
    },
    reopenAccessLog: async () => log?.reopen(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function createAccessLog(registry: Registry, sink: LogSink, log: Logger | undefined): AccessLog {
  const event = "access-log";
  return new AccessLog({
    sink,
    written: registry.counter("gateway_access_log_lines_total"),
    droppedFull: registry.counter("gateway_access_log_dropped_lines_total", "full"),
    droppedError: registry.counter("gateway_access_log_dropped_lines_total", "error"),
    onFailing: (error) =>
      log?.error("The access log cannot be written: lines are lost until it can.", { event, error }),
    onWorking: (lost) => log?.info(`The access log is written again; ${lost} lines were lost.`, { event, lost }),
  });
}
