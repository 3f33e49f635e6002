import type { Cluster } from "../../src/ir/cluster.ts";
import type { Endpoint, EndpointTable } from "../../src/ir/endpoint-table.ts";
import type { Filter } from "../../src/ir/filter.ts";
import { defaultListenerSettings, type ListenerSettings } from "../../src/ir/listener-settings.ts";
import type { HttpMatch } from "../../src/ir/match.ts";
import type { PlaneUpdate } from "../../src/ir/plane.ts";
import type { HttpListener, HttpRule, RoutingModel, VirtualHost, WeightedBackend } from "../../src/ir/routing-model.ts";
import { type SecretMaterial, SecretTable } from "../../src/ir/secret-table.ts";
import type { SourceRef } from "../../src/ir/source-ref.ts";
import { defaultTrafficSettings, type TrafficSettings } from "../../src/ir/traffic-settings.ts";

const from: SourceRef = { kind: "HTTPRoute", namespace: "demo", name: "test", pointer: "/spec" };

/** A backend of a test rule: ports on 127.0.0.1, or an invalid reference. */
export type TestBackend = {
  readonly name: string;
  readonly weight?: number;
  readonly keptAs?: string;
  /** Absent: the reference does not resolve. */
  readonly ports?: readonly number[];
  readonly cluster?: Partial<Cluster>;
  readonly traffic?: Partial<TrafficSettings>;
  readonly filters?: readonly Filter[];
};

export type TestRule = {
  readonly name: string;
  readonly hostname?: string;
  readonly match?: Partial<HttpMatch>;
  readonly backends: readonly TestBackend[];
  readonly fallback?: readonly TestBackend[];
  readonly accessLog?: HttpRule["accessLog"];
  readonly filters?: readonly Filter[];
  /** Clusters that filters name. */
  readonly others?: readonly TestBackend[];
  readonly timeouts?: Partial<HttpRule["timeouts"]>;
  readonly retry?: HttpRule["retry"];
  readonly labels?: Readonly<Record<string, string>>;
  readonly sessionPersistence?: HttpRule["sessionPersistence"];
  readonly backendCookie?: string;
};

export type TestListener = {
  readonly name: string;
  readonly port: number;
  readonly hostname?: string;
  readonly tls?: HttpListener["tls"];
  readonly rules: readonly TestRule[];
  /** Before routing. Their clusters are named in a rule's `others`. */
  readonly filters?: readonly Filter[];
  readonly settings?: Partial<ListenerSettings>;
};

/** Builds what a plane is given from one Gateway's listeners; rules are tried in their order. */
export function buildUpdate(
  listeners: readonly TestListener[],
  secrets: ReadonlyMap<string, SecretMaterial> = new Map(),
): PlaneUpdate {
  const clusters: Record<string, Cluster> = {};
  const endpoints: Record<string, readonly Endpoint[]> = {};
  const httpRules: Record<string, HttpRule> = {};
  const addCluster = (backend: TestBackend): string => {
    const key = `demo/${backend.name}:80`;
    clusters[key] = {
      key,
      from,
      namespace: "demo",
      name: backend.name,
      port: 80,
      endpoints: key,
      protocol: "http1",
      traffic: { ...defaultTrafficSettings, connectTimeoutMs: 2_000, ...backend.traffic },
      ...backend.cluster,
    };
    endpoints[key] = (backend.ports ?? []).map((port) => ({ address: "127.0.0.1", port }));
    return key;
  };
  const weighted = (backend: TestBackend): WeightedBackend => ({
    from,
    weight: backend.weight ?? 1,
    ...(backend.keptAs === undefined ? {} : { keptAs: backend.keptAs }),
    filters: (backend.filters ?? []).map((filter) => ({ from, filter })),
    target:
      backend.ports === undefined
        ? { kind: "invalid", status: 500, reason: "the Service does not exist" }
        : { kind: "cluster", cluster: addCluster(backend) },
  });
  const addRule = (rule: TestRule): string => {
    const key = `HTTPRoute/demo/${rule.name}/0`;
    for (const other of rule.others ?? []) addCluster(other);
    httpRules[key] = {
      key,
      from,
      namespace: "demo",
      name: rule.name,
      ruleIndex: 0,
      ruleName: "",
      routeKind: "HTTPRoute",
      labels: rule.labels ?? {},
      filters: (rule.filters ?? []).map((filter) => ({ from, filter })),
      backends: rule.backends.map(weighted),
      ...(rule.fallback === undefined ? {} : { fallback: rule.fallback.map(weighted) }),
      ...(rule.accessLog === undefined ? {} : { accessLog: rule.accessLog }),
      timeouts: { requestMs: 0, backendRequestMs: 0, silence: "bounded", ...rule.timeouts },
      ...(rule.retry === undefined ? {} : { retry: rule.retry }),
      ...(rule.backendCookie === undefined ? {} : { backendCookie: rule.backendCookie }),
      ...(rule.sessionPersistence === undefined ? {} : { sessionPersistence: rule.sessionPersistence }),
    };
    return key;
  };
  const routing: RoutingModel = {
    gateways: [
      {
        key: "demo/web",
        namespace: "demo",
        name: "web",
        from,
        labels: {},
        addresses: [],
        listeners: listeners.map((listener) => ({
          key: `Gateway/demo/web/${listener.name}`,
          name: listener.name,
          from,
          port: listener.port,
          hostname: listener.hostname ?? "",
          settings: { ...defaultListenerSettings, ...listener.settings },
          hash: "",
          protocol: listener.tls === undefined ? "HTTP" : "HTTPS",
          ...(listener.tls === undefined ? {} : { tls: listener.tls }),
          filters: (listener.filters ?? []).map((filter) => ({ from, filter })),
          virtualHosts: virtualHosts(listener.rules, addRule),
        })),
        httpRules,
      },
    ],
    clusters,
  };
  return { generation: 1, routing, endpoints: endpoints satisfies EndpointTable, secrets: new SecretTable(secrets) };
}

function virtualHosts(rules: readonly TestRule[], addRule: (rule: TestRule) => string): readonly VirtualHost[] {
  return [...Map.groupBy(rules, (rule) => rule.hostname ?? "*")].map(([hostname, group]) => ({
    hostname,
    entries: group.map((rule) => ({
      match: { path: { kind: "prefix", value: "/" }, headers: [], query: [], ...rule.match },
      rule: addRule(rule),
      matchIndex: 0,
    })),
  }));
}
