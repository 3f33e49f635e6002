import { editDistance } from "../base/nearest-name.ts";
import { unreachable } from "../base/unreachable.ts";
import { count, describeHostname, describeListener, describeMatch, describeRule, quote } from "./describe.ts";
import { hostnameCovers } from "./hostname.ts";
import { matchLacks, sharedElements } from "./match-lacks.ts";
import type { HttpListener, RoutingModel } from "./routing-model.ts";
import {
  asMatched,
  type BoundListener,
  httpListeners,
  listenersOn,
  mostSpecificListeners,
  type Selection,
  type SelectRequest,
  selectTls,
  virtualHostsOf,
} from "./select.ts";

/** Most names listed in one sentence. */
const listLimit = 5;

/** Why no route serves a request, in whole sentences that name what came nearest. */
export function explainNoRoute(
  model: RoutingModel,
  request: SelectRequest,
  selection: Extract<Selection, { kind: "none" }>,
): string {
  const byHost = mostSpecificListeners(httpListeners(model, request), request.host);
  switch (selection.reason) {
    case "noListener":
      return explainNoListener(model, request, [hostWords(request), request.host]);
    case "noTlsListener": {
      const tls = selectTls(model, request);
      if (tls.kind === "stream") {
        const leads = tls.rule
          ? `${describeRule(tls.rule)} passes the connection on`
          : "it has no route, so the connection is closed";
        return `The SNI ${quote(request.sni ?? "")} belongs to ${describeListener(tls.listener)}, which carries bytes and not HTTP: ${leads}.`;
      }
      const what = request.sni === undefined ? "a connection without SNI" : `the SNI ${request.sni}`;
      return explainNoListener(model, request, [what, request.sni ?? ""]);
    }
    case "misdirected": {
      const right = byHost[0]?.listener;
      const wrong = selection.listener;
      const made = request.sni === undefined ? "without SNI" : `for ${request.sni}`;
      return `The TLS connection was made ${made}${wrong ? `, which is ${describeListener(wrong)}` : ""}, but the Host ${
        request.host
      } belongs to ${right ? describeListener(right) : "another listener"}. The client must open a connection for that name.`;
    }
    case "noVirtualHost":
      return explainNoVirtualHost(byHost, request);
    case "noMatch":
      return explainNoMatch(byHost, asMatched(byHost, request) ?? request);
    case "ambiguousPath":
      return `${describeGroup(byHost)} keeps the segments of paths, and a backend that resolves those of ${
        request.spelling?.sentPath ?? request.path
      } would serve what another rule, or none, is for. Such a request is refused.`;
    default:
      return unreachable(selection.reason);
  }
}

function explainNoListener(
  model: RoutingModel,
  request: SelectRequest,
  [what, name]: readonly [what: string, name: string],
): string {
  const onPort = listenersOn(model, request);
  if (onPort.length === 0) {
    const ports = [...new Set(model.gateways.flatMap((gateway) => gateway.listeners.map(({ port }) => port)))].sort(
      (a, b) => a - b,
    );
    return ports.length === 0
      ? "No listener is in force on any port."
      : `No listener uses port ${request.port}. Listeners use ${ports.length === 1 ? "port" : "ports"} ${list(ports.map(String))}.`;
  }
  const protocol = request.scheme === "https" ? "HTTPS" : "HTTP";
  const speaking = onPort.filter(({ listener }) => listener.protocol === protocol);
  if (speaking.length === 0) {
    const protocols = [...new Set(onPort.map(({ listener }) => listener.protocol))].join(" and ");
    return `Port ${request.port} speaks ${protocols}, and the request is ${protocol}.`;
  }
  const names = nearestNames(
    name,
    speaking.map(({ listener }) => listener.hostname),
  );
  return `No listener on port ${request.port} covers ${what}. Listeners there are for ${list(names)}.`;
}

function explainNoVirtualHost(byHost: readonly BoundListener<HttpListener>[], request: SelectRequest): string {
  const listener = describeGroup(byHost);
  const hostnames = [...new Set(virtualHostsOf(byHost).map(({ virtualHost }) => virtualHost.hostname))];
  const host = hostWords(request);
  if (hostnames.length === 0) return `No route is attached to ${listener}.`;
  return `No route of ${listener} is for ${host}. Its routes are for ${list(nearestNames(request.host, hostnames))}.`;
}

function explainNoMatch(byHost: readonly BoundListener<HttpListener>[], request: SelectRequest): string {
  const entries = virtualHostsOf(byHost)
    .filter(({ virtualHost }) => hostnameCovers(virtualHost.hostname, request.host))
    .flatMap(({ gateway, virtualHost }) =>
      virtualHost.entries.map((entry) => ({ entry, rule: gateway.httpRules[entry.rule] })),
    );
  let nearest: { readonly words: string; readonly lacks: number; readonly shared: number } | undefined;
  for (const { entry, rule } of entries) {
    if (!rule) continue;
    const lacks = matchLacks(entry.match, rule, request);
    const shared = sharedElements(entry.match.path, request.path);
    if (nearest && (lacks.length > nearest.lacks || (lacks.length === nearest.lacks && shared <= nearest.shared)))
      continue;
    const words = `${describeRule(rule)} (${describeMatch(entry.match)}): ${lacks.join("; ")}`;
    nearest = { words, lacks: lacks.length, shared };
  }
  const host = hostWords(request);
  const begin = `${count(entries.length, "match is", "matches are")} for ${host}, and none holds for ${request.method} ${request.path}.`;
  return nearest ? `${begin} The nearest is ${nearest.words}.` : begin;
}

/** Listeners that act as one, because several Gateways share the port. */
function describeGroup(listeners: readonly BoundListener<HttpListener>[]): string {
  const first = describeListener(listeners[0]!.listener);
  return listeners.length === 1
    ? first
    : `${first} or of ${count(listeners.length - 1, "listener", "listeners")} like it`;
}

function hostWords(request: SelectRequest): string {
  return request.host === "" ? "a request without a Host" : `the Host ${request.host}`;
}

/** Hostnames in words, those that resemble the host first. */
function nearestNames(host: string, hostnames: readonly string[]): readonly string[] {
  return [...new Set(hostnames)]
    .map((hostname) => ({ hostname, distance: editDistance(hostname.slice(0, 64), host.slice(0, 64)) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ hostname }) => describeHostname(hostname));
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, listLimit);
  const left = names.length - shown.length;
  return left > 0 ? `${shown.join(", ")} and ${left} more` : shown.join(", ");
}
