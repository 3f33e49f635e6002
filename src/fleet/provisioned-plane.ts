import { boundHost } from "../base/any-address.ts";
import { renderSocketAddress, type SocketAddress } from "../base/socket-address.ts";
import { reasonOf, UsageError } from "../base/usage-error.ts";
import { PlaneKeyRing } from "../config-stream/plane-keys.ts";
import { StreamServer } from "../config-stream/stream-server.ts";
import type { Finding } from "../finding/finding.ts";
import type { DataPlane, DataPlaneKey, GatewayProvision } from "../infrastructure/data-plane.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { Plane, PlaneReport, PlaneUpdate } from "../ir/plane.ts";
import type { GatewayKey, ListenerKey } from "../ir/routing-model.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import type { DeploymentOptions } from "../provision/deployment.ts";
import { keepRunning } from "../provision/keep-running.ts";
import { KeptSettings } from "../provision/kept-settings.ts";
import type { Provisioner } from "../provision/provisioner.ts";
import { streamSettings } from "../provision/proxy-arguments.ts";
import type { RunningTelemetry } from "../telemetry/create-telemetry.ts";
import type { Logger } from "../telemetry/log.ts";
import { lateProxyFindings } from "./late-proxy-findings.ts";
import { type OpenProvisioner, openProvisioner } from "./open-provisioner.ts";
import { RemotePlane } from "./remote-plane.ts";
import { StreamCertificates } from "./stream-certificates.ts";

/** The Service through which data planes reach the controllers. */
const streamService = "sluice-controller";
/** How long proxies may take to come back to a controller that has just begun to lead: some attempts of theirs, at least three. */
const reconnectMs = 10_000;
/** What is not known yet is told of after this. */
const patienceMs = 30_000;

export type ProvisionedPlaneOptions = {
  readonly client: KubeClient;
  readonly controllerName: string;
  /** The controller's. */
  readonly namespace: string;
  /** Where another replica leads, when it does and that is known. */
  readonly leaderAddress: () => string | undefined;
  /** In which data planes may be, the controller's among them; empty: all. */
  readonly namespaces: readonly string[];
  /** Where the configuration stream listens. */
  readonly stream: SocketAddress;
  /** How data planes reach it; default: through the Service. */
  readonly streamAddress: SocketAddress | undefined;
  readonly dataPlanes: Omit<DeploymentOptions, "controllerName" | "controllerAddress">;
  /** Whether the installed API has `status.addresses[].routability` (GEP-5093). */
  readonly routability: boolean;
  readonly telemetry: RunningTelemetry;
  readonly log: Logger;
};

/** The data planes that are made in the cluster and fed over the configuration stream, as one plane. */
export class ProvisionedPlane implements Plane, AsyncDisposable {
  readonly #server: StreamServer;
  readonly #certificates: StreamCertificates;
  readonly #remote: RemotePlane;
  readonly #opened: OpenProvisioner;
  readonly #provisioner: Provisioner;
  readonly #keys = new PlaneKeyRing();
  readonly #settings = new KeptSettings();
  readonly #log: Logger;
  #isLeading = false;
  #listeners: readonly ListenerKey[] = [];
  #planes: readonly DataPlane[] = [];
  #planeOf: ReadonlyMap<GatewayKey, DataPlane> = new Map();
  #byKey: ReadonlyMap<DataPlaneKey, DataPlane> = new Map();

  /** Rejects with a `KubeError` when the stream's authority cannot be had, and with a {@link UsageError} when it cannot listen. */
  static async open(options: ProvisionedPlaneOptions): Promise<ProvisionedPlane> {
    const service = { host: `${streamService}.${options.namespace}.svc`, port: options.stream.port };
    const address = options.streamAddress ?? service;
    let plane: ProvisionedPlane | undefined;
    const certificates = await StreamCertificates.open({
      client: options.client,
      namespace: options.namespace,
      dnsNames: [address.host],
      log: options.log,
      onChange: () => plane?.onCertificates(),
    });
    const server = new StreamServer({
      certificate: certificates.server,
      log: options.log,
      leaderAddress: options.leaderAddress,
    });
    try {
      await server.listen({ host: await boundHost(options.stream.host), port: options.stream.port });
    } catch (error) {
      certificates[Symbol.dispose]();
      throw new UsageError(
        `The configuration stream cannot listen on ${renderSocketAddress(options.stream)}: ${reasonOf(error)}. Give another address with --stream HOST:PORT.`,
      );
    }
    plane = new ProvisionedPlane({ ...options, streamAddress: address }, { server, certificates });
    return plane;
  }

