import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { ListenerReport, Plane, PlaneReport, PlaneUpdate } from "../ir/plane.ts";
import type { GatewayKey, HttpListener, ListenerKey } from "../ir/routing-model.ts";
import type { BoundListener } from "../ir/select.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { type ForwardedTrust, trustNobody } from "../wire/forwarded.ts";
import { defaultRequestLimits } from "../wire/http1/request-head.ts";
import { defaultResponseLimits } from "../wire/http1/response-head.ts";
import { ClusterRuntime } from "./cluster-runtime.ts";
import { Deadlines } from "./deadlines.ts";
import { defaultLimits, type ProxyLimits } from "./limits.ts";
import { PortListener } from "./listener/port-listener.ts";
import { type PlanePort, planPorts } from "./plan-ports.ts";
import type { OwnerSource, PlaneContext } from "./plane-context.ts";
import { buildRules, PortModel } from "./port-model.ts";
import type { RuleRuntime } from "./route-runtime.ts";
import { type ListenerCertificates, SecureContextCache } from "./transport/server-tls.ts";
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
  /** Defaults: the label `tenant`, and `environment`; no header. */
  readonly tenant?: OwnerSource;
  readonly environment?: OwnerSource;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Told of what never should happen; one request failed with 500. Default: nobody. */
  readonly onBug?: (error: unknown) => void;
};

/** The data plane of this process: HTTP and HTTPS on sockets of its own. */
export class EmbeddedPlane implements Plane {
  readonly #options: EmbeddedPlaneOptions;
  readonly #context: PlaneContext;
  readonly #contexts = new SecureContextCache();
  #ports = new Map<string, PortListener>();
  #clusters = new Map<string, ClusterRuntime>();
  #rules: ReadonlyMap<string, RuleRuntime> = new Map();
  /** Old listeners that finish what they do. */
  readonly #draining = new Set<Promise<void>>();
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
      },
      responseLimits: { ...defaultResponseLimits, maxHeadBytes: limits.responseHeadBytes },
      deadlines: new Deadlines(limits.tickMs),
      telemetry: options.telemetry,
      registry: new EndpointRegistry(),
      random: options.random ?? Math.random,
      trust: options.trust ?? trustNobody,
      tenant: options.tenant ?? { header: "", label: "tenant" },
      environment: options.environment ?? { header: "", label: "environment" },
      publicPort: (port) => this.#publicPort(port),
      onBug: options.onBug ?? (() => {}),
    };
  }

  /** The port bound for a listener port; differs from `mapPort` when that says 0. `undefined`: not bound. */
  boundPort(listenerPort: number): number | undefined {
    for (const listener of this.#ports.values()) if (listener.model.port === listenerPort) return listener.port;
    return undefined;
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
    for (const cluster of this.#clusters.values()) cluster.setEndpoints(endpoints, this.#context.registry);
    this.#keepUsedEndpoints();
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#closed = true;
    await this.#turn;
    for (const listener of this.#ports.values()) this.#retire(listener, deadlineMs);
    this.#ports = new Map();
    await Promise.all(this.#draining);
    this.#context.registry.closeAll();
  }

  async #apply({ generation, routing, endpoints, secrets }: PlaneUpdate): Promise<PlaneReport> {
    const reports: Record<ListenerKey, ListenerReport> = {};
    const clusters = new Map<string, ClusterRuntime>();
    for (const cluster of Object.values(routing.clusters)) {
      const runtime = new ClusterRuntime(cluster, secrets, this.#context);
      runtime.setEndpoints(endpoints, this.#context.registry);
      clusters.set(cluster.key, runtime);
    }
    const rules = buildRules(routing, clusters, this.#context);
    for (const [key, rule] of rules.byKey) {
      const previous = this.#rules.get(key);
      if (previous !== undefined) rule.choice.resumeFrom(previous.choice);
    }

    const plan = planPorts(routing, (gateway) => this.#addressOf(gateway));
    Object.assign(reports, plan.rejected);
    const next = new Map<string, PortListener>();
    const models: [PortListener, PortModel][] = [];
    for (const port of plan.ports) {
      const certificates = new Map<HttpListener, ListenerCertificates>();
      const bound = port.bound.filter((one) => {
        const problem = this.#readCertificates(one, certificates, secrets);
        if (problem !== undefined) reports[one.listener.key] = { state: "failed", message: problem };
        return problem === undefined;
      });
      if (bound.length === 0) continue;
      const model = new PortModel({ bound, rules: rules.byRule, certificates }, this.#context);
      const existing = this.#ports.get(port.key);
      const listener = existing ?? (await this.#open(port, model));
      for (const { listener: one } of bound) reports[one.key] = this.#reportOf(port, listener);
      if (listener instanceof Error) continue;
      next.set(port.key, listener);
      if (existing !== undefined) models.push([existing, model]);
    }
    this.#contexts.prune();

    // From here on nothing waits: the swap is one step for every request.
    for (const [listener, model] of models) listener.swap(model);
    const gone = [...this.#ports].filter(([key]) => !next.has(key)).map(([, listener]) => listener);
    this.#ports = next;
    this.#clusters = clusters;
    this.#rules = rules.byKey;
    this.#keepUsedEndpoints();
    for (const listener of gone) this.#retire(listener, this.#context.limits.drainTimeoutMs);
    return { generation, listeners: reports, addresses: this.#addresses(routing.gateways.map(({ key }) => key)) };
  }

  #readCertificates(
    { listener }: BoundListener<HttpListener>,
    certificates: Map<HttpListener, ListenerCertificates>,
    secrets: PlaneUpdate["secrets"],
  ): string | undefined {
    if (listener.tls === undefined) return undefined;
    const built = this.#contexts.build(listener.tls, secrets);
    if (built instanceof Error) return `The listener's TLS cannot be set up: ${built.message}.`;
    certificates.set(listener, built);
    return undefined;
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

  #reportOf(port: PlanePort, listener: PortListener | Error): ListenerReport {
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
