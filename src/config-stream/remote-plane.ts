import { type Clock, systemClock } from "../base/clock.ts";
import { sameJson } from "../base/same-json.ts";
import type { DataPlaneKey } from "../infrastructure/data-plane.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { ListenerReport, Plane, PlaneReport, PlaneUpdate } from "../ir/plane.ts";
import type { GatewayKey, Listener, ListenerKey } from "../ir/routing-model.ts";
import type { Logger } from "../telemetry/log.ts";
import { hasAnswered, listenerRow } from "./listener-rows.ts";
import type { PlaneKeys } from "./plane-keys.ts";
import type { PlaneSettings, PlaneState } from "./protocol.ts";
import type { ConnectedProxy } from "./proxy-connection.ts";
import type { StreamServer } from "./stream-server.ts";
import { type UpdatePart, UpdateSplitter } from "./update-splitter.ts";

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
  readonly log: Logger;
  readonly clock?: Clock;
};

/** A proxy that is connected and does not say what became of its listeners. */
export type LateProxy = Pick<ConnectedProxy, "dataPlane" | "proxy">;

type KnownListener = {
  readonly hash: string;
  /** Since when it has this hash, on the clock that never goes back. */
  readonly sinceMs: number;
  /** Once it was programmed with this hash. */
  readonly row?: ListenerReport;
};

/** How often keys are looked at, which change with time alone. */
const refreshMs = 30 * 60_000;
/** How long a proxy may take to confirm a listener before the others count without it. */
const patienceMs = 30_000;

/**
 * The data planes that are fed over the configuration stream, as one plane. It never waits for a proxy: a listener that is new
 * or changed has no row in the report until every connected proxy of its data plane has confirmed it, which `subscribe` tells.
 * A proxy that does not within {@link patienceMs} is told of by name and no longer waited for where another has confirmed.
 * A listener that was confirmed and did not change since stays so while proxies come and go.
 */
export class RemotePlane implements Plane {
  readonly #options: RemotePlaneOptions;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #isDrained = false;
  #generation = 0;
  readonly #splitter: UpdateSplitter;
  #parts: ReadonlyMap<DataPlaneKey, UpdatePart> = new Map();
  /** What was published last, with the part that it was made of. */
  #published: ReadonlyMap<DataPlaneKey, { readonly part: UpdatePart; readonly state: PlaneState }> = new Map();
  #report: PlaneReport = { generation: 0, listeners: {}, addresses: {} };
  #known: ReadonlyMap<ListenerKey, KnownListener> = new Map();
  #late: ReadonlyMap<string, LateProxy> = new Map();
  /** When the next proxy would be late. */
  #patience: NodeJS.Timeout | undefined;

  constructor(options: RemotePlaneOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#splitter = new UpdateSplitter(options.dataPlaneOf ?? ((gateway) => gateway));
    this.#unsubscribe = options.server.subscribe(() => this.#compare());
    this.#timer = setInterval(() => this.refresh(), refreshMs);
    this.#timer.unref();
  }

  async apply(update: PlaneUpdate): Promise<PlaneReport> {
    this.#generation = update.generation;
    this.#parts = this.#splitter.split(update);
    this.#publish();
    this.#report = this.#makeReport();
    return this.#report;
  }

  updateEndpoints(endpoints: EndpointTable): void {
    this.#parts = this.#splitter.withEndpoints(endpoints);
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

  /** Proxies that are connected and have not confirmed a listener in time. */
  get late(): readonly LateProxy[] {
    return [...this.#late.values()];
  }

  /** Calls `listener` when the report, or what is late, has changed. Returns what takes it off again. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the streams. The proxies go on serving: they are drained by whoever ends their pods. */
  async drain(): Promise<void> {
    this.#isDrained = true;
    this.#unsubscribe();
    clearInterval(this.#timer);
    clearTimeout(this.#patience);
    this.#options.server.stopServing();
  }

  #publish(): void {
    const { server, settings, keys } = this.#options;
    const nowMs = this.#clock.nowMs();
    const published = new Map<DataPlaneKey, { readonly part: UpdatePart; readonly state: PlaneState }>();
    for (const [dataPlane, part] of this.#parts) {
      const before = this.#published.get(dataPlane);
      const wanted = settings?.(dataPlane) ?? {};
      const given = keys?.(dataPlane, nowMs);
      const same =
        before?.part === part && sameJson(before.state.settings, wanted) && sameJson(before.state.keys, given);
      const state = same ? before.state : { ...part, settings: wanted, ...(given ? { keys: given } : {}) };
      published.set(dataPlane, { part, state });
      if (!same) server.publish(dataPlane, state);
    }
    this.#published = published;
    server.retain(new Set(this.#parts.keys()));
  }

  #compare(): void {
    const late = this.#late;
    const report = this.#makeReport();
    if (sameJson(report, this.#report) && sameJson([...late.keys()], [...this.#late.keys()])) return;
    this.#report = report;
    for (const listener of this.#listeners) listener();
  }

  #makeReport(): PlaneReport {
    const nowMs = this.#clock.monotonicMs();
    const proxies = Map.groupBy(this.#options.server.proxies(), ({ dataPlane }) => dataPlane);
    const rows: Record<ListenerKey, ListenerReport> = {};
    const addresses: Record<GatewayKey, readonly string[]> = {};
    const known = new Map<ListenerKey, KnownListener>();
    const late = new Map<string, LateProxy>();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [dataPlane, { routing }] of this.#parts) {
      const connected = proxies.get(dataPlane) ?? [];
      for (const gateway of routing.gateways) {
        addresses[gateway.key] = this.#options.addresses(gateway.key);
        for (const listener of gateway.listeners) {
          const before = this.#knownOf(listener, nowMs);
          const counted = connected.filter((proxy) => {
            if (hasAnswered(proxy, listener)) return true;
            const lateMs = Math.max(before.sinceMs, proxy.sinceMs) + patienceMs;
            if (lateMs <= nowMs) late.set(`${dataPlane} ${proxy.proxy}`, { dataPlane, proxy: proxy.proxy });
            else nextMs = Math.min(nextMs, lateMs);
            return lateMs > nowMs;
          });
          const row = listenerRow(listener, counted) ?? before.row;
          if (row !== undefined) rows[listener.key] = row;
          known.set(listener.key, row?.state === "programmed" ? { ...before, row } : withoutRow(before));
        }
      }
    }
    this.#known = known;
    this.#noteLate(late);
    this.#lookAgain(nextMs - nowMs);
    return { generation: this.#generation, listeners: rows, addresses };
  }

  #knownOf({ key, hash }: Listener, nowMs: number): KnownListener {
    const known = this.#known.get(key);
    return known?.hash === hash ? known : { hash, sinceMs: nowMs };
  }

  #noteLate(late: ReadonlyMap<string, LateProxy>): void {
    for (const [key, proxy] of late) {
      if (this.#late.has(key)) continue;
      const text = "A connected proxy has not reported the state of its listeners; it no longer counts.";
      this.#options.log.warn(text, { ...proxy, waitedMs: patienceMs });
    }
    this.#late = late;
  }

  #lookAgain(inMs: number): void {
    clearTimeout(this.#patience);
    if (!Number.isFinite(inMs) || this.#isDrained) return;
    this.#patience = setTimeout(() => this.#compare(), Math.ceil(inMs));
    this.#patience.unref();
  }
}

function withoutRow({ hash, sinceMs }: KnownListener): KnownListener {
  return { hash, sinceMs };
}
