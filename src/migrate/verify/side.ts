/** One of the two configurations that are compared. */
import { patternsCovering } from "../../ir/hostname.ts";
import type { HttpMatch } from "../../ir/match.ts";
import type { GatewayModel, HttpListener, Listener, RoutingModel } from "../../ir/routing-model.ts";
import type { SecretTable } from "../../ir/secret-table.ts";
import { type Selection, type SelectRequest, select } from "../../ir/select.ts";
import { type Probe, selectRequestOf } from "./probe.ts";

export type Side = {
  readonly routing: RoutingModel;
  readonly secrets: SecretTable;
  /** The listener port that requests of each scheme go to; `undefined`: there is none. */
  readonly ports: Readonly<Record<"http" | "https", number | undefined>>;
};

export function sideOf(routing: RoutingModel, secrets: SecretTable): Side {
  return { routing, secrets, ports: { http: portOf(routing, "HTTP", 80), https: portOf(routing, "HTTPS", 443) } };
}

/** The usual port where there is a listener, else the lowest that has one. */
function portOf({ gateways }: RoutingModel, protocol: string, usual: number): number | undefined {
  const ports = gateways.flatMap(({ listeners }) =>
    listeners.filter((listener) => listener.protocol === protocol).map(({ port }) => port),
  );
  return ports.includes(usual) ? usual : ports.sort((a, b) => a - b)[0];
}

/** What a side does with a request, before anything is sent. */
export type Decision =
  | Exclude<Selection, { readonly kind: "none" }>
  | {
      readonly kind: "none";
      readonly reason: "noPort" | "badPath" | Extract<Selection, { readonly kind: "none" }>["reason"];
      readonly listener: HttpListener | undefined;
    };

/** A request as the model sees it, or why it gets no further. */
export type AskedRequest = SelectRequest | "noPort" | "badPath";

/** The request as it comes to the side. */
export function requestOf({ ports }: Side, probe: Probe): AskedRequest {
  const port = ports[probe.scheme];
  return port === undefined ? "noPort" : (selectRequestOf(probe, port) ?? "badPath");
}

/** The same as it comes to another side. */
export function withPort(request: AskedRequest, side: Side, probe: Probe): AskedRequest {
  return typeof request === "object" && request.port === side.ports[probe.scheme] ? request : requestOf(side, probe);
}

export function decide({ routing }: Side, request: AskedRequest): Decision {
  if (typeof request === "string") return { kind: "none", reason: request, listener: undefined };
  const selection = select(routing, request);
  return selection.kind === "rule"
    ? selection
    : { kind: "none", reason: selection.reason, listener: selection.listener };
}

/** Whether rules are chosen by scheme, host and path alone: requests that are alike in these are decided alike. */
export function choosesByPath({ routing }: Side): boolean {
  return routing.gateways.every(({ listeners }) =>
    listeners
      .filter(isHttp)
      .every(({ virtualHosts }) => virtualHosts.every(({ entries }) => entries.every(({ match }) => isOfPath(match)))),
  );
}

function isOfPath({ method, headers, query, cookies }: HttpMatch): boolean {
  return method === undefined && headers.length === 0 && query.length === 0 && (cookies ?? []).length === 0;
}

/** The side with nothing but what can concern requests for these hosts: they are answered as by the whole. */
export function narrow(side: Side, hosts: readonly string[]): Side {
  const covering = new Set(hosts.flatMap(patternsCovering));
  const covers = (pattern: string): boolean => covering.has(pattern);
  const gateways = side.routing.gateways.map((gateway): GatewayModel => {
    const listeners = gateway.listeners
      .filter(({ hostname }) => covers(hostname))
      .map((one) => narrowListener(one, covers));
    const used = new Set(listeners.flatMap((listener) => (isHttp(listener) ? rulesOf(listener) : [])));
    const httpRules = Object.fromEntries([...used].map((key) => [key, gateway.httpRules[key]!]));
    return { ...gateway, listeners, httpRules };
  });
  return { ...side, routing: { ...side.routing, gateways } };
}

function narrowListener(listener: Listener, covers: (pattern: string) => boolean): Listener {
  if (!isHttp(listener)) return listener;
  return { ...listener, virtualHosts: listener.virtualHosts.filter(({ hostname }) => covers(hostname)) };
}

export function isHttp(listener: Listener): listener is HttpListener {
  return listener.protocol === "HTTP" || listener.protocol === "HTTPS";
}

function rulesOf({ virtualHosts }: HttpListener): readonly string[] {
  return virtualHosts.flatMap(({ entries }) => entries.map(({ rule }) => rule));
}
