/** Seconds as the Gateway API writes them: whole numbers of at most five digits, in the largest units that say it all. Spec: GEP-2257. */
export function durationOf(seconds: number): string {
  const units = [
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ] as const;
  if (seconds < 100_000) return `${seconds}s`;
  let rest = seconds;
  return units
    .map(([unit, size]) => {
      const count = Math.min(99_999, Math.floor(rest / size));
      rest -= count * size;
      return count === 0 ? "" : `${count}${unit}`;
    })
    .join("");
}
