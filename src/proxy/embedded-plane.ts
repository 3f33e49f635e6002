import { randomBytes } from "node:crypto";
import type { Cidr } from "../base/cidr.ts";
import { sameJson } from "../base/same-json.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { ListenerReport, Plane, PlaneReport, PlaneUpdate } from "../ir/plane.ts";
import type {
  GatewayKey,
  GatewayModel,
  Listener,
  ListenerKey,
  StreamListener,
  TlsListener,
} from "../ir/routing-model.ts";
import type { BoundListener } from "../ir/select.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { type ForwardedTrust, trustNobody } from "../wire/forwarded.ts";
import { defaultRequestLimits } from "../wire/http1/request-head.ts";
import { defaultResponseLimits } from "../wire/http1/response-head.ts";
import type { ClientCertificateForwarding } from "./client-certificate.ts";
import { ClusterSet } from "./cluster-set.ts";
import { Deadlines } from "./deadlines.ts";
import { defaultLimits, type ProxyLimits } from "./limits.ts";
import { PortListener } from "./listener/port-listener.ts";
import { type PlanePort, planPorts } from "./plan-ports.ts";
import type { OwnerSource, PlaneContext } from "./plane-context.ts";
import { PortModel } from "./port-model.ts";
import { RuleSet } from "./rule-set.ts";
import { minSessionKeyBytes, SessionTokens } from "./session-token.ts";
import { buildTcpStreams, buildTlsStreams, type PortStreams } from "./stream/port-streams.ts";
import { StreamRules } from "./stream/stream-route.ts";
import { buildUdpModel } from "./stream/udp-port.ts";
import { UdpPorts } from "./stream/udp-ports.ts";
import { TracingRegistry } from "./tracing/tracing-registry.ts";
import { type DescriptorOptions, Descriptors } from "./transport/descriptors.ts";
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
  /**
   * The port that clients use for a listener port, as redirects and X-Forwarded-Port show it: the listener's own when something
   * in front (a Service) leads from it to the bound port. Default `bound`.
   */
  readonly clientPort?: "listener" | "bound";
  /** An address of its own for a Gateway; `undefined`: `bind`. */
  readonly gatewayAddress?: (gateway: GatewayKey) => string | undefined;
  /**
   * Whether a Gateway that asks for addresses (`spec.addresses`) is bound to these instead. Not where something in front has
   * them, as a Service has. Default `ignored`.
   */
  readonly askedAddresses?: "bound" | "ignored";
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
  /** Of the process, which shares them with the plane. Default: without limit. */
  readonly descriptors?: DescriptorOptions;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Told of what never should happen; one request failed with 500. Default: nobody. */
  readonly onBug?: (error: unknown) => void;
};

/** Options that can change while a plane serves. */
export type PlaneReconfiguration = Pick<
  EmbeddedPlaneOptions,
  "trust" | "tenant" | "environment" | "forwardClientCertificate" | "sessionKey"
>;

