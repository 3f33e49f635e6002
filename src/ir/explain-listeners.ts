import { describeHostname } from "./describe.ts";
import { hostnameCovers } from "./hostname.ts";
import type { GatewayKey, Listener, ListenerKey, RoutingModel } from "./routing-model.ts";
import { listenersOn, type Selection, type SelectRequest } from "./select.ts";

/** One listener of the port and why it did or did not take the request. */
export type ListenerVerdict = {
  readonly listener: ListenerKey;
  readonly gateway: GatewayKey;
  readonly name: string;
  readonly protocol: Listener["protocol"];
  readonly port: number;
  /** `any host` or the hostname. */
  readonly hostname: string;
  readonly chosen: boolean;
  /** A phrase: "its hostname … covers the Host most specifically". */
  readonly why: string;
};

/** The verdict on every listener of the request's port; the chosen one first. */
export function explainListeners(
  model: RoutingModel,
  request: SelectRequest,
  selection: Selection,
): readonly ListenerVerdict[] {
  const bound = listenersOn(model, request);
  const chosen = selection.listener;
  return bound
    .map(({ gateway, listener }): ListenerVerdict => {
      const isChosen = chosen !== undefined && listener.key === chosen.key && gateway.listeners.includes(chosen);
      return {
        listener: listener.key,
        gateway: gateway.key,
        name: listener.name,
        protocol: listener.protocol,
        port: listener.port,
        hostname: describeHostname(listener.hostname),
        chosen: isChosen,
        why: isChosen ? whyChosen(listener, request, bound.length) : whyNot(listener, request, chosen),
      };
    })
    .sort((a, b) => Number(b.chosen) - Number(a.chosen));
}

function whyChosen(listener: Listener, request: SelectRequest, onPort: number): string {
  if (onPort === 1) return `it is the only listener on port ${listener.port}`;
  const name = request.scheme === "https" ? "SNI" : "Host";
  return listener.hostname === ""
    ? `no listener on port ${listener.port} names the ${name}, and this one takes any`
    : `its hostname ${listener.hostname} covers the ${name} most specifically`;
}

function whyNot(listener: Listener, request: SelectRequest, chosen: Listener | undefined): string {
  const protocol = request.scheme === "https" ? "HTTPS" : "HTTP";
  if (listener.protocol !== protocol) {
    const stream = listener.protocol === "TLS" && request.scheme === "https";
    if (!stream || !hostnameCovers(listener.hostname, request.sni ?? "")) {
      return `it speaks ${listener.protocol}, the request is ${protocol}`;
    }
  }
  const [name, value] =
    request.scheme === "https" ? (["SNI", request.sni ?? ""] as const) : (["Host", request.host] as const);
  if (!hostnameCovers(listener.hostname, value)) {
    return `its hostname ${listener.hostname} does not cover ${value === "" ? `a request without ${name}` : `the ${name} ${value}`}`;
  }
  if (chosen && chosen.hostname !== listener.hostname) {
    return `its hostname, ${describeHostname(listener.hostname)}, is less specific than ${chosen.hostname}`;
  }
  if (!chosen) return `it takes the ${name} but not for HTTP`;
  const { kind, namespace, name: owner } = chosen.from;
  return `it has the same hostname as ${chosen.name} of ${kind} ${namespace}/${owner}; the routes of both were tried`;
}
