import { hashJson } from "../../base/hash.ts";
import { sameJson } from "../../base/same-json.ts";
import type { Steps } from "../../base/steps.ts";
import type { Finding } from "../../finding/finding.ts";
import { servedClass, writesStatus } from "../../ingress/ingress-class.ts";
import type { IngressModel, IngressServer, IngressStream, ServiceBackend } from "../../ingress/ingress-model.ts";
import { certificateFor, readIngresses } from "../../ingress/read-ingresses.ts";
import type { Cluster, ClusterKey } from "../../ir/cluster.ts";
import { bySpecificity } from "../../ir/hostname.ts";
import type {
  GatewayModel,
  HttpRule,
  Listener,
  RuleKey,
  StreamListener,
  StreamRule,
  TlsListener,
  VirtualHost,
  WeightedBackend,
} from "../../ir/routing-model.ts";
import type { SourceRef } from "../../ir/source-ref.ts";
import { refOf } from "../../resource/finding-at.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { ObjectStatus } from "../../status/condition.ts";
import type { CompileContext } from "../contract.ts";
import { compareText } from "../order/by-name.ts";
import { classSettings, methodChecks } from "./class-settings.ts";
import { classTls } from "./class-tls.ts";
import { clusterOfService } from "./ingress-cluster.ts";
import { httpListener, type ListenerScope, listenerFilters } from "./ingress-listener.ts";
import { serverCertificates } from "./ingress-tls.ts";
import type { ServedServerPart } from "./serve-feature.ts";
import { type IngressScope, serveHost } from "./serve-host.ts";
import { findUnserved } from "./unserved-ingresses.ts";

/** What the Ingresses of a class come to. */
export type CompiledIngresses = {
  /** `undefined`: no class is served. */
  readonly gateway: GatewayModel | undefined;
  readonly clusters: ReadonlyMap<ClusterKey, Cluster>;
  /** Of the Ingresses that are served. */
  readonly status: readonly ObjectStatus[];
  readonly findings: readonly Finding[];
};

/**
 * Compiles the Ingresses that are ours, all together: what one of them says may change what another's paths mean. `before` is what
 * they came to the last time; what is equal in it stays the same object. In steps: a host is one.
 */
export function* serveIngresses(
  context: CompileContext,
  before: CompiledIngresses | undefined,
): Steps<CompiledIngresses> {
  const { snapshot, options } = context;
  const unserved = findUnserved(context);
  const none = {
    gateway: undefined,
    clusters: new Map<ClusterKey, Cluster>(),
    status: [],
    findings: unserved,
  };
  const name = servedClass(snapshot, options.ingress);
  if (name === undefined) return none;
  const model = readIngresses(snapshot, options.ingress);
  const scope: IngressScope = {
    context,
    model,
    gateway: `IngressClass/${name}`,
    from: { kind: "IngressClass", namespace: "", name, pointer: "" },
    clusters: new Map(),
    findings: [...unserved, ...model.findings],
  };
  yield;
  const { listeners, rules } = yield* serveModel(scope);
  const gateway: GatewayModel = {
    key: scope.gateway,
    namespace: "",
    name,
    from: scope.from,
    labels: {},
    addresses: [],
    listeners: keepEqual(listeners, before?.gateway?.listeners ?? [], ({ key }) => key),
    httpRules: keepRules(rules, before?.gateway?.httpRules ?? {}),
  };
  return {
    gateway: sameJson(gateway, before?.gateway) ? before?.gateway : gateway,
    clusters: scope.clusters,
    status: writesStatus(snapshot, name, options.ingress)
      ? model.ingresses.flatMap(({ resource, dropped }) =>
          dropped === undefined ? [statusOf(resource, scope.gateway)] : [],
        )
      : [],
    findings: scope.findings,
  };
}

