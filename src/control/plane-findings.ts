import type { CompileResult } from "../compile/contract.ts";
import { type FindingDetail, type FindingName, makeFinding } from "../finding/catalogue.ts";
import type { Finding } from "../finding/finding.ts";
import type { ListenerReport, PlaneReport } from "../ir/plane.ts";
import type { Listener } from "../ir/routing-model.ts";
import type { Snapshot } from "../store/snapshot.ts";

const gatewayGroup = "gateway.networking.k8s.io";
const ingressGroup = "networking.k8s.io";

type FailedReport = Exclude<ListenerReport, { readonly state: "programmed" }>;

/**
 * One finding for each listener that the plane could not bring into service, in the order of the model. `flags` are those
 * that can be given to the plane, such as `--map-port`: fixes recommend no others.
 */
export function findPlaneFaults(
  report: PlaneReport,
  result: CompileResult,
  { snapshot, flags }: { readonly snapshot: Snapshot; readonly flags: readonly string[] },
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const gateway of result.routing.gateways) {
    for (const listener of gateway.listeners) {
      const listenerReport = report.listeners[listener.key];
      if (listenerReport === undefined || listenerReport.state === "programmed") continue;
      const { name, message, fix } = describe(listener, listenerReport, flags);
      findings.push(makeFinding(name, { ...place(listener, snapshot), message, fix }));
    }
  }
  return findings;
}

function place({ from }: Listener, snapshot: Snapshot): Pick<FindingDetail, "object" | "pointer" | "position"> {
  if (from.kind === "IngressClass") {
    return { object: { kind: from.kind, group: ingressGroup, name: from.name }, pointer: "" };
  }
  const kind = from.kind === "ListenerSet" ? "ListenerSet" : "Gateway";
  const position = snapshot.get(kind, from.namespace, from.name)?.origin?.at(from.pointer);
  return {
    object: { kind, group: gatewayGroup, namespace: from.namespace, name: from.name },
    pointer: from.pointer,
    ...(position ? { position } : {}),
  };
}

type Description = { readonly name: FindingName; readonly message: string; readonly fix: string };

function describe({ name, port, protocol }: Listener, report: FailedReport, flags: readonly string[]): Description {
  const subject = `Listener "${name}"`;
  const elsewhere = flags.includes("--map-port")
    ? `serve the port elsewhere: --map-port ${port}:${freePort(port)}`
    : "give the listener another port";
  switch (report.code) {
    case "EADDRINUSE":
      return {
        name: "listener-port-in-use",
        message: `${subject} cannot bind port ${port}: another process is listening on it.`,
        fix: `Stop that process (\`ss -l${protocol === "UDP" ? "u" : "t"}np 'sport = :${port}'\` shows it), or ${elsewhere}.`,
      };
    case "EACCES":
    case "EPERM":
      return {
        name: "listener-port-forbidden",
        message: `${subject} cannot bind port ${port}: permission denied.`,
        fix: `Give the process CAP_NET_BIND_SERVICE, or ${elsewhere}.`,
      };
    case "EADDRNOTAVAIL": {
      const settings = [...["--bind", "--gateway-addresses"].filter((flag) => flags.includes(flag)), "spec.addresses"];
      return {
        name: "listener-address-unavailable",
        message: `${subject} cannot be bound: ${report.message}.`,
        fix: `Give ${settings.join(" or ")} an address that \`ip address\` lists on this machine.`,
      };
    }
    default:
      return {
        name: "listener-failed",
        message: `${subject} on port ${port} could not be started: ${report.message}.`,
        fix: "Correct what the message says. The listener is retried when its configuration changes.",
      };
  }
}

/** The customary unprivileged neighbour: 80 → 8080, 443 → 8443; ports that are free of privilege move by one. */
function freePort(port: number): number {
  return port < 1024 ? port + 8000 : port < 65_535 ? port + 1 : port - 1;
}
