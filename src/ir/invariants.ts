/** What every compiled model promises, checked by tests over whatever the compiler makes. */

import { canonicalJson } from "../base/canonical-json.ts";
import { compileRegex } from "../base/regex.ts";
import { sameJson } from "../base/same-json.ts";
import type { PlacedFilter } from "./filter.ts";
import { clusterKeysOfFilters } from "./filter-references.ts";
import { bySpecificity } from "./hostname.ts";
import { type ListenerSettings, sharedBy } from "./listener-settings.ts";
import type { HttpMatch } from "./match.ts";
import type {
  GatewayModel,
  HttpListener,
  Listener,
  RoutingModel,
  TlsListener,
  WeightedBackend,
} from "./routing-model.ts";

/** Broken promises, one sentence each; empty for a sound model. Never throws. */
export function checkInvariants(model: RoutingModel): readonly string[] {
  return [
    ...jsonOnly(model),
    ...clusterKeys(model),
    ...gatewayKeys(model),
    ...model.gateways.flatMap((gateway) => checkGateway(gateway, model)),
  ];
}

function jsonOnly(model: RoutingModel): readonly string[] {
  try {
    const text = canonicalJson(model);
    return text === canonicalJson(JSON.parse(text)) ? [] : ["The model does not survive JSON."];
  } catch (error) {
    return [`The model is not JSON: ${error instanceof Error ? error.message : String(error)}.`];
  }
}

function clusterKeys(model: RoutingModel): readonly string[] {
  const keys = Object.keys(model.clusters);
  return [
    ...keys
      .filter((key) => model.clusters[key]?.key !== key)
      .map((key) => `Cluster ${key} is stored under another key.`),
    ...(isSorted(keys, (a, b) => (a < b ? -1 : 1)) ? [] : ["Cluster keys are not in order."]),
  ];
}

function gatewayKeys(model: RoutingModel): readonly string[] {
  return duplicates(model.gateways.map(({ key }) => key)).map((key) => `Gateway ${key} occurs twice.`);
}

function checkGateway(gateway: GatewayModel, model: RoutingModel): readonly string[] {
  const rules = Object.entries(gateway.httpRules);
  const used = new Set(
    gateway.listeners
      .filter(isHttp)
      .flatMap((listener) => listener.virtualHosts.flatMap(({ entries }) => entries.map(({ rule }) => rule))),
  );
  return [
    ...duplicates(gateway.listeners.map(({ key }) => key)).map((key) => `Listener ${key} occurs twice.`),
    ...(isSorted(gateway.listeners, (a, b) => a.port - b.port)
      ? []
      : [`Listeners of ${gateway.key} are not ordered by port.`]),
    ...rules.filter(([key, rule]) => rule.key !== key).map(([key]) => `Rule ${key} is stored under another key.`),
    ...rules.filter(([key]) => !used.has(key)).map(([key]) => `Rule ${key} is used by no listener of ${gateway.key}.`),
    ...rules.flatMap(([key, rule]) => [
      ...checkBackends(`Rule ${key}`, [...rule.backends, ...(rule.fallback ?? [])], model),
      ...checkFilters(`Rule ${key}`, rule.filters, model),
    ]),
    ...gateway.listeners.flatMap((listener) => checkListener(listener, gateway, model)),
    ...checkSharedPorts(gateway),
    ...(gateway.tracing === undefined ? [] : checkCluster(`Gateway ${gateway.key}`, gateway.tracing.cluster, model)),
  ];
}

/** What counts before a connection's listener is known has to be the same on all listeners that share the port. */
function checkSharedPorts({ listeners }: GatewayModel): readonly string[] {
  const ports = Map.groupBy(listeners, ({ port, protocol }) => `${port}/${protocol === "UDP" ? "UDP" : "TCP"}`);
  const names = (Object.keys(sharedBy) as (keyof ListenerSettings)[]).filter((name) => sharedBy[name] === "port");
  return [...ports.values()].flatMap(([first, ...others]) =>
    others.flatMap((listener) =>
      names
        .filter((name) => !sameJson(listener.settings[name], first!.settings[name]))
        .map((name) => `Listener ${listener.key} shares its port with ${first!.key} and has another ${name}.`),
    ),
  );
}

function checkListener(listener: Listener, gateway: GatewayModel, model: RoutingModel): readonly string[] {
  const name = `Listener ${listener.key}`;
  const problems = [
    ...(listener.hash === "" ? [`${name} has no hash.`] : []),
    ...(listener.hostname === listener.hostname.toLowerCase()
      ? []
      : [`${name} has a hostname that is not lower case.`]),
    ...(listener.hostname === "*" ? [`${name} writes "any host" as * instead of an empty hostname.`] : []),
    ...(Number.isInteger(listener.port) && listener.port >= 1 && listener.port <= 65_535
      ? []
      : [`${name} has no usable port.`]),
  ];
  switch (listener.protocol) {
    case "HTTP":
    case "HTTPS":
      return [...problems, ...checkHttpListener(listener, gateway, model)];
    case "TLS":
      return [...problems, ...checkTlsListener(listener, model)];
    case "TCP":
    case "UDP":
      return listener.rule
        ? [...problems, ...checkBackends(`Rule ${listener.rule.key}`, listener.rule.backends, model)]
        : problems;
  }
}

