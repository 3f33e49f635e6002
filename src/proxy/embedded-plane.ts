import { randomBytes } from "node:crypto";
import type { Cidr } from "../base/cidr.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { ListenerReport, Plane, PlaneReport, PlaneUpdate } from "../ir/plane.ts";
import type { GatewayKey, Listener, ListenerKey, StreamListener, TlsListener } from "../ir/routing-model.ts";
import type { BoundListener } from "../ir/select.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { type ForwardedTrust, trustNobody } from "../wire/forwarded.ts";
import { defaultRequestLimits } from "../wire/http1/request-head.ts";
import { defaultResponseLimits } from "../wire/http1/response-head.ts";
import type { ClientCertificateForwarding } from "./client-certificate.ts";
import { ClusterRuntime } from "./cluster-runtime.ts";
import { Deadlines } from "./deadlines.ts";
import { defaultLimits, type ProxyLimits } from "./limits.ts";
import { PortListener } from "./listener/port-listener.ts";
import { type PlanePort, planPorts } from "./plan-ports.ts";
import type { OwnerSource, PlaneContext } from "./plane-context.ts";
import { buildRules, PortModel } from "./port-model.ts";
import type { RuleRuntime } from "./route-runtime.ts";
import { minSessionKeyBytes, SessionTokens } from "./session-token.ts";
import { buildTcpStreams, buildTlsStreams, type PortStreams } from "./stream/port-streams.ts";
import { StreamRules } from "./stream/stream-route.ts";
import { buildUdpModel } from "./stream/udp-port.ts";
import { UdpPorts } from "./stream/udp-ports.ts";
import { TracingRegistry } from "./tracing/tracing-registry.ts";
import { type ListenerCertificates, SecureContextCache } from "./transport/server-tls.ts";
import { TicketKeys } from "./transport/ticket-keys.ts";
import { AddressGuard, type GuardedNetwork } from "./upstream/address-guard.ts";
import { EndpointRegistry, type EndpointState } from "./upstream/endpoint-state.ts";

export type EmbeddedPlaneOptions = {
  readonly telemetry: Telemetry;
  /** Address to listen on. Default 127.0.0.1. */
  readonly bind?: string;
  /** Port to bind for a listener port; 0 binds any. Default: the same. */
  readonly mapPort?: (port: number) => number;
  /** An address of its own for a Gateway; `undefined`: `bind`. */
  readonly gatewayAddress?: (gateway: GatewayKey) => string | undefined;
  readonly limits?: Partial<ProxyLimits>;
  readonly trust?: ForwardedTrust;
  /** Proxies in front that begin each connection with a PROXY header (v1 or v2). Default: none. */
  readonly proxyProtocolFrom?: readonly Cidr[];
  /** Kinds of addresses that endpoints may have although they lead to the gateway's own surroundings. Default: none. */
  readonly allowedUpstream?: readonly GuardedNetwork[];
  /** Defaults: the label `tenant`, and `environment`; no header. */
  readonly tenant?: OwnerSource;
  readonly environment?: OwnerSource;
  /** What backends are told of client certificates, in X-Forwarded-Client-Cert. Default `off`: nothing. */
  readonly forwardClientCertificate?: ClientCertificateForwarding;
  /** Of TLS session tickets. Default: keys of this plane's own, replaced every 12 hours. */
  readonly ticketKeys?: TicketKeys;
  /** Signs what session persistence gives to clients; the same on every gateway that serves them. Default: random. */
  readonly sessionKey?: Buffer;
  /** Of Sluice, for collectors of spans. Default `unknown`. */
  readonly version?: string;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Told of what never should happen; one request failed with 500. Default: nobody. */
  readonly onBug?: (error: unknown) => void;
};

