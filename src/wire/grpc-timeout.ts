/** The `grpc-timeout` header: at most eight digits and a unit. gRPC over HTTP/2, "Requests". */

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
const pattern = /^([0-9]{1,8})([HMSmun])$/;
const maxValue = 99_999_999;

/** Milliseconds, not rounded; `undefined` when the text is not a timeout. */
export function parseGrpcTimeout(text: string): number | undefined {
  const match = pattern.exec(text);
  return match === null ? undefined : Number(match[1]) * unitMs[match[2]!]!;
}

/** A timeout of that many milliseconds, in the finest unit that holds it; never more than given. Negative ones are 0. */
export function renderGrpcTimeout(timeoutMs: number): string {
  const micros = Math.max(0, Math.floor(timeoutMs * 1_000));
  if (micros <= maxValue) return `${micros}u`;
  const millis = Math.floor(micros / 1_000);
  if (millis <= maxValue) return `${millis}m`;
  return `${Math.min(Math.floor(millis / 1_000), maxValue)}S`;
}
