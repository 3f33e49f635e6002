import type { ListenerReport } from "../ir/plane.ts";
import type { ListenerKey } from "../ir/routing-model.ts";
import type { PlanePort } from "./plan-ports.ts";

/** What became of a port of the plan that was to be bound as `bound`. */
export function portReport(
  port: Pick<PlanePort, "address">,
  bound: number,
  listener: { readonly port: number } | Error,
): ListenerReport {
  if (!(listener instanceof Error)) return { state: "programmed", address: port.address, port: listener.port };
  const { code } = listener as NodeJS.ErrnoException;
  const message = `Cannot listen on ${port.address} port ${bound}: ${bindProblem(listener)}.`;
  return { state: "failed", message, ...(code === undefined ? {} : { code }) };
}

/** A listener has a socket at each address of its Gateway; it serves as it should when all of them do. */
export function addReport(
  reports: Record<ListenerKey, ListenerReport>,
  key: ListenerKey,
  report: ListenerReport,
): void {
  const known = reports[key];
  if (known === undefined || known.state === "programmed") reports[key] = report;
}

/** Whether this machine does not have the address. */
export function isUnavailable({ code }: NodeJS.ErrnoException): boolean {
  return code === "EADDRNOTAVAIL";
}

function bindProblem(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "EADDRINUSE":
      return "another program uses it";
    case "EACCES":
      return "this user may not open that port";
    case "EADDRNOTAVAIL":
      return "this machine does not have that address";
    default:
      return error.message;
  }
}