function checkHttpListener(listener: HttpListener, gateway: GatewayModel, model: RoutingModel): readonly string[] {
  const name = `Listener ${listener.key}`;
  return [
    ...((listener.tls !== undefined) === (listener.protocol === "HTTPS")
      ? []
      : [`${name} has TLS that does not fit its protocol.`]),
    ...checkFilters(name, listener.filters, model),
    ...checkHostnames(name, listener.virtualHosts),
    ...listener.virtualHosts.flatMap(({ hostname, entries }) =>
      entries.flatMap((entry) => [
        ...(gateway.httpRules[entry.rule] ? [] : [`${name}, host ${hostname}: rule ${entry.rule} does not exist.`]),
        ...checkMatch(`${name}, host ${hostname}, rule ${entry.rule}`, entry.match),
      ]),
    ),
  ];
}

function checkTlsListener(listener: TlsListener, model: RoutingModel): readonly string[] {
  return [
    ...checkHostnames(`Listener ${listener.key}`, listener.routes),
    ...listener.routes.flatMap(({ rule }) => checkBackends(`Rule ${rule.key}`, rule.backends, model)),
  ];
}

function checkHostnames(name: string, rows: readonly { readonly hostname: string }[]): readonly string[] {
  const hostnames = rows.map(({ hostname }) => hostname);
  return [
    ...duplicates(hostnames).map((hostname) => `${name} has host ${hostname} twice.`),
    ...hostnames
      .filter((hostname) => hostname === "" || hostname !== hostname.toLowerCase())
      .map((hostname) => `${name} has the odd host "${hostname}".`),
    ...(isSorted(hostnames, bySpecificity) ? [] : [`Hosts of ${name} are not ordered from the most specific on.`]),
  ];
}

function checkMatch(name: string, match: HttpMatch): readonly string[] {
  const patterns = [match.path, ...match.headers, ...match.query, ...(match.cookies ?? [])].filter(
    ({ kind }) => kind === "regex",
  );
  const { kind, value } = match.path;
  return [
    ...patterns
      .filter((pattern) => compileRegex(pattern.value).kind === "error")
      .map((pattern) => `${name}: pattern ${pattern.value} does not compile.`),
    ...(kind === "regex" || value.startsWith("/") ? [] : [`${name}: path ${value} does not begin with a slash.`]),
    ...(kind === "prefix" && value !== "/" && value.endsWith("/")
      ? [`${name}: prefix ${value} ends with a slash.`]
      : []),
    ...match.headers
      .filter((header) => header.name !== header.name.toLowerCase())
      .map((header) => `${name}: header ${header.name} is not lower case.`),
    ...duplicates(match.headers.map((header) => header.name)).map(
      (header) => `${name}: header ${header} is matched twice.`,
    ),
    ...duplicates(match.query.map((parameter) => parameter.name)).map(
      (parameter) => `${name}: query parameter ${parameter} is matched twice.`,
    ),
  ];
}

function checkBackends(name: string, backends: readonly WeightedBackend[], model: RoutingModel): readonly string[] {
  return backends.flatMap(({ target, weight, filters }) => [
    ...(target.kind === "cluster" ? checkCluster(name, target.cluster, model) : []),
    ...(Number.isInteger(weight) && weight >= 0 ? [] : [`${name} has the odd weight ${weight}.`]),
    ...checkFilters(name, filters, model),
  ]);
}

function checkFilters(name: string, filters: readonly PlacedFilter[], model: RoutingModel): readonly string[] {
  return clusterKeysOfFilters(filters).flatMap((cluster) => checkCluster(name, cluster, model));
}

function checkCluster(name: string, cluster: string, model: RoutingModel): readonly string[] {
  return model.clusters[cluster] ? [] : [`${name} names cluster ${cluster}, which does not exist.`];
}

function isHttp(listener: Listener): listener is HttpListener {
  return listener.protocol === "HTTP" || listener.protocol === "HTTPS";
}

function duplicates(values: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const value of values) (seen.has(value) ? twice : seen).add(value);
  return [...twice];
}

function isSorted<T>(values: readonly T[], compare: (a: T, b: T) => number): boolean {
  return values.every((value, index) => index === 0 || compare(values[index - 1]!, value) <= 0);
}
