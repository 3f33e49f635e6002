import type { ListenerReport } from "../ir/plane.ts";
import type { Listener, ListenerKey } from "../ir/routing-model.ts";
import type { FleetMember } from "./fleet-member.ts";

/** Whether a proxy has said what became of the listener as it is now. */
export function hasAnswered({ listeners }: FleetMember, { key, hash }: Pick<Listener, "key" | "hash">): boolean {
  return reportOf(listeners, key)?.hash === hash;
}

/**
 * What the proxies of a data plane say of a listener together. Failed where one of them could not bring it into service, and
 * programmed where every one of them has confirmed it as it is now. `undefined`: not confirmed yet.
 */
export function listenerRow(
  listener: Pick<Listener, "key" | "hash" | "port">,
  proxies: readonly FleetMember[],
): ListenerReport | undefined {
  const reports = proxies.map(({ proxy, listeners }) => ({ proxy, report: reportOf(listeners, listener.key) }));
  for (const { proxy, report } of reports) {
    if (report?.hash !== listener.hash || report.state === "programmed") continue;
    const { state, message, code } = report;
    return { state, message: `Proxy ${proxy}: ${message}`, ...(code === undefined ? {} : { code }) };
  }
  const [first] = reports;
  if (first?.report?.state !== "programmed") return undefined;
  if (!reports.every(({ report }) => report?.hash === listener.hash && report.state === "programmed")) return undefined;
  return { state: "programmed", address: first.report.address, port: listener.port };
}

function reportOf(listeners: FleetMember["listeners"], key: ListenerKey): FleetMember["listeners"][string] | undefined {
  return Object.hasOwn(listeners, key) ? listeners[key] : undefined;
}
