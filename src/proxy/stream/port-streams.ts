import type { Listener, StreamListener, StreamRule, TlsListener } from "../../ir/routing-model.ts";
import type { BoundListener } from "../../ir/select.ts";
import type { TcpSeries } from "../../telemetry/telemetry.ts";
import { buildHostTable, type HostTable, lookUpHost } from "../host-table.ts";
import type { PlaneContext } from "../plane-context.ts";
import { buildPortTls, type PortTls } from "../transport/port-tls.ts";
import type { ListenerCertificates } from "../transport/server-tls.ts";
import { StreamRoute, type StreamRules } from "./stream-route.ts";

/** What serves a server name on a port with TLS listeners. */
export type StreamTarget = {
  readonly bound: BoundListener<TlsListener>;
  /** `undefined`: the listener has no route for the name. */
  readonly route: StreamRoute<TcpSeries> | undefined;
};

export type PortStreamsParts = {
  readonly rules: StreamRules;
  /** Of TLS listeners that end TLS. */
  readonly certificates: ReadonlyMap<Listener, ListenerCertificates>;
};

/** The routes of a port with a TCP listener. Spec: TCPRoute; of several on one port the first with a route serves. */
export type TcpStreams = {
  readonly kind: "tcp";
  readonly bound: BoundListener<StreamListener>;
  readonly route: StreamRoute<TcpSeries> | undefined;
};

/** The TLS listeners of a port, by server name. Which names they take beside HTTPS listeners is the route table's to say. */
export type TlsStreams = {
  readonly kind: "tls";
  /** Of the listeners that end TLS; `undefined` when all pass it through. */
  readonly tls: PortTls | undefined;
  /** The most specific route of the listeners with this hostname. */
  target(hostname: string, serverName: string): StreamTarget | undefined;
};

export type PortStreams = TcpStreams | TlsStreams;

/** What the TLS or TCP listeners of a port serve; `undefined`: it has none. */
export function buildPortStreams(
  bound: readonly BoundListener[],
  parts: PortStreamsParts,
  context: PlaneContext,
): PortStreams | undefined {
  const tls = bound.filter((one): one is BoundListener<TlsListener> => one.listener.protocol === "TLS");
  const tcp = bound.filter((one): one is BoundListener<StreamListener> => one.listener.protocol === "TCP");
  if (tls.length > 0) return buildTlsStreams(tls, parts, context);
  return tcp.length > 0 ? buildTcpStreams(tcp, parts.rules, context) : undefined;
}

function buildTcpStreams(
  bound: readonly BoundListener<StreamListener>[],
  rules: StreamRules,
  context: PlaneContext,
): TcpStreams {
  const chosen = bound.find(({ listener }) => listener.rule !== undefined) ?? bound[0]!;
  const { rule } = chosen.listener;
  return {
    kind: "tcp",
    bound: chosen,
    route: rule === undefined ? undefined : makeRoute({ ...chosen, rule }, rules, context),
  };
}

function buildTlsStreams(
  bound: readonly BoundListener<TlsListener>[],
  { rules, certificates }: PortStreamsParts,
  context: PlaneContext,
): TlsStreams {
  const groups = new Map<string, { first: BoundListener<TlsListener>; routes: HostTable<StreamTarget> }>();
  for (const [hostname, group] of Map.groupBy(bound, ({ listener }) => listener.hostname)) {
    const rows = group.flatMap((one) =>
      one.listener.routes.map(({ hostname, rule }) => ({
        hostname,
        value: { bound: one, route: makeRoute({ ...one, rule }, rules, context) },
      })),
    );
    groups.set(hostname, { first: group[0]!, routes: buildHostTable(rows) });
  }
  const target = (hostname: string, serverName: string): StreamTarget | undefined => {
    const group = groups.get(hostname);
    return group && (lookUpHost(group.routes, serverName)[0] ?? { bound: group.first, route: undefined });
  };
  const owners = bound.flatMap(({ listener }) => {
    const { hostname, tls } = listener;
    return tls.mode === "terminate" ? [{ hostname, value: { tls, certificates: certificates.get(listener) } }] : [];
  });
  const ends = buildHostTable(owners);
  const tls = buildPortTls(
    owners.map(({ value }) => value),
    (serverName) => lookUpHost(ends, serverName)[0],
  );
  return { kind: "tls", tls: owners.length > 0 ? tls : undefined, target };
}

function makeRoute(
  found: BoundListener<TlsListener | StreamListener> & { readonly rule: StreamRule },
  rules: StreamRules,
  { telemetry }: PlaneContext,
): StreamRoute<TcpSeries> {
  return new StreamRoute(rules.get(found.gateway, found.rule), found, (labels) => telemetry.tcpSeries(labels));
}