/** The data plane of this process: HTTP, HTTPS, TLS, TCP and UDP on sockets of its own. */
export class EmbeddedPlane implements Plane {
  readonly #options: EmbeddedPlaneOptions;
  readonly #context: PlaneContext;
  readonly #contexts = new SecureContextCache();
  #ports = new Map<string, PortListener>();
  #clusters = new Map<string, ClusterRuntime>();
  #rules: ReadonlyMap<string, RuleRuntime> = new Map();
  #streamRules: StreamRules | undefined;
  readonly #udp: UdpPorts;
  /** Old listeners that finish what they do. */
  readonly #draining = new Set<Promise<void>>();
  /** Set by `updateEndpoints` since the last `apply` began. */
  #newerEndpoints: EndpointTable | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: EmbeddedPlaneOptions) {
    const limits: ProxyLimits = { ...defaultLimits, ...options.limits };
    this.#options = options;
    this.#context = {
      limits,
      requestLimits: {
        ...defaultRequestLimits,
        maxHeadBytes: limits.headBytes,
        maxTargetBytes: limits.targetBytes,
        query: "browser",
      },
      responseLimits: { ...defaultResponseLimits, maxHeadBytes: limits.responseHeadBytes },
      deadlines: new Deadlines(limits.tickMs),
      telemetry: options.telemetry,
      registry: new EndpointRegistry(new AddressGuard(options.allowedUpstream)),
      random: options.random ?? Math.random,
      trust: options.trust ?? trustNobody,
      proxyProtocolFrom: options.proxyProtocolFrom ?? [],
      tenant: options.tenant ?? { header: "", label: "tenant" },
      environment: options.environment ?? { header: "", label: "environment" },
      ticketKeys: options.ticketKeys ?? new TicketKeys(),
      forwardClientCertificate: options.forwardClientCertificate ?? "off",
      publicPort: (port) => this.#publicPort(port),
      sessionTokens: new SessionTokens(options.sessionKey ?? randomBytes(minSessionKeyBytes)),
      tracing: new TracingRegistry(),
      version: options.version ?? "unknown",
      onBug: options.onBug ?? (() => {}),
    };
    this.#udp = new UdpPorts(this.#context);
  }

  /** The port bound for a listener port; differs from `mapPort` when that says 0. `undefined`: not bound. */
  boundPort(listenerPort: number): number | undefined {
    for (const listener of this.#ports.values()) if (listener.model.port === listenerPort) return listener.port;
    return this.#udp.boundPort(listenerPort);
  }

  /** Bytes that wait in this process to be sent to clients. */
  get queuedBytes(): number {
    let bytes = 0;
    for (const listener of this.#ports.values()) bytes += listener.queuedBytes;
    return bytes;
  }

  apply(update: PlaneUpdate): Promise<PlaneReport> {
    const turn = this.#turn.then(() => this.#apply(update));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  updateEndpoints(endpoints: EndpointTable): void {
    this.#newerEndpoints = endpoints;
    for (const cluster of this.#clusters.values()) cluster.setEndpoints(endpoints, this.#context.registry);
    this.#keepUsedEndpoints();
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#closed = true;
    await this.#turn;
    for (const listener of this.#ports.values()) this.#retire(listener, deadlineMs);
    this.#ports = new Map();
    await Promise.all([...this.#draining, this.#udp.drain(deadlineMs)]);
    await this.#context.tracing.close(Math.min(deadlineMs, this.#context.limits.spanExportTimeoutMs));
    this.#context.registry.closeAll();
  }

  async #apply({ generation, routing, endpoints, secrets }: PlaneUpdate): Promise<PlaneReport> {
    const reports: Record<ListenerKey, ListenerReport> = {};
    this.#newerEndpoints = undefined;
    const clusters = new Map<string, ClusterRuntime>();
    for (const cluster of Object.values(routing.clusters)) {
      const before = this.#clusters.get(cluster.key);
      // With TLS, its certificates may have changed although the cluster did not.
      const current = before?.cluster === cluster && cluster.tls === undefined;
      const runtime = current ? before : new ClusterRuntime(cluster, secrets, this.#context);
      if (before !== undefined && !current) runtime.resumeFrom(before);
      runtime.setEndpoints(endpoints, this.#context.registry);
      clusters.set(cluster.key, runtime);
    }
    this.#context.tracing.apply(routing.gateways, clusters, this.#context);
    const rules = buildRules(routing, { clusters, previous: this.#rules }, this.#context);

    const streamRules = new StreamRules(clusters, this.#streamRules);

    const plan = planPorts(routing, (gateway) => this.#addressOf(gateway));
    Object.assign(reports, plan.rejected);
    const next = new Map<string, PortListener>();
    const models: [PortListener, PortModel][] = [];
    for (const port of plan.ports) {
      const certificates = new Map<Listener, ListenerCertificates>();
      const bound = port.bound.filter((one) => {
        const problem = this.#readCertificates(one, certificates, secrets);
        if (problem !== undefined) reports[one.listener.key] = { state: "failed", message: problem };
        return problem === undefined;
      });
      if (bound.length === 0) continue;
      const streams = this.#buildStreams(bound, streamRules, certificates);
      const model = new PortModel({ bound, rules: rules.byRule, clusters, certificates, streams }, this.#context);
      const existing = this.#ports.get(port.key);
      const listener = existing ?? (await this.#open(port, model));
      for (const { listener: one } of bound) reports[one.key] = this.#reportOf(port, listener);
      if (listener instanceof Error) continue;
      next.set(port.key, listener);
      if (existing !== undefined) models.push([existing, model]);
    }
    this.#contexts.prune();
    const udp = await this.#prepareUdp(plan.udpPorts, streamRules);
    Object.assign(reports, udp.reports);

    // From here on nothing waits: the swap is one step for every request.
    for (const [listener, model] of models) listener.swap(model);
    udp.commit();
    const gone = [...this.#ports].filter(([key]) => !next.has(key)).map(([, listener]) => listener);
    this.#ports = next;
    // Endpoints that came while sockets were opened are newer than those of this update.
    for (const cluster of clusters.values()) {
      cluster.setEndpoints(this.#newerEndpoints ?? endpoints, this.#context.registry);
    }
    this.#clusters = clusters;
    this.#rules = rules.byKey;
    this.#streamRules = streamRules;
    this.#keepUsedEndpoints();
    for (const listener of gone) this.#retire(listener, this.#context.limits.drainTimeoutMs);
    return { generation, listeners: reports, addresses: this.#addresses(routing.gateways.map(({ key }) => key)) };
  }

  #readCertificates(
    { listener }: BoundListener,
    certificates: Map<Listener, ListenerCertificates>,
    secrets: PlaneUpdate["secrets"],
  ): string | undefined {
    if (!("tls" in listener) || listener.tls?.mode !== "terminate") return undefined;
    const built = this.#contexts.build(listener.tls, secrets);
    if (built instanceof Error) return `The listener's TLS cannot be set up: ${built.message}.`;
    certificates.set(listener, built);
    return undefined;
  }

  #buildStreams(
    bound: readonly BoundListener[],
    rules: StreamRules,
    certificates: ReadonlyMap<Listener, ListenerCertificates>,
  ): PortStreams | undefined {
    const tls = bound.filter((one): one is BoundListener<TlsListener> => one.listener.protocol === "TLS");
    const tcp = bound.filter((one): one is BoundListener<StreamListener> => one.listener.protocol === "TCP");
    if (tls.length > 0) return buildTlsStreams(tls, { rules, certificates }, this.#context);
    return tcp.length > 0 ? buildTcpStreams(tcp, rules, this.#context) : undefined;
  }

  async #prepareUdp(
    ports: readonly PlanePort<StreamListener>[],
    rules: StreamRules,
  ): Promise<{ readonly reports: Record<ListenerKey, ListenerReport>; readonly commit: () => void }> {
    const reports: Record<ListenerKey, ListenerReport> = {};
    const places = this.#closed
      ? []
      : ports.map((port) => ({
          key: port.key,
          address: port.address,
          port: this.#portToBind(port.port),
          model: buildUdpModel(port.bound, rules, this.#context),
        }));
    const { opened, commit } = await this.#udp.prepare(places);
    for (const port of ports) {
      const result = opened.get(port.key) ?? new Error("the gateway is shutting down");
      for (const { listener } of port.bound) reports[listener.key] = this.#reportOf(port, result);
    }
    return { reports, commit };
  }

  #open(port: PlanePort, model: PortModel): Promise<PortListener | Error> {
    if (this.#closed) return Promise.resolve(new Error("the gateway is shutting down"));
    return PortListener.open({ address: port.address, port: this.#portToBind(port.port) }, model, this.#context);
  }

  #retire(listener: PortListener, deadlineMs: number): void {
    const done = listener.drain(deadlineMs).finally(() => this.#draining.delete(done));
    this.#draining.add(done);
  }

  #keepUsedEndpoints(): void {
    const used = new Set<EndpointState>();
    for (const cluster of this.#clusters.values()) for (const endpoint of cluster.endpoints) used.add(endpoint);
    this.#context.registry.keep(used);
  }

  #addressOf(gateway: GatewayKey): string {
    return this.#options.gatewayAddress?.(gateway) ?? this.#options.bind ?? "127.0.0.1";
  }

  #reportOf(port: PlanePort, listener: { readonly port: number } | Error): ListenerReport {
    if (!(listener instanceof Error)) return { state: "programmed", address: port.address, port: listener.port };
    const where = `${port.address} port ${this.#portToBind(port.port)}`;
    const { code } = listener as NodeJS.ErrnoException;
    const message = `Cannot listen on ${where}: ${bindProblem(listener)}.`;
    return { state: "failed", message, ...(code === undefined ? {} : { code }) };
  }

  #portToBind(port: number): number {
    return this.#options.mapPort?.(port) ?? port;
  }

  /** Port that clients use for a listener port. */
  #publicPort(port: number): number {
    const mapped = this.#portToBind(port);
    return mapped === 0 ? (this.boundPort(port) ?? port) : mapped;
  }

  #addresses(gateways: readonly GatewayKey[]): Record<GatewayKey, readonly string[]> {
    return Object.fromEntries(gateways.map((key) => [key, [this.#addressOf(key)]]));
  }
}

function bindProblem(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "EADDRINUSE":
      return "another program uses it";
    case "EACCES":
      return "this user may not open that port";
    case "EADDRNOTAVAIL":
      return "this machine does not have that address";
    default:
      return error.message;
  }
}