const unlimited: DescriptorOptions = { limit: Number.POSITIVE_INFINITY, onShort() {}, onEnough() {} };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The data plane of this process: HTTP, HTTPS, TLS, TCP and UDP on sockets of its own. */
export class EmbeddedPlane implements Plane {
  readonly #options: EmbeddedPlaneOptions;
  readonly #context: Mutable<PlaneContext>;
  #sessionKey: Buffer;
  readonly #contexts = new SecureContextCache();
  #ports = new Map<string, PortListener>();
  #clusters = ClusterSet.empty;
  /** Of the `apply` that runs: what it has built must not be retired meanwhile. */
  #coming: ClusterSet | undefined;
  #rules = RuleSet.empty;
  /** Options have changed that what is built for rules and listeners holds: the next `apply` builds all of it anew. */
  #isReconfigured = false;
  #streamRules: StreamRules | undefined;
  readonly #udp: UdpPorts;
  /** Old listeners that finish what they do, and those of them that still have their sockets. */
  readonly #draining = new Set<Promise<void>>();
  readonly #stopping = new Set<Promise<void>>();
  /** Set by `updateEndpoints` since the last `apply` began. */
  #newerEndpoints: EndpointTable | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: EmbeddedPlaneOptions) {
    const limits: ProxyLimits = { ...defaultLimits, ...options.limits };
    const descriptors = new Descriptors(options.descriptors ?? unlimited);
    this.#options = options;
    this.#sessionKey = options.sessionKey ?? randomBytes(minSessionKeyBytes);
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
      registry: new EndpointRegistry({ guard: new AddressGuard(options.allowedUpstream), descriptors }),
      descriptors,
      random: options.random ?? Math.random,
      trust: options.trust ?? trustNobody,
      proxyProtocolFrom: options.proxyProtocolFrom ?? [],
      tenant: options.tenant ?? { header: "", label: "tenant" },
      environment: options.environment ?? { header: "", label: "environment" },
      ticketKeys: options.ticketKeys ?? new TicketKeys(),
      forwardClientCertificate: options.forwardClientCertificate ?? "off",
      publicPort: (port) => this.#publicPort(port),
      sessionTokens: new SessionTokens(this.#sessionKey),
      tracing: new TracingRegistry(),
      version: options.version ?? "unknown",
      onBug: options.onBug ?? (() => {}),
    };
    this.#udp = new UdpPorts(this.#context);
  }

  /**
   * Changes options; those that are absent stay. Holds for requests that begin after the next `apply`, at the latest. Not while
   * an `apply` runs.
   */
  reconfigure({ sessionKey, ...options }: PlaneReconfiguration): void {
    const { tenant, environment } = this.#context;
    Object.assign(this.#context, options);
    if (!sameJson([tenant, environment], [this.#context.tenant, this.#context.environment]))
      this.#isReconfigured = true;
    if (sessionKey === undefined || sessionKey.equals(this.#sessionKey)) return;
    this.#sessionKey = sessionKey;
    this.#context.sessionTokens = new SessionTokens(sessionKey);
    this.#isReconfigured = true;
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
    this.#turn = turn.then(
      () => {},
      () => {
        this.#coming = undefined;
        this.#clusters.forgetEndpoints();
        this.#keepUsedEndpoints();
      },
    );
    return turn;
  }

  updateEndpoints(endpoints: EndpointTable): void {
    this.#newerEndpoints = endpoints;
    if (this.#clusters.setEndpoints(endpoints, this.#context)) this.#keepUsedEndpoints();
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
    const fresh = this.#isReconfigured;
    const clusterSet = this.#clusters.next(routing.clusters, secrets, this.#context);
    const early = clusterSet.setEndpoints(endpoints, this.#context);
    // Clusters that both sets have are of this update now: what comes meanwhile is given to all.
    this.#clusters.forgetEndpoints();
    this.#coming = clusterSet;
    const { runtimes: clusters, replaced } = clusterSet;
    this.#context.tracing.apply(routing.gateways, clusters, this.#context);
    const rules = this.#rules.next(routing.gateways, { clusters, replaced, fresh }, this.#context);
    const streamRules = new StreamRules(clusters, this.#streamRules);

    const plan = planPorts(routing, (gateway) => this.#addressesOf(gateway));
    Object.assign(reports, plan.rejected);
    const unavailable = new Set<string>();
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
      const existing = this.#boundAt(port);
      const known = existing?.model;
      // A port that was for streams meanwhile has a model from before.
      const previous = !fresh && known?.rules === this.#rules ? known : undefined;
      const model = new PortModel({ bound, rules, clusters, certificates, streams, previous }, this.#context);
      const listener = existing ?? (await this.#open(port, model));
      for (const { listener: one } of bound) addReport(reports, one.key, this.#reportOf(port, listener));
      if (listener instanceof Error) {
        if (isUnavailable(listener)) unavailable.add(port.address);
        continue;
      }
      next.set(port.key, listener);
      if (existing !== undefined) models.push([existing, model]);
    }
    this.#contexts.prune();
    const udp = await this.#prepareUdp(plan.udpPorts, streamRules);
    for (const [key, report] of Object.entries(udp.reports)) addReport(reports, key, report);
    for (const address of udp.unavailable) unavailable.add(address);

    // From here on nothing waits: the swap is one step for every request.
    for (const [listener, model] of models) listener.swap(model);
    udp.commit();
    const gone = [...this.#ports]
      .filter(([key, listener]) => next.get(key) !== listener)
      .map(([, listener]) => listener);
    this.#ports = next;
    // Endpoints that came while sockets were opened are newer than those of this update.
    const late = clusterSet.setEndpoints(this.#newerEndpoints ?? endpoints, this.#context);
    for (const key of replaced) {
      const before = this.#clusters.runtimes.get(key);
      if (before !== undefined) clusters.get(key)?.replace(before);
    }
    this.#clusters = clusterSet;
    this.#coming = undefined;
    this.#rules = rules;
    if (fresh) this.#isReconfigured = false;
    this.#streamRules = streamRules;
    if (early || late || replaced.size > 0) this.#keepUsedEndpoints();
    for (const listener of gone) this.#retire(listener, this.#context.limits.drainTimeoutMs);
    return { generation, listeners: reports, addresses: this.#addresses(routing.gateways, unavailable) };
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
  ): Promise<{
    readonly reports: Record<ListenerKey, ListenerReport>;
    readonly unavailable: readonly string[];
    readonly commit: () => void;
  }> {
    const reports: Record<ListenerKey, ListenerReport> = {};
    const unavailable: string[] = [];
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
      for (const { listener } of port.bound) addReport(reports, listener.key, this.#reportOf(port, result));
      if (result instanceof Error && isUnavailable(result)) unavailable.push(port.address);
    }
    return { reports, unavailable, commit };
  }

  async #open(port: PlanePort, model: PortModel): Promise<PortListener | Error> {
    // One that is on its way out may still have the address.
    await Promise.all(this.#stopping);
    if (this.#closed) return new Error("the gateway is shutting down");
    return PortListener.open({ address: port.address, port: this.#portToBind(port.port) }, model, this.#context);
  }

  /** The socket that is open for a port of the plan, unless the port is now mapped to another. */
  #boundAt({ key, port }: PlanePort): PortListener | undefined {
    const listener = this.#ports.get(key);
    const wanted = this.#portToBind(port);
    return wanted === 0 || wanted === listener?.port ? listener : undefined;
  }

  #retire(listener: PortListener, deadlineMs: number): void {
    const { stopped, drained } = listener.drain(deadlineMs);
    hold(this.#stopping, stopped);
    hold(this.#draining, drained);
  }

  #keepUsedEndpoints(): void {
    const used = new Set<EndpointState>();
    for (const set of [this.#clusters, this.#coming]) {
      for (const cluster of set?.runtimes.values() ?? []) for (const endpoint of cluster.endpoints) used.add(endpoint);
    }
    this.#context.registry.keep(used);
  }

  #addressesOf({ key, addresses }: GatewayModel): readonly string[] {
    const { askedAddresses, gatewayAddress, bind = "127.0.0.1" } = this.#options;
    return askedAddresses === "bound" && addresses.length > 0 ? addresses : [gatewayAddress?.(key) ?? bind];
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
    if (this.#options.clientPort === "listener") return port;
    const mapped = this.#portToBind(port);
    return mapped === 0 ? (this.boundPort(port) ?? port) : mapped;
  }

  #addresses(
    gateways: readonly GatewayModel[],
    unavailable: ReadonlySet<string>,
  ): Record<GatewayKey, readonly string[]> {
    return Object.fromEntries(
      gateways.map((gateway) => [
        gateway.key,
        [...new Set(this.#addressesOf(gateway))].filter((address) => !unavailable.has(address)),
      ]),
    );
  }
}

/** Keeps a promise in the set until it settles. */
function hold(set: Set<Promise<void>>, promise: Promise<void>): void {
  const held = promise.finally(() => set.delete(held));
  set.add(held);
}

/** A listener has a socket at each address of its Gateway; it serves as it should when all of them do. */
function addReport(reports: Record<ListenerKey, ListenerReport>, key: ListenerKey, report: ListenerReport): void {
  const known = reports[key];
  if (known === undefined || known.state === "programmed") reports[key] = report;
}

function isUnavailable({ code }: NodeJS.ErrnoException): boolean {
  return code === "EADDRNOTAVAIL";
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
