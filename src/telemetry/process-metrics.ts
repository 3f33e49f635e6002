import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { Registry } from "./registry.ts";

const samplingMs = 20;

/** Numbers about the process itself, read at each scrape. */
export class ProcessMetrics {
  readonly #registry: Registry;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: samplingMs });
  #lastUtilization = performance.eventLoopUtilization();

  constructor(registry: Registry, version: string) {
    this.#registry = registry;
    registry.gauge("gateway_build_info", version, process.version).set(1);
    registry.gauge("process_start_time_seconds").set(performance.timeOrigin / 1000);
    this.#loopDelay.enable();
    registry.beforeScrape(() => this.#update());
  }

  close(): void {
    this.#loopDelay.disable();
  }

  #update(): void {
    const registry = this.#registry;
    const cpu = process.cpuUsage();
    const memory = process.memoryUsage();
    registry.counter("process_cpu_seconds_total").set((cpu.user + cpu.system) / 1e6);
    registry.gauge("process_resident_memory_bytes").set(memory.rss);
    registry.gauge("process_uptime_seconds").set(process.uptime());
    registry.gauge("nodejs_heap_size_used_bytes").set(memory.heapUsed);
    registry.gauge("nodejs_external_memory_bytes").set(memory.external);
    this.#updateLoop();
  }

  /** The histogram holds the whole interval between two samples: what is above its resolution is the lag. */
  #updateLoop(): void {
    const lag = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - samplingMs / 1000) || 0;
    const gauge = (percentile: string) => this.#registry.gauge("nodejs_eventloop_lag_seconds", percentile);
    gauge("50").set(lag(this.#loopDelay.percentile(50)));
    gauge("99").set(lag(this.#loopDelay.percentile(99)));
    gauge("100").set(lag(this.#loopDelay.max));
    this.#loopDelay.reset();
    const current = performance.eventLoopUtilization();
    const utilization = performance.eventLoopUtilization(current, this.#lastUtilization).utilization;
    this.#registry.gauge("nodejs_eventloop_utilization").set(Number.isFinite(utilization) ? utilization : 0);
    this.#lastUtilization = current;
  }
}
