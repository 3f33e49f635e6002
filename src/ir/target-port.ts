const firstUnprivileged = 1024;
const shift = 10_000;
const lastPort = 65_535;

/**
 * The port that an unprivileged process binds for each listener port: its own, and for ports below 1024 that port plus 10,000,
 * or the next one that is free. The same set of ports always gives the same answer, so that a Service can be made from it.
 */
export function targetPorts(ports: Iterable<number>): ReadonlyMap<number, number> {
  const wanted = [...new Set(ports)].sort((a, b) => a - b);
  const taken = new Set(wanted.filter((port) => port >= firstUnprivileged));
  const targets = new Map<number, number>();
  for (const port of wanted) {
    let target = port;
    if (port < firstUnprivileged) {
      target = port + shift;
      while (taken.has(target) && target < lastPort) target++;
      taken.add(target);
    }
    targets.set(port, target);
  }
  return targets;
}
