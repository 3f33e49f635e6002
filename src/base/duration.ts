const units = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/**
 * Milliseconds of a duration such as `1m30s`: one to four whole numbers of at most five digits, each with a unit
 * h, m, s or ms, added up. `undefined` for anything else. Spec: GEP-2257.
 */
export function durationMs(text: string): number | undefined {
  if (text.length > 32 || !/^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/([0-9]+)(ms|h|m|s)/g)) {
    total += Number(count) * units[unit as keyof typeof units];
  }
  return total;
}
