import { type Clock, systemClock } from "../base/clock.ts";
import { sameJson } from "../base/same-json.ts";
import type { DataPlaneKey } from "../ir/data-plane.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { ListenerReport, Plane, PlaneReport, PlaneUpdate } from "../ir/plane.ts";
import type { GatewayKey, Listener, ListenerKey } from "../ir/routing-model.ts";
import { listenerRow } from "./listener-rows.ts";
import type { PlaneKeys } from "./plane-keys.ts";
import type { PlaneSettings } from "./protocol.ts";
import { splitUpdate, type UpdatePart, usedEndpoints } from "./split-update.ts";
import type { StreamServer } from "./stream-server.ts";

export type RemotePlaneOptions = {
  readonly server: Pick<StreamServer, "publish" | "retain" | "proxies" | "subscribe" | "stopServing">;
  /** The data plane that serves a Gateway. Default: one of its own, of the same namespace and name. */
  readonly dataPlaneOf?: (gateway: GatewayKey) => DataPlaneKey;
  /** Addresses under which clients reach a Gateway. */
  readonly addresses: (gateway: GatewayKey) => readonly string[];
  /** Default: what the proxies' flags say. */
  readonly settings?: (dataPlane: DataPlaneKey) => PlaneSettings;
  /** Default: proxies make their own, so that sessions hold at one of them only. */
  readonly keys?: (dataPlane: DataPlaneKey, nowMs: number) => PlaneKeys;
  readonly clock?: Clock;
};

type ConfirmedRow = { readonly hash: string; readonly row: ListenerReport };

/** How often keys are looked at, which change with time alone. */
const refreshMs = 30 * 60_000;

/**
 * The data planes that are fed over the configuration stream, as one plane. It never waits for a proxy: a listener that is new
 * or changed has no row in the report until every connected proxy of its data plane has confirmed it, which `subscribe` tells.
 * A listener that was confirmed and did not change since stays so while proxies come and go.
 */
export class RemotePlane implements Plane {
  readonly #options: RemotePlaneOptions;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #generation = 0;
  #parts: ReadonlyMap<DataPlaneKey, UpdatePart> = new Map();
  #report: PlaneReport = { generation: 0, listeners: {}, addresses: {} };
  /** What was programmed, with the hash that it had. */
  #confirmed: ReadonlyMap<ListenerKey, ConfirmedRow> = new Map();

  constructor(options: RemotePlaneOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#unsubscribe = options.server.subscribe(() => this.#compare());
    this.#timer = setInterval(() => this.refresh(), refreshMs);
    this.#timer.unref();
  }

  async apply(update: PlaneUpdate): Promise<PlaneReport> {
    this.#generation = update.generation;
    this.#parts = splitUpdate(update, this.#options.dataPlaneOf ?? ((gateway) => gateway));
    this.#publish();
    this.#report = this.#makeReport();
    return this.#report;
  }

  updateEndpoints(endpoints: EndpointTable): void {
    this.#parts = new Map(
      [...this.#parts].map(([key, part]) => [key, { ...part, endpoints: usedEndpoints(part.routing, endpoints) }]),
    );
    this.#publish();
  }

  /** Asks anew for settings, keys and addresses: they have changed, or may have. */
  refresh(): void {
    this.#publish();
    this.#compare();
  }

  report(): PlaneReport {
    return this.#report;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the streams. The proxies go on serving: they are drained by whoever ends their pods. */
  async drain(): Promise<void> {
    this.#unsubscribe();
    clearInterval(this.#timer);
    this.#options.server.stopServing();
  }

  #publish(): void {
    const { server, settings, keys } = this.#options;
    const nowMs = this.#clock.nowMs();
    for (const [dataPlane, part] of this.#parts) {
      server.publish(dataPlane, {
        ...part,
        settings: settings?.(dataPlane) ?? {},
        ...(keys ? { keys: keys(dataPlane, nowMs) } : {}),
      });
    }
    server.retain(new Set(this.#parts.keys()));
  }

  #compare(): void {
    const report = this.#makeReport();
    if (sameJson(report, this.#report)) return;
    this.#report = report;
    for (const listener of this.#listeners) listener();
  }

  #makeReport(): PlaneReport {
    const proxies = Map.groupBy(this.#options.server.proxies(), ({ dataPlane }) => dataPlane);
    const rows: Record<ListenerKey, ListenerReport> = {};
    const addresses: Record<GatewayKey, readonly string[]> = {};
    const confirmed = new Map<ListenerKey, ConfirmedRow>();
    for (const [dataPlane, { routing }] of this.#parts) {
      for (const gateway of routing.gateways) {
        addresses[gateway.key] = this.#options.addresses(gateway.key);
        for (const listener of gateway.listeners) {
          const row = listenerRow(listener, proxies.get(dataPlane) ?? []) ?? this.#earlierRow(listener);
          if (row === undefined) continue;
          rows[listener.key] = row;
          if (row.state === "programmed") confirmed.set(listener.key, { hash: listener.hash, row });
        }
      }
    }
    this.#confirmed = confirmed;
    return { generation: this.#generation, listeners: rows, addresses };
  }

  #earlierRow({ key, hash }: Listener): ListenerReport | undefined {
    const before = this.#confirmed.get(key);
    return before?.hash === hash ? before.row : undefined;
  }
}
