const units = [
  { name: "d", ms: 86_400_000 },
  { name: "h", ms: 3_600_000 },
  { name: "m", ms: 60_000 },
  { name: "s", ms: 1000 },
] as const;

/** Time since `timestamp` (RFC 3339) as `kubectl` prints it: `3d4h`, `12m`, `5s`. `""` when there is none. */
export function renderAge(timestamp: string | undefined, nowMs: number): string {
  const since = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
  if (Number.isNaN(since)) return "";
  const ageMs = Math.max(0, nowMs - since);
  const first = units.findIndex(({ ms }) => ageMs >= ms);
  const unit = units[first];
  if (!unit) return "0s";
  const whole = Math.floor(ageMs / unit.ms);
  const next = units[first + 1];
  const rest = next && whole < 10 ? Math.floor((ageMs % unit.ms) / next.ms) : 0;
  return `${whole}${unit.name}${next && rest > 0 ? `${rest}${next.name}` : ""}`;
}