function statusOf(ingress: Resource<"Ingress">, servedBy: string): ObjectStatus {
  return {
    ref: refOf(ingress),
    generation: ingress.metadata.generation,
    body: { shape: "ingress", servedBy, addresses: [] },
  };
}

function* serveModel(
  scope: IngressScope,
): Steps<{ readonly listeners: readonly Listener[]; readonly rules: readonly HttpRule[] }> {
  const { context, model, gateway, from } = scope;
  const { ports } = context.options.ingress;
  const common: ListenerScope = {
    gateway,
    from,
    settings: classSettings(model.controller, context.options.listenerSettings),
    filters: [methodChecks(from), ...listenerFilters(model.controller, from)],
  };
  const rules: HttpRule[] = [];
  const clear: VirtualHost[] = [];
  const secure: VirtualHost[] = [];
  const others: VirtualHost[] = [];
  const own: { readonly hostname: string; readonly tls: ServedServerPart["tls"]; readonly host: VirtualHost }[] = [];
  const passed: TlsListener[] = [];
  for (const server of model.servers.flatMap((one) => [one, ...aliasServers(one, model)])) {
    yield;
    const host = serveHost(scope, server);
    rules.push(...host.rules);
    clear.push(host.virtualHost);
    others.push(...host.others);
    if (server.passthrough !== undefined) passed.push(passthroughListener(scope, common, server, server.passthrough));
    else if (Object.keys(host.tls).length > 0 && server.hostname !== "") {
      own.push({ hostname: server.hostname, tls: host.tls, host: host.virtualHost });
    } else secure.push(host.virtualHost);
  }
  const certificates = serverCertificates(context, model, scope.findings);
  const https =
    certificates.length === 0
      ? []
      : [
          { hostname: "", tls: {}, hosts: sorted([...secure, ...others]) },
          ...own.map(({ hostname, tls, host }) => ({ hostname, tls, hosts: [host] })),
        ].map(({ hostname, tls, hosts }) =>
          httpListener(common, {
            name: hostname === "" ? "https" : `https-${hostname}`,
            hostname,
            port: ports.https,
            tls: { mode: "terminate", ...classTls(model.controller), certificates, ...tls },
            virtualHosts: hosts,
          }),
        );
  const listeners: Listener[] = [
    httpListener(common, {
      name: "http",
      hostname: "",
      port: ports.http,
      tls: undefined,
      virtualHosts: sorted([...clear, ...others]),
    }),
    ...https,
    ...passed,
    ...model.streams.flatMap((stream) => streamListener(scope, common, stream)),
  ];
  return { listeners: listeners.sort((a, b) => a.port - b.port), rules: usedRules(rules, listeners) };
}

/** An alias is its host under another name, but for what is made of the name itself: redirects to https depend on a certificate for it. */
function aliasServers(server: IngressServer, model: IngressModel): readonly IngressServer[] {
  if (server.aliases.length === 0) return [];
  const certificates = new Map(model.servers.map(({ hostname, certificate }) => [hostname, certificate]));
  return server.aliases.map((hostname) => ({
    ...server,
    hostname,
    aliases: [],
    settings: { ...server.settings, wwwRedirect: false },
    passthrough: undefined,
    certificate: certificateFor(hostname, certificates),
  }));
}

/** Most specific first; of one hostname that two ask for the first counts. */
function sorted(hosts: readonly VirtualHost[]): readonly VirtualHost[] {
  const first = new Map<string, VirtualHost>();
  for (const host of hosts) if (!first.has(host.hostname)) first.set(host.hostname, host);
  return [...first.values()].sort(
    (a, b) => bySpecificity(a.hostname, b.hostname) || compareText(a.hostname, b.hostname),
  );
}

