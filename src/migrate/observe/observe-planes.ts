/** Sends requests to two configurations, each served by an embedded plane of its own on loopback. */
import type { ClusterKey, EndpointsKey } from "../../ir/cluster.ts";
import type { Filter, PlacedFilter } from "../../ir/filter.ts";
import type { Listener, RoutingModel } from "../../ir/routing-model.ts";
import { clusterKeysOfListener, clusterKeysOfRule } from "../../ir/used-clusters.ts";
import { EmbeddedPlane } from "../../proxy/embedded-plane.ts";
import { createTelemetry } from "../../telemetry/create-telemetry.ts";
import type { Observation, Observe } from "../verify/observation.ts";
import { hostnameOf, type Probe } from "../verify/probe.ts";
import { narrow, type Side } from "../verify/side.ts";
import { isUnseen } from "../verify/treatment.ts";
import { EchoServices } from "./echo-services.ts";
import { sendProbe } from "./send-probe.ts";

/** Requests that are on their way at the same time. */
const atATime = 16;

/** Both sides as they are when requests come to them; they are taken down when all have been sent. */
export function observePlanes(old: Side, fresh: Side): Observe {
  return async (probes) => {
    if (probes.length === 0) return [];
    const hosts = [...new Set(probes.map(hostnameOf))];
    await using services = new EchoServices();
    await using before = await serve(narrow(old, hosts), services);
    await using after = await serve(narrow(fresh, hosts), services);
    const observed: { old: Observation; new: Observation }[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      for (let at = next++; at < probes.length; at = next++) {
        const probe = probes[at] as Probe;
        observed[at] = { old: await before.ask(probe), new: await after.ask(probe) };
      }
    };
    await Promise.all(Array.from({ length: atATime }, work));
    return observed;
  };
}

type Served = AsyncDisposable & { readonly ask: (probe: Probe) => Promise<Observation> };

async function serve(side: Side, services: EchoServices): Promise<Served> {
  const telemetry = createTelemetry({ version: "migrate verify" });
  // Ports as clients see them, so that redirects name the same on both sides.
  const plane = new EmbeddedPlane({
    telemetry,
    mapPort: () => 0,
    clientPort: "listener",
    allowedUpstream: ["loopback"],
  });
  const routing = readyForProbes(side.routing);
  const { keys, authorisers } = endpointsOf(routing);
  const endpoints = await services.endpoints(keys, authorisers);
  await plane.apply({ generation: 1, routing, endpoints, secrets: side.secrets });
  return {
    ask: async (probe) => {
      const port = side.ports[probe.scheme];
      const bound = port === undefined ? undefined : plane.boundPort(port);
      return bound === undefined
        ? { kind: "none", reason: "no listener" }
        : await sendProbe(probe, { host: "127.0.0.1", port: bound, client: "told" });
    },
    [Symbol.asyncDispose]: async () => {
      await plane.drain(0);
      await telemetry.close();
    },
  };
}

/**
 * The model with what stands in the way of asking taken out: limits that many requests would run into, copies, streams, TLS and HTTP/2
 * to backends. All of it is compared as settings. Clients say who they are by a PROXY header.
 */
function readyForProbes(routing: RoutingModel): RoutingModel {
  const seen = (filters: readonly PlacedFilter[]): readonly PlacedFilter[] =>
    filters.filter(({ filter }) => !isUnseen(filter));
  const gateways = routing.gateways.map((gateway) => ({
    ...gateway,
    addresses: [],
    listeners: gateway.listeners.flatMap((listener): readonly Listener[] => {
      if (listener.protocol !== "HTTP" && listener.protocol !== "HTTPS") return [];
      const settings = { ...listener.settings, proxyProtocolFrom: ["127.0.0.0/8"], proxyProtocol: "required" } as const;
      return [{ ...listener, settings, filters: seen(listener.filters) }];
    }),
    httpRules: Object.fromEntries(
      Object.entries(gateway.httpRules).map(([key, rule]) => [key, { ...rule, filters: seen(rule.filters) }]),
    ),
  }));
  const clusters = Object.fromEntries(
    Object.entries(routing.clusters).map(([key, { tls: _tls, proxyProtocol: _proxyProtocol, ...cluster }]) => {
      const { policy: _policy, ...traffic } = cluster.traffic;
      return [
        key,
        { ...cluster, protocol: cluster.protocol === "http2" ? ("http1" as const) : cluster.protocol, traffic },
      ];
    }),
  );
  return { gateways, clusters };
}

function endpointsOf(routing: RoutingModel): {
  readonly keys: ReadonlySet<EndpointsKey>;
  readonly authorisers: ReadonlySet<EndpointsKey>;
} {
  const endpointsKey = (cluster: string): readonly EndpointsKey[] => {
    const found = routing.clusters[cluster];
    return found ? [found.endpoints] : [];
  };
  const keys = new Set<EndpointsKey>();
  const authorisers = new Set<EndpointsKey>();
  for (const { listeners, httpRules } of routing.gateways) {
    for (const key of listeners.flatMap(clusterKeysOfListener).flatMap(endpointsKey)) keys.add(key);
    for (const rule of Object.values(httpRules)) {
      for (const key of clusterKeysOfRule(rule).flatMap(endpointsKey)) keys.add(key);
      for (const { filter } of rule.filters)
        for (const key of authorisersOf(filter).flatMap(endpointsKey)) authorisers.add(key);
    }
  }
  return { keys, authorisers };
}

/** Clusters that a filter asks whether a request may pass. */
function authorisersOf(filter: Filter): readonly ClusterKey[] {
  if (filter.kind === "externalAuth") return filter.servers;
  if (filter.kind === "authRequest") return filter.server === undefined ? [] : [filter.server];
  return filter.kind === "anyOf" ? filter.filters.flatMap(authorisersOf) : [];
}
