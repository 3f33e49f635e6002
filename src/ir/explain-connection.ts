import { type ActionOptions, type BackendShare, backendShares } from "./action.ts";
import { describeListener, describeRule, quote } from "./describe.ts";
import type { GatewayKey, ListenerKey, RoutingModel, StreamRule } from "./routing-model.ts";
import { type BoundListener, listenersOn, selectStream, selectTls } from "./select.ts";

/** A connection or datagram flow, before any HTTP. */
export type ConnectionRequest = {
  readonly protocol: "TLS" | "TCP" | "UDP";
  readonly port: number;
  /** Lower case; TLS only. */
  readonly sni?: string;
  readonly gateways?: readonly GatewayKey[];
};

export type ConnectionExplanation = {
  readonly request: ConnectionRequest;
  readonly outcome: "forwarded" | "http" | "closed" | "refused";
  readonly listener?: ListenerKey;
  /** Such as `TLSRoute shop/db, rules[0]`. */
  readonly route?: string;
  readonly backends: readonly BackendShare[];
  /** A whole sentence. */
  readonly sentence: string;
};

/** Where a TLS, TCP or UDP connection goes and why. */
export function explainConnection(
  model: RoutingModel,
  request: ConnectionRequest,
  options: ActionOptions = {},
): ConnectionExplanation {
  if (request.protocol === "TLS") return explainTls(model, request, options);
  const found = selectStream(model, { ...request, protocol: request.protocol });
  if (!found) return refused(model, request, `No ${request.protocol} listener uses port ${request.port}.`);
  return forwarded(model, request, { ...found, rule: found.listener.rule, options });
}

function explainTls(model: RoutingModel, request: ConnectionRequest, options: ActionOptions): ConnectionExplanation {
  const found = selectTls(model, request);
  const sni = request.sni === undefined ? "a connection without SNI" : `the SNI ${quote(request.sni)}`;
  switch (found.kind) {
    case "none":
      return refused(
        model,
        request,
        `No HTTPS or TLS listener on port ${request.port} covers ${sni}, so the handshake is refused.`,
      );
    case "http": {
      const listener = found.listeners[0]!.listener;
      const sentence = `${describeListener(listener)} takes ${sni} and terminates TLS; its requests are routed by Host.`;
      return { request, outcome: "http", listener: listener.key, backends: [], sentence: capital(sentence) };
    }
    case "stream":
      return forwarded(model, request, { ...found, options });
  }
}

function forwarded(
  model: RoutingModel,
  request: ConnectionRequest,
  {
    listener,
    rule,
    options,
  }: BoundListener & { readonly rule: StreamRule | undefined; readonly options: ActionOptions },
): ConnectionExplanation {
  const words = capital(describeListener(listener));
  if (!rule) {
    const sentence = `${words} has no route for it, so the connection is closed.`;
    return { request, outcome: "closed", listener: listener.key, backends: [], sentence };
  }
  const backends = backendShares(rule.backends, model, options.endpoints);
  const serves = backends.some(({ weight, status }) => weight > 0 && status === undefined);
  const end = serves ? "forwards it" : "has no usable backend, so the connection is closed";
  return {
    request,
    outcome: serves ? "forwarded" : "closed",
    listener: listener.key,
    route: describeRule(rule),
    backends,
    sentence: `${words} takes it; ${describeRule(rule)} ${end}.`,
  };
}

function refused(model: RoutingModel, request: ConnectionRequest, sentence: string): ConnectionExplanation {
  const there = listenersOn(model, request).map(({ listener }) => describeListener(listener));
  const also = there.length === 0 ? "" : ` On that port there is ${there.join(", ")}.`;
  return { request, outcome: "refused", backends: [], sentence: sentence + also };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
