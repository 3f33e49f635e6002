const timeout = /(?:^|[,;])[ \t]*timeout[ \t]*=[ \t]*"?([0-9]{1,9})(?![0-9])/i;

/**
 * How long a server says that it keeps an idle connection: `Keep-Alive: timeout=5, max=100`. Milliseconds; `Infinity` when it
 * does not say, or not so. RFC 2068 section 19.7.1.1.
 */
export function keepAliveMs(value: string | undefined): number {
  const seconds = value === undefined ? undefined : timeout.exec(value)?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * 1000;
}
