import type { Clock } from "../base/clock.ts";
import { sameJson } from "../base/same-json.ts";
import type { DataPlaneKey } from "../infrastructure/data-plane.ts";
import type { ListenerReport, PlaneReport } from "../ir/plane.ts";
import type { GatewayKey, Listener, ListenerKey, RoutingModel } from "../ir/routing-model.ts";
import type { Logger } from "../telemetry/log.ts";
import type { FleetMember } from "./fleet-member.ts";
import { hasAnswered, listenerRow } from "./listener-rows.ts";

/** A proxy that is connected and does not say what became of its listeners. */
export type LateProxy = Pick<FleetMember, "dataPlane" | "proxy">;

/** What the data planes are to serve. */
export type FleetTask = {
  readonly generation: number;
  readonly dataPlanes: ReadonlyMap<DataPlaneKey, { readonly routing: Pick<RoutingModel, "gateways"> }>;
};

export type FleetViewOptions = {
  /** Everybody who is connected now. */
  readonly members: () => readonly FleetMember[];
  /** Addresses under which clients reach a Gateway. */
  readonly addresses: (gateway: GatewayKey) => readonly string[];
  readonly log: Logger;
  readonly clock: Clock;
};

type KnownListener = {
  readonly hash: string;
  /** Since when it has this hash, on the clock that never goes back. */
  readonly sinceMs: number;
  /** Once it was programmed with this hash. */
  readonly row?: ListenerReport;
};

/** How long a proxy may take to confirm a listener before the others count without it. */
const patienceMs = 30_000;

/**
 * Joins what the proxies of several data planes say of their listeners into one report. It never waits for a proxy: a listener
 * that is new or changed has no row until every connected proxy of its data plane has confirmed it, which `subscribe` tells.
 * A proxy that does not within {@link patienceMs} is told of by name and no longer waited for where another has confirmed.
 * A listener that was confirmed and did not change since stays so while proxies come and go.
 */
export class FleetView implements Disposable {
  readonly #options: FleetViewOptions;
  readonly #listeners = new Set<() => void>();
  #task: FleetTask = { generation: 0, dataPlanes: new Map() };
  #report: PlaneReport = { generation: 0, listeners: {}, addresses: {} };
  #known: ReadonlyMap<ListenerKey, KnownListener> = new Map();
  #late: ReadonlyMap<string, LateProxy> = new Map();
  /** When the next proxy would be late. */
  #patience: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(options: FleetViewOptions) {
    this.#options = options;
  }

  /** Takes what is to be served from now on. Returns the report at once, and tells nobody. */
  expect(task: FleetTask): PlaneReport {
    this.#task = task;
    this.#report = this.#makeReport();
    return this.#report;
  }

  get report(): PlaneReport {
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

  /** Looks anew: a member, or an address, may have changed. */
  look(): void {
    const late = this.#late;
    const report = this.#makeReport();
    if (sameJson(report, this.#report) && sameJson([...late.keys()], [...this.#late.keys()])) return;
    this.#report = report;
    for (const listener of this.#listeners) listener();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#patience);
  }

  #makeReport(): PlaneReport {
    const nowMs = this.#options.clock.monotonicMs();
    const proxies = Map.groupBy(this.#options.members(), ({ dataPlane }) => dataPlane);
    const rows: Record<ListenerKey, ListenerReport> = {};
    const addresses: Record<GatewayKey, readonly string[]> = {};
    const known = new Map<ListenerKey, KnownListener>();
    const late = new Map<string, LateProxy>();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [dataPlane, { routing }] of this.#task.dataPlanes) {
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
    return { generation: this.#task.generation, listeners: rows, addresses };
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
    if (!Number.isFinite(inMs) || this.#isDisposed) return;
    this.#patience = setTimeout(() => this.look(), Math.ceil(inMs));
    this.#patience.unref();
  }
}

function withoutRow({ hash, sinceMs }: KnownListener): KnownListener {
  return { hash, sinceMs };
}
