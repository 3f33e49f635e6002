/**
 * How a cookie that keeps a client at an endpoint names the backend too: behind the last `|` of its value. Whoever issues the
 * cookie and whoever chooses the backend agree on it.
 */
const mark = "|";

/** `keptAs`: of the backend; `undefined`: the value names none. */
export function withBackend(value: string, keptAs: string | undefined): string {
  return keptAs === undefined ? value : `${value}${mark}${keptAs}`;
}

export function withoutBackend(value: string): string {
  const at = value.lastIndexOf(mark);
  return at < 0 ? value : value.slice(0, at);
}

/** What the value says of the backend; `undefined`: nothing. */
export function backendIn(value: string): string | undefined {
  const at = value.lastIndexOf(mark);
  return at < 0 ? undefined : value.slice(at + mark.length);
}
