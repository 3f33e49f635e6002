const unitMs = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of a duration as Go writes it, or of whole seconds; parts without a unit are seconds. Spec: paerser Duration. */
export function goDurationMs(duration: number | string): number {
  if (typeof duration === "number") return duration * 1_000;
  let total = 0;
  for (const [, count, unit = "s"] of duration.matchAll(/([0-9.]+)(ns|us|µs|ms|s|m|h)?/g))
    total += Number(count) * unitMs[unit as keyof typeof unitMs];
  return total;
}
