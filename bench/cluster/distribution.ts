/** Mean and quantiles of measurements. */
export type Distribution = {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
};

/** Of no measurements: zeros. */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  const sum = sorted.reduce((total, value) => total + value, 0);
  return {
    count: sorted.length,
    mean: round(sum / Math.max(1, sorted.length)),
    p50: at(0.5),
    p99: at(0.99),
    max: round(sorted.at(-1) ?? 0),
  };
}

/** To a tenth. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** `mean 5.0, p50 4.9, p99 7.3, max 9.1 ms`. */
export function renderDistribution({ mean, p50, p99, max }: Distribution, unit: string): string {
  return `mean ${mean}, p50 ${p50}, p99 ${p99}, max ${max} ${unit}`;
}
