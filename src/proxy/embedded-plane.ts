import { randomBytes } from "node:crypto";
import { sameJson } from "../base/same-json.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { ListenerReport, Plane, PlaneReport, PlaneUpdate } from "../ir/plane.ts";
import type { GatewayKey, GatewayModel, Listener, ListenerKey, StreamListener } from "../ir/routing-model.ts";
import type { BoundListener } from "../ir/select.ts";
import type { UpstreamReport } from "../ir/upstream-report.ts";
import { ClusterSet } from "./cluster-set.ts";
import { createPlaneContext } from "./create-plane-context.ts";
import type { EmbeddedPlaneOptions, PlaneReconfiguration } from "./embedded-plane-options.ts";
import { PortListener } from "./listener/port-listener.ts";
import { type PlanePort, planPorts } from "./plan-ports.ts";
import type { PlaneContext } from "./plane-context.ts";
import { PortModel } from "./port-model.ts";
import { addReport, isUnavailable, portReport } from "./port-report.ts";
import { RuleSet } from "./rule-set.ts";
import { minSessionKeyBytes } from "./session-key.ts";
import { buildPortStreams } from "./stream/port-streams.ts";
import { StreamRules } from "./stream/stream-route.ts";
import { buildUdpModel } from "./stream/udp-port.ts";
import { UdpPorts } from "./stream/udp-ports.ts";
import { type ListenerCertificates, SecureContextCache } from "./transport/server-tls.ts";
import type { EndpointState } from "./upstream/endpoint-state.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The data plane of this process: HTTP, HTTPS, TLS, TCP and UDP on sockets of its own. */
export class EmbeddedPlane implements Plane {
  readonly #options: EmbeddedPlaneOptions;
  readonly #context: Mutable<PlaneContext>;
  readonly #contexts = new SecureContextCache();
  #ports = new Map<string, PortListener>();
  #clusters = ClusterSet.empty;
  /** Of the `apply` that runs: what it has built must not be retired meanwhile. */
  #coming: ClusterSet | undefined;
  /** Sockets that the `apply` that runs has opened: none of them may stay when it fails. */
  #opened: PortListener[] = [];
  #rules = RuleSet.empty;
  /** Of the rules. */
  #secrets: PlaneUpdate["secrets"] | undefined;
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
    this.#options = options;
    this.#context = createPlaneContext(options, {
      signingKey: options.sessionKey ?? randomBytes(minSessionKeyBytes),
      publicPort: (port) => this.#publicPort(port),
    });
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
    if (sessionKey === undefined || sessionKey.equals(this.#context.signingKey)) return;
    this.#context.signingKey = sessionKey;
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
        for (const listener of this.#opened) this.#retire(listener, 0);
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

  upstreams(): readonly UpstreamReport[] {
    const nowMs = performance.now();
    return [...this.#clusters.runtimes.values()].flatMap(({ cluster, traffic }) => {
      const { key, namespace, name, port } = cluster;
      return traffic === undefined ? [] : [{ cluster: key, namespace, name, port, ...traffic.report(nowMs) }];
    });
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#closed = true;
    await this.#turn;
    for (const listener of this.#ports.values()) this.#retire(listener, deadlineMs);
    this.#ports = new Map();
    await Promise.all([...this.#draining, this.#udp.drain(deadlineMs)]);
    await this.#context.tracing.close(Math.min(deadlineMs, this.#context.limits.spanExportTimeoutMs));
    this.#context.redis.close();
    this.#context.registry.closeAll();
  }

  async #apply({ generation, routing, endpoints, secrets }: PlaneUpdate): Promise<PlaneReport> {
    const reports: Record<ListenerKey, ListenerReport> = {};
    this.#newerEndpoints = undefined;
    this.#opened = [];
    const fresh = this.#isReconfigured;
    const clusterSet = this.#clusters.next(routing.clusters, secrets, this.#context);
    const early = clusterSet.setEndpoints(endpoints, this.#context);
    // Clusters that both sets have are of this update now: what comes meanwhile is given to all.
    this.#clusters.forgetEndpoints();
    this.#coming = clusterSet;
    const { runtimes: clusters, replaced } = clusterSet;
    this.#context.tracing.apply(routing.gateways, clusters, this.#context);
    const tables = { clusters, secrets };
    const keepsTables = replaced.size === 0 && secrets === this.#secrets;
    const rules = this.#rules.next(routing.gateways, {
      tables,
      context: this.#context,
      keepsFilters: !fresh,
      keepsTables,
    });
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
      const streams = buildPortStreams(bound, { rules: streamRules, certificates }, this.#context);
      const existing = this.#boundAt(port);
      const known = existing?.model;
      // A port that was for streams meanwhile has a model from before.
      const keepsPrevious = !fresh && known?.rules === this.#rules;
      const parts = { bound, rules, tables, certificates, streams, previous: known, keepsPrevious };
      const model = new PortModel(parts, this.#context);
      const listener = existing ?? (await this.#open(port, model));
      for (const { listener: one } of bound)
        addReport(reports, one.key, portReport(port, this.#portToBind(port.port), listener));
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
    this.#opened = [];
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
    this.#secrets = secrets;
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
      for (const { listener } of port.bound)
        addReport(reports, listener.key, portReport(port, this.#portToBind(port.port), result));
      if (result instanceof Error && isUnavailable(result)) unavailable.push(port.address);
    }
    return { reports, unavailable, commit };
  }

  async #open(port: PlanePort, model: PortModel): Promise<PortListener | Error> {
    // One that is on its way out may still have the address.
    await Promise.all(this.#stopping);
    if (this.#closed) return new Error("the gateway is shutting down");
    const at = { address: port.address, port: this.#portToBind(port.port) };
    const opened = await PortListener.open(at, model);
    if (opened instanceof PortListener) this.#opened.push(opened);
    return opened;
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