  private constructor(
    options: ProvisionedPlaneOptions & { readonly streamAddress: SocketAddress },
    parts: { readonly server: StreamServer; readonly certificates: StreamCertificates },
  ) {
    const { client, log, telemetry } = options;
    this.#log = log;
    this.#server = parts.server;
    this.#certificates = parts.certificates;
    this.#opened = openProvisioner({
      client,
      namespaces: options.namespaces,
      authority: () => this.#certificates.authority,
      controllerName: options.controllerName,
      ...options.dataPlanes,
      controllerAddress: renderSocketAddress(options.streamAddress),
      routability: options.routability,
      isLeading: () => this.#isLeading,
      onError: (error, subject) => log.warn(`${subject} could not be written; retrying.`, { error }),
    });
    this.#provisioner = this.#opened.provisioner;
    this.#remote = new RemotePlane({
      log,
      server: parts.server,
      dataPlaneOf: (gateway) => this.#planeOf.get(gateway)?.key ?? gateway,
      addresses: (gateway) => this.#provisioner.rows[gateway]?.addresses.map(({ value }) => value) ?? [],
      settings: (key) => {
        const wanted = this.#byKey.get(key);
        return wanted ? streamSettings(wanted) : {};
      },
      keys: (key, nowMs) => this.#keys.keys(this.#certificates.authority.seed, key, nowMs),
    });
    this.#provisioner.subscribe(() => this.#remote.refresh());
    telemetry.registry.beforeScrape(() => {
      const proxies = Map.groupBy(this.#server.proxies(), ({ dataPlane }) => dataPlane);
      const rows = this.#planes.map(({ key }) => ({ labels: [key] as const, value: proxies.get(key)?.length ?? 0 }));
      telemetry.registry.replaceGauge("gateway_stream_proxies", rows);
    });
  }

  /** What became of each Gateway's data plane, for statuses. */
  get provision(): Readonly<Record<GatewayKey, GatewayProvision>> {
    return this.#provisioner.rows;
  }

  get findings(): readonly Finding[] {
    return [...this.#provisioner.findings, ...lateProxyFindings(this.#remote.late, this.#byKey)];
  }

  /**
   * Resolves when what is in the cluster is known and the proxies that were there have said what they serve, or have had
   * {@link reconnectMs} to: before that, statuses would say less than they did.
   */
  async ready(): Promise<void> {
    const waiting = setTimeout(() => {
      const text = "The resources of the data planes could not be read yet; until then, no statuses are written.";
      this.#log.warn(text, { event: "not-ready" });
    }, patienceMs);
    waiting.unref();
    await until(() => this.#provisioner.isReady, this.#provisioner);
    clearTimeout(waiting);
    await until(() => this.#isConfirmed(), this.#remote, reconnectMs);
  }

  #isConfirmed(): boolean {
    const { listeners } = this.#remote.report();
    return this.#listeners.every((key) => Object.hasOwn(listeners, key));
  }

  /** What has to run, before the routing that is compiled from the same objects is applied. */
  prepare(wanted: readonly DataPlane[]): void {
    const planes = keepRunning(wanted, this.#planes);
    this.#planes = planes;
    this.#byKey = new Map(planes.map((plane) => [plane.key, plane]));
    this.#keys.retain(this.#byKey);
    this.#planeOf = new Map(planes.flatMap((plane) => plane.gateways.map(({ key }) => [key, plane] as const)));
  }

  /** Begins to make data planes and to feed them: this replica leads. */
  startLeading(): void {
    this.#isLeading = true;
    this.#server.startServing();
    this.#provisioner.update(this.#planes);
    this.#provisioner.wake();
  }

  /** Leaves it to another replica. Proxies go on with what they have. */
  stopLeading(): void {
    this.#isLeading = false;
    this.#server.stopServing();
  }

  /** The stream's certificates have changed. */
  onCertificates(): void {
    this.#server.replaceCertificate(this.#certificates.server);
    this.#provisioner.wake();
  }

  async apply(update: PlaneUpdate): Promise<PlaneReport> {
    this.#listeners = update.routing.gateways.flatMap(({ listeners }) => listeners.map(({ key }) => key));
    this.#provisioner.update(this.#planes);
    const isKept = (gateway: GatewayKey) => this.#planeOf.get(gateway)?.state === "kept";
    return this.#remote.apply({ ...update, routing: this.#settings.apply(update.routing, isKept) });
  }

  updateEndpoints(endpoints: EndpointTable): void {
    this.#remote.updateEndpoints(endpoints);
  }

  report(): PlaneReport {
    return this.#remote.report();
  }

  subscribe(listener: () => void): () => void {
    const stops = [this.#remote.subscribe(listener), this.#provisioner.subscribe(listener)];
    return () => {
      for (const stop of stops) stop();
    };
  }

  async drain(): Promise<void> {
    await this.#remote.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#certificates[Symbol.dispose]();
    await Promise.all([this.#opened[Symbol.asyncDispose](), this.#server[Symbol.asyncDispose]()]);
  }
}

/** Resolves when the condition holds, which is looked at whenever the source tells; with `limitMs`, after that at the latest. */
async function until(
  condition: () => boolean,
  source: { subscribe(listener: () => void): () => void },
  limitMs?: number,
): Promise<void> {
  if (condition()) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = source.subscribe(() => {
    if (condition()) resolve();
  });
  const timer = limitMs === undefined ? undefined : setTimeout(resolve, limitMs).unref();
  await promise;
  stop();
  clearTimeout(timer);
}