function passthroughListener(
  scope: IngressScope,
  { gateway, from, settings }: ListenerScope,
  { hostname, owner }: IngressServer,
  backend: ServiceBackend,
): TlsListener {
  const name = `tls-${hostname}`;
  const key = `${gateway}/${name}`;
  const { port } = { port: scope.context.options.ingress.ports.https };
  const tls = { mode: "passthrough" as const };
  const rule = streamRule(scope, {
    key: `${key}/0`,
    routeKind: "Ingress",
    from: owner === undefined ? from : backend.from,
    backend,
    protocol: "tcp",
    proxyProtocol: false,
  });
  return {
    key,
    name,
    from,
    port,
    hostname,
    settings,
    hash: hashJson({ key, port, hostname, tls, settings }),
    protocol: "TLS",
    tls,
    routes: [{ hostname, rule }],
  };
}

function streamListener(
  scope: IngressScope,
  { gateway, from, settings: shared }: ListenerScope,
  { protocol, port, backend, proxy }: IngressStream,
): readonly StreamListener[] {
  const { ports } = scope.context.options.ingress;
  // ingress-nginx keeps the ports that it serves itself.
  if (protocol === "TCP" && (port === ports.http || port === ports.https)) return [];
  const name = `${protocol.toLowerCase()}-${port}`;
  const key = `${gateway}/${name}`;
  const settings = proxy.decode ? { ...shared, proxyProtocolFrom: ["0.0.0.0/0", "::/0"] } : shared;
  const rule = streamRule(scope, {
    key: `${key}/0`,
    routeKind: "ConfigMap",
    from: backend.from,
    backend,
    protocol: protocol === "TCP" ? "tcp" : "udp",
    proxyProtocol: proxy.encode,
  });
  return [
    {
      key,
      name,
      from,
      port,
      hostname: "",
      settings,
      hash: hashJson({ key, port, protocol, settings }),
      protocol,
      rule,
    },
  ];
}

function streamRule(
  { context, clusters }: IngressScope,
  of: {
    readonly key: RuleKey;
    readonly routeKind: StreamRule["routeKind"];
    readonly from: SourceRef;
    readonly backend: ServiceBackend;
    readonly protocol: "tcp" | "udp";
    readonly proxyProtocol: boolean;
  },
): StreamRule {
  const { key, routeKind, from, backend, protocol, proxyProtocol } = of;
  const made = clusterOfService(context, backend, {
    protocol,
    ...(proxyProtocol && protocol === "tcp" ? { proxyProtocol: "v2" as const } : {}),
  });
  if (made.kind === "cluster") clusters.set(made.cluster.key, made.cluster);
  const backends: readonly WeightedBackend[] =
    made.kind === "cluster"
      ? [{ from: backend.from, weight: 1, filters: [], target: { kind: "cluster", cluster: made.cluster.key } }]
      : [];
  return { key, from, namespace: from.namespace, name: from.name, ruleIndex: 0, ruleName: "", routeKind, backends };
}

/** Each once, without those of hosts that another host came before. */
function usedRules(rules: readonly HttpRule[], listeners: readonly Listener[]): readonly HttpRule[] {
  const hosts = listeners.flatMap((listener) => ("virtualHosts" in listener ? listener.virtualHosts : []));
  const used = new Set(hosts.flatMap(({ entries }) => entries.map(({ rule }) => rule)));
  const byKey = new Map(rules.map((rule) => [rule.key, rule]));
  return [...byKey.values()].filter(({ key }) => used.has(key));
}

/** Those of `before` that say the same, in place of new ones. */
function keepEqual<T>(items: readonly T[], before: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const known = new Map(before.map((item) => [keyOf(item), item]));
  return items.map((item) => {
    const old = known.get(keyOf(item));
    return old !== undefined && sameJson(old, item) ? old : item;
  });
}

function keepRules(
  rules: readonly HttpRule[],
  before: Readonly<Record<RuleKey, HttpRule>>,
): Readonly<Record<RuleKey, HttpRule>> {
  return Object.fromEntries(keepEqual(rules, Object.values(before), ({ key }) => key).map((rule) => [rule.key, rule]));
}
