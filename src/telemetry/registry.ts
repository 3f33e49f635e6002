import { HistogramFamily, type HistogramSeries, ScalarFamily, type ScalarSeries } from "./family.ts";
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelValues,
  type MetricName,
  type MetricRow,
  metrics,
} from "./metrics.ts";

/** One series of a gauge whose series are replaced together. */
export type GaugeRow<N extends GaugeName> = { readonly labels: LabelValues<N>; readonly value: number };

type FamilyOf<R extends MetricRow> = R["type"] extends "histogram" ? HistogramFamily : ScalarFamily;
type Families = { readonly [N in MetricName]: FamilyOf<(typeof metrics)[N]> };

/** Every metric of the table with its series. Holds numbers only: nothing here knows time, sockets or routes. */
export class Registry {
  /** In the order of the table. */
  readonly families: Families;
  readonly #beforeScrape: (() => void)[] = [];

  constructor() {
    const families: Record<string, HistogramFamily | ScalarFamily> = {};
    for (const [name, row] of Object.entries<MetricRow>(metrics)) {
      const onOverflow = () => this.counter("gateway_metrics_overflow_total", name).add(1);
      families[name] =
        row.type === "histogram" ? new HistogramFamily(name, row, onOverflow) : new ScalarFamily(name, row, onOverflow);
    }
    this.families = families as Families;
  }

  counter<N extends CounterName>(name: N, ...labelValues: LabelValues<N>): ScalarSeries {
    return (this.families[name] as ScalarFamily).series(labelValues);
  }

  gauge<N extends GaugeName>(name: N, ...labelValues: LabelValues<N>): ScalarSeries {
    return (this.families[name] as ScalarFamily).series(labelValues);
  }

  histogram<N extends HistogramName>(name: N, ...labelValues: LabelValues<N>): HistogramSeries {
    return (this.families[name] as HistogramFamily).series(labelValues);
  }

  /** Makes these the only series of a gauge: for what is known as a whole, such as conditions and certificates. */
  replaceGauge<N extends GaugeName>(name: N, rows: readonly GaugeRow<N>[]): void {
    const family = this.families[name] as ScalarFamily;
    const stale = new Set(family.all());
    for (const row of rows) {
      const series = family.series(row.labels);
      series.set(row.value);
      stale.delete(series);
    }
    for (const series of stale) family.drop(series);
  }

  /** Calls `update` before each scrape, for numbers that are read rather than counted. */
  beforeScrape(update: () => void): void {
    this.#beforeScrape.push(update);
  }

  /** Brings the numbers that are read up to date. */
  refresh(): void {
    for (const update of this.#beforeScrape) update();
  }
}
