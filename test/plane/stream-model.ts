import type { StreamAdmission } from "../../src/ir/authorization.ts";
import type { Cluster } from "../../src/ir/cluster.ts";
import type { Endpoint } from "../../src/ir/endpoint-table.ts";
import { defaultListenerSettings } from "../../src/ir/listener-settings.ts";
import type { PlaneUpdate } from "../../src/ir/plane.ts";
import type { Listener, StreamRule } from "../../src/ir/routing-model.ts";
import { type SecretMaterial, SecretTable } from "../../src/ir/secret-table.ts";
import type { SourceRef } from "../../src/ir/source-ref.ts";
import type { ListenerTls } from "../../src/ir/tls.ts";
import { defaultTrafficSettings, type TrafficSettings } from "../../src/ir/traffic-settings.ts";

const from: SourceRef = { kind: "TCPRoute", namespace: "demo", name: "test", pointer: "/spec" };

/** A backend of a stream rule: ports on 127.0.0.1, or an invalid reference. */
export type StreamTestBackend = {
  readonly name: string;
  readonly weight?: number;
  /** Absent: the reference does not resolve. */
  readonly ports?: readonly number[];
  /** In place of 127.0.0.1 and the ports. */
  readonly endpoints?: readonly Endpoint[];
  readonly cluster?: Partial<Cluster>;
  readonly traffic?: Partial<TrafficSettings>;
};

export type StreamTestListener =
  | {
      readonly protocol: "TCP" | "UDP";
      readonly port: number;
      /** Absent: no route is attached. */
      readonly backends?: readonly StreamTestBackend[];
      readonly admission?: StreamAdmission;
    }
  | {
      readonly protocol: "TLS";
      readonly port: number;
      readonly hostname?: string;
      readonly tls: ListenerTls;
      /** By hostname of the route. */
      readonly routes: Readonly<Record<string, readonly StreamTestBackend[]>>;
    };

const routeKinds = { TCP: "TCPRoute", UDP: "UDPRoute", TLS: "TLSRoute" } as const;

/** Builds what a plane is given from one Gateway's stream listeners. */
export function buildStreams(
  listeners: readonly StreamTestListener[],
  secrets: ReadonlyMap<string, SecretMaterial> = new Map(),
): PlaneUpdate {
  const clusters: Record<string, Cluster> = {};
  const endpoints: Record<string, readonly Endpoint[]> = {};
  const addCluster = (backend: StreamTestBackend, protocol: "tcp" | "udp"): string => {
    const key = `demo/${backend.name}:1|${protocol}`;
    clusters[key] = {
      key,
      from,
      namespace: "demo",
      name: backend.name,
      port: 1,
      endpoints: key,
      protocol,
      traffic: { ...defaultTrafficSettings, connectTimeoutMs: 2_000, ...backend.traffic },
      ...backend.cluster,
    };
    endpoints[key] = backend.endpoints ?? (backend.ports ?? []).map((port) => ({ address: "127.0.0.1", port }));
    return key;
  };
  const ruleOf = (
    protocol: "TCP" | "UDP" | "TLS",
    name: string,
    backends: readonly StreamTestBackend[],
  ): StreamRule => ({
    key: `${routeKinds[protocol]}/demo/${name}/0`,
    from,
    namespace: "demo",
    name,
    ruleIndex: 0,
    ruleName: "",
    routeKind: routeKinds[protocol],
    backends: backends.map((backend) => ({
      from,
      weight: backend.weight ?? 1,
      filters: [],
      target:
        backend.ports === undefined && backend.endpoints === undefined
          ? { kind: "invalid", status: 500, reason: "the Service does not exist" }
          : { kind: "cluster", cluster: addCluster(backend, protocol === "UDP" ? "udp" : "tcp") },
    })),
  });
  const built = listeners.map((listener, index): Listener => {
    const name = `${listener.protocol.toLowerCase()}-${index}`;
    const common = {
      key: `Gateway/demo/streams/${name}`,
      name,
      from,
      port: listener.port,
      settings: defaultListenerSettings,
      hash: "",
    };
    if (listener.protocol !== "TLS") {
      const made = listener.backends && ruleOf(listener.protocol, name, listener.backends);
      const rule = made && listener.admission ? { ...made, admission: listener.admission } : made;
      return { ...common, protocol: listener.protocol, hostname: "", rule };
    }
    const routes = Object.entries(listener.routes).map(([hostname, backends]) => ({
      hostname,
      rule: ruleOf("TLS", `${name}-${hostname}`, backends),
    }));
    return { ...common, protocol: "TLS", hostname: listener.hostname ?? "", tls: listener.tls, routes };
  });
  return {
    generation: 1,
    routing: {
      gateways: [
        {
          key: "demo/streams",
          namespace: "demo",
          name: "streams",
          from,
          labels: {},
          addresses: [],
          listeners: built,
          httpRules: {},
        },
      ],
      clusters,
    },
    endpoints,
    secrets: new SecretTable(secrets),
  };
}

/** Both as one update: the Gateways share ports. Secrets are those of `b`. */
export function mergeUpdates(a: PlaneUpdate, b: PlaneUpdate): PlaneUpdate {
  return {
    generation: b.generation,
    routing: {
      gateways: [...a.routing.gateways, ...b.routing.gateways],
      clusters: { ...a.routing.clusters, ...b.routing.clusters },
    },
    endpoints: { ...a.endpoints, ...b.endpoints },
    secrets: b.secrets,
  };
}
