/** Short-hand for routing models in tests. */

import type { Filter, PlacedFilter } from "../../src/ir/filter.ts";
import { defaultListenerSettings } from "../../src/ir/listener-settings.ts";
import type { HttpMatch } from "../../src/ir/match.ts";
import type {
  GatewayModel,
  HttpListener,
  HttpRule,
  Listener,
  RoutingModel,
  StreamRule,
  TlsListener,
  VirtualHost,
  WeightedBackend,
} from "../../src/ir/routing-model.ts";
import type { SelectRequest } from "../../src/ir/select.ts";
import { defaultTrafficSettings } from "../../src/ir/traffic-settings.ts";

const from = { kind: "HTTPRoute", namespace: "shop", name: "r", pointer: "/spec/rules/0" };

export function place(filter: Filter): PlacedFilter {
  return { from, filter };
}

/** Rule of HTTPRoute `shop/<name>`. */
export function httpRule(name: string, changes: Partial<HttpRule> = {}): HttpRule {
  const ruleIndex = changes.ruleIndex ?? 0;
  return {
    key: `HTTPRoute/shop/${name}/${ruleIndex}`,
    from: { ...from, name, pointer: `/spec/rules/${ruleIndex}` },
    namespace: "shop",
    name,
    ruleIndex,
    ruleName: "",
    routeKind: "HTTPRoute",
    labels: {},
    filters: [],
    backends: [backend(name, 1)],
    timeouts: { requestMs: 0, backendRequestMs: 0, silence: "bounded" },
    ...changes,
  };
}

export function backend(name: string, weight: number): WeightedBackend {
  return { from, weight, filters: [], target: { kind: "cluster", cluster: `shop/${name}:80` } };
}

export function streamRule(
  name: string,
  routeKind: StreamRule["routeKind"],
  backends: readonly WeightedBackend[],
): StreamRule {
  return {
    key: `${routeKind}/shop/${name}/0`,
    from,
    namespace: "shop",
    name,
    ruleIndex: 0,
    ruleName: "",
    routeKind,
    backends,
  };
}

/** A match of path prefix `/` unless told otherwise. */
export function match(changes: Partial<HttpMatch> = {}): HttpMatch {
  return { path: { kind: "prefix", value: "/" }, headers: [], query: [], ...changes };
}

/** A virtual host from pairs of match and rule. */
export function virtualHost(hostname: string, entries: readonly (readonly [HttpMatch, HttpRule])[]): VirtualHost {
  return { hostname, entries: entries.map(([match, rule]) => ({ match, rule: rule.key, matchIndex: 0 })) };
}

function common(name: string, port: number, hostname: string) {
  return {
    key: `Gateway/infra/g/${name}`,
    name,
    from: { ...from, kind: "Gateway" },
    port,
    hostname,
    settings: defaultListenerSettings,
    hash: "",
  };
}

export function http(name: string, hostname: string, virtualHosts: readonly VirtualHost[], port = 80): HttpListener {
  return { ...common(name, port, hostname), protocol: "HTTP", filters: [], virtualHosts };
}

export function https(name: string, hostname: string, virtualHosts: readonly VirtualHost[]): HttpListener {
  return {
    ...common(name, 443, hostname),
    protocol: "HTTPS",
    tls: { mode: "terminate", certificates: [], minVersion: "TLSv1.2" },
    filters: [],
    virtualHosts,
  };
}

export function tls(name: string, hostname: string, routes: TlsListener["routes"]): TlsListener {
  return { ...common(name, 443, hostname), protocol: "TLS", tls: { mode: "passthrough" }, routes };
}

export function stream(name: string, protocol: "TCP" | "UDP", port: number, rule: StreamRule | undefined): Listener {
  return { ...common(name, port, ""), protocol, rule };
}

/** A gateway `infra/g` (or another name) with a cluster for every backend that its rules name. */
export function gateway(listeners: readonly Listener[], rules: readonly HttpRule[], name = "g"): GatewayModel {
  return {
    key: `infra/${name}`,
    namespace: "infra",
    name,
    from: { ...from, kind: "Gateway" },
    labels: {},
    addresses: [],
    listeners,
    httpRules: Object.fromEntries(rules.map((rule) => [rule.key, rule])),
  };
}

export function model(...gateways: readonly GatewayModel[]): RoutingModel {
  const rules = gateways.flatMap((one) => [
    ...Object.values(one.httpRules),
    ...one.listeners.flatMap((listener) => {
      if (listener.protocol === "TLS") return listener.routes.map(({ rule }) => rule);
      return "rule" in listener && listener.rule ? [listener.rule] : [];
    }),
  ]);
  const keys = rules.flatMap((rule) =>
    rule.backends.flatMap(({ target }) => (target.kind === "cluster" ? [target.cluster] : [])),
  );
  return {
    gateways,
    clusters: Object.fromEntries(
      [...new Set(keys)].sort().map((key) => [
        key,
        {
          key,
          from,
          namespace: "shop",
          name: key.slice("shop/".length).replace(/:.*/, ""),
          port: 80,
          endpoints: key,
          protocol: "http1",
          traffic: { ...defaultTrafficSettings, connectTimeoutMs: 5000 },
        },
      ]),
    ),
  };
}

/** `GET /` for `a.test` on port 80 unless told otherwise. */
export function request(changes: Partial<SelectRequest> = {}): SelectRequest {
  const scheme = changes.scheme ?? "http";
  return {
    port: scheme === "https" ? 443 : 80,
    scheme,
    host: "a.test",
    method: "GET",
    path: "/",
    query: "",
    headers: {},
    ...changes,
  };
}
