import type { MetricRow } from "./metrics.ts";
import { defaultMaxSeries } from "./metrics.ts";
import type { Counter, Gauge, Histogram } from "./telemetry.ts";

/** What the overflow series has in place of every label value. */
export const overflowValue = "other";

const initialCapacity = 8;

/** No series shows this place: what is still counted into a dropped series goes there. */
const nowhere = 0;

/** A series: its label text (`a="b",c="d"`) and its place in the arrays of its family. */
type Series = { readonly labels: string; index: number };

/**
 * The series of one metric, as places in typed arrays: counting is an addition at a known index, and places of dropped
 * series are used again.
 */
abstract class Family<S extends Series> {
  readonly name: string;
  readonly row: MetricRow;
  protected capacity = initialCapacity;
  readonly #onOverflow: () => void;
  readonly #byLabels = new Map<string, S>();
  readonly #free: number[] = [];
  #used = nowhere + 1;
  #overflow: S | undefined;

  /** `onOverflow` is called each time a new series would exceed the row's bound. */
  constructor(name: string, row: MetricRow, onOverflow: () => void = () => {}) {
    this.name = name;
    this.row = row;
    this.#onOverflow = onOverflow;
  }

  /** Finds or makes the series of these label values; the overflow series when the bound is reached. */
  series(labelValues: readonly string[]): S {
    const labels = renderLabels(this.row.labels, labelValues);
    const known = this.#byLabels.get(labels);
    if (known) return known;
    if (this.#byLabels.size < (this.row.maxSeries ?? defaultMaxSeries)) return this.#add(labels);
    this.#onOverflow();
    return this.#overflowSeries();
  }

  /** Forgets a series. Whoever still holds it counts into nothing from now on. */
  drop(series: S): void {
    if (this.#byLabels.get(series.labels) !== series) return;
    if (series === this.#overflow) this.#overflow = undefined;
    this.#byLabels.delete(series.labels);
    this.clear(series.index);
    this.#free.push(series.index);
    series.index = nowhere;
  }

  /** All series, oldest first. */
  all(): IterableIterator<S> {
    return this.#byLabels.values();
  }

  /** Whether what would have been series of their own stands in one together. */
  get hasOverflowed(): boolean {
    return this.#overflow !== undefined;
  }

  protected abstract make(labels: string, index: number): S;
  protected abstract resize(capacity: number): void;
  protected abstract clear(index: number): void;

  #overflowSeries(): S {
    if (this.#overflow) return this.#overflow;
    const names = this.row.labels;
    const values = names.map(() => overflowValue);
    const labels = renderLabels(names, values);
    this.#overflow = this.#byLabels.get(labels) ?? this.#add(labels);
    return this.#overflow;
  }

  #add(labels: string): S {
    const index = this.#free.pop() ?? this.#used++;
    if (index >= this.capacity) {
      this.capacity *= 2;
      this.resize(this.capacity);
    }
    const series = this.make(labels, index);
    this.#byLabels.set(labels, series);
    return series;
  }
}

/** A counter or a gauge. */
export class ScalarFamily extends Family<ScalarSeries> {
  values = new Float64Array(initialCapacity);

  protected override make(labels: string, index: number): ScalarSeries {
    return new ScalarSeries(this, labels, index);
  }

  protected override resize(capacity: number): void {
    const values = new Float64Array(capacity);
    values.set(this.values);
    this.values = values;
  }

  protected override clear(index: number): void {
    this.values[index] = 0;
  }
}

export class ScalarSeries implements Counter, Gauge {
  readonly labels: string;
  index: number;
  readonly #family: ScalarFamily;

  constructor(family: ScalarFamily, labels: string, index: number) {
    this.#family = family;
    this.labels = labels;
    this.index = index;
  }

  get value(): number {
    return this.#family.values[this.index]!;
  }

  add(count: number): void {
    this.#family.values[this.index]! += count;
  }

  set(value: number): void {
    this.#family.values[this.index] = value;
  }
}

/** A histogram: for each series one count for each bucket and one for `+Inf`, not cumulative, and a sum. */
export class HistogramFamily extends Family<HistogramSeries> {
  readonly bounds: Float64Array;
  /** Counts of a series stand together: `bounds.length + 1` of them. */
  counts: Float64Array;
  sums = new Float64Array(initialCapacity);

  constructor(name: string, row: MetricRow, onOverflow?: () => void) {
    super(name, row, onOverflow);
    this.bounds = Float64Array.from(row.buckets ?? []);
    this.counts = new Float64Array(initialCapacity * (this.bounds.length + 1));
  }

  protected override make(labels: string, index: number): HistogramSeries {
    return new HistogramSeries(this, labels, index);
  }

  protected override resize(capacity: number): void {
    const counts = new Float64Array(capacity * (this.bounds.length + 1));
    counts.set(this.counts);
    this.counts = counts;
    const sums = new Float64Array(capacity);
    sums.set(this.sums);
    this.sums = sums;
  }

  protected override clear(index: number): void {
    const width = this.bounds.length + 1;
    this.counts.fill(0, index * width, (index + 1) * width);
    this.sums[index] = 0;
  }
}

export class HistogramSeries implements Histogram {
  readonly labels: string;
  index: number;
  readonly #family: HistogramFamily;

  constructor(family: HistogramFamily, labels: string, index: number) {
    this.#family = family;
    this.labels = labels;
    this.index = index;
  }

  get sum(): number {
    return this.#family.sums[this.index]!;
  }

  /** How many values fell into a bucket and no earlier one; `bucket` equal to the number of bounds is `+Inf`. */
  countAt(bucket: number): number {
    return this.#family.counts[this.index * (this.#family.bounds.length + 1) + bucket]!;
  }

  observe(value: number): void {
    const { bounds, counts, sums } = this.#family;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    counts[this.index * (bounds.length + 1) + bucket]! += 1;
    sums[this.index]! += value;
  }
}

/** Label pairs without braces, values escaped as both exposition formats ask: backslash, quote and line feed. */
function renderLabels(names: readonly string[], values: readonly string[]): string {
  let text = "";
  for (let i = 0; i < names.length; i++) {
    text += `${i === 0 ? "" : ","}${names[i]}="${escapeLabelValue(values[i] ?? "")}"`;
  }
  return text;
}

function escapeLabelValue(value: string): string {
  if (/^[^\\"\n\ud800-\udfff]*$/.test(value)) return value;
  return value.toWellFormed().replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
