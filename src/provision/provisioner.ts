import { canonicalJson } from "../base/canonical-json.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Finding } from "../finding/finding.ts";
import type { DataPlane, DataPlaneKey, GatewayProvision } from "../infrastructure/data-plane.ts";
import type { GatewayKey } from "../ir/routing-model.ts";
import { type PlaneProvision, planeProvision } from "./gateway-provision.ts";
import type { ObjectKey } from "./managed-object.ts";
import { PlaneReconciler, type ReconcilerOptions } from "./plane-reconciler.ts";
import type { ProvisionFailure } from "./provision-failure.ts";
import { provisionFindings, refusalFindings } from "./provision-findings.ts";

export type ProvisionerOptions = ReconcilerOptions & {
  /** Tell the routability of addresses: where the installed API has the field (GEP-5093). */
  readonly routability: boolean;
  /** From 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
};

/** How often certificates are looked at, and how long ago objects were written. */
const roundMs = 60_000;
const retry = { baseMs: 1000, capMs: 60_000 } as const;
/** Data planes that are written at the same time. */
const concurrency = 4;

type Work = {
  /** `undefined`: nothing wants it any more. */
  plane: DataPlane | undefined;
  /** Of the plane, to see whether it has changed. */
  text: string;
  isDirty: boolean;
  /** What is wanted, or what is there, has changed: it comes before those that are only looked after. */
  isUrgent: boolean;
  isBusy: boolean;
  /** On the clock that never goes back. */
  notBeforeMs: number;
  attempts: number;
  failures: ReadonlyMap<ObjectKey, ProvisionFailure>;
  provision: PlaneProvision;
  /** What has been told of it. */
  told: string;
};

/**
 * Makes what the data planes consist of, keeps it so, takes away what is no longer wanted, and tells what came of it.
 * It acts on differences between what is wanted and what is there, so it may be stopped and begun anew at any time.
 */
export class Provisioner {
  readonly #options: ProvisionerOptions;
  readonly #clock: Clock;
  readonly #reconciler: PlaneReconciler;
  readonly #works = new Map<DataPlaneKey, Work>();
  readonly #listeners = new Set<() => void>();
  readonly #closing = new AbortController();
  readonly #unsubscribes: readonly (() => void)[];
  readonly #running = new Set<Promise<void>>();
  readonly #waiters = new Set<() => void>();
  #planes: readonly DataPlane[] | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastRoundMs: number;
  #isChanged = false;

  constructor(options: ProvisionerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#lastRoundMs = this.#clock.monotonicMs();
    this.#reconciler = new PlaneReconciler(options);
    this.#unsubscribes = [
      options.live.subscribe((plane) => this.#onLive(plane)),
      options.client.onReachable(() => this.#retryNow()),
    ];
  }

  /** What became of each Gateway. Empty until {@link isReady}. */
  get rows(): Readonly<Record<GatewayKey, GatewayProvision>> {
    const rows: Record<GatewayKey, GatewayProvision> = {};
    for (const { provision } of this.#works.values()) {
      for (const row of provision.rows) rows[row.gateway.key] = row.provision;
    }
    return rows;
  }

  get findings(): readonly Finding[] {
    const ofPlanes = [...this.#works.values()].flatMap(({ provision }) =>
      provision.rows.flatMap((row) => provisionFindings(row.gateway, row.provision, provision.failures)),
    );
    return [...refusalFindings(this.#options.live.refusals), ...ofPlanes];
  }

  /** What is wanted and what is there are both known. Statuses of Gateways should not be written before. */
  get isReady(): boolean {
    return this.#planes !== undefined && this.#options.live.synced;
  }

  /** Calls `listener` when rows or findings have changed, or it has become ready. Returns what takes it off again. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * What is wanted from now on: all of it, also what has not changed. Objects of data planes that are not in it are deleted,
   * so it must come from a complete view of the cluster.
   */
  update(planes: readonly DataPlane[]): void {
    if (planes === this.#planes || this.#closing.signal.aborted) return;
    const isFirst = this.#planes === undefined;
    this.#planes = planes;
    const wanted = new Set(planes.map(({ key }) => key));
    for (const plane of planes) {
      const work = this.#workOf(plane.key);
      const text = canonicalJson(plane);
      if (work.text === text) continue;
      // After a start everything is looked after, and what changes meanwhile must not wait for all of that.
      Object.assign(work, { plane, text, notBeforeMs: 0, attempts: 0, isDirty: true, isUrgent: !isFirst });
    }
    for (const [key, work] of this.#works) {
      if (wanted.has(key) || work.plane === undefined) continue;
      Object.assign(work, {
        plane: undefined,
        text: "",
        notBeforeMs: 0,
        attempts: 0,
        isDirty: true,
        isUrgent: true,
        failures: new Map(),
      });
    }
    this.#isChanged ||= isFirst && this.isReady;
    this.#findOrphans();
    this.#refreshAll();
    this.#pump();
  }

  /** Looks at everything again: after becoming leader, or when the authority of certificates has changed. */
  wake(): void {
    for (const work of this.#works.values()) work.isDirty = true;
    this.#retryNow();
  }

  /** Resolves when nothing is left to do for now; what failed and waits for its next attempt does not count. */
  settled(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.add(resolve);
    return promise;
  }

  /** Stops; what is on its way is given up. The objects stay. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    await Promise.all(this.#running);
    this.#release();
  }

  #workOf(key: DataPlaneKey): Work {
    const known = this.#works.get(key);
    if (known) return known;
    const work: Work = {
      plane: undefined,
      text: "",
      isDirty: true,
      isUrgent: false,
      isBusy: false,
      notBeforeMs: 0,
      attempts: 0,
      failures: new Map(),
      provision: { rows: [], failures: [] },
      told: "",
    };
    this.#works.set(key, work);
    return work;
  }

  #onLive(plane: DataPlaneKey | undefined): void {
    if (this.#closing.signal.aborted) return;
    if (plane === undefined) {
      this.#isChanged = true;
      this.#findOrphans();
      this.#refreshAll();
    } else if (this.isReady) {
      Object.assign(this.#workOf(plane), { isDirty: true, isUrgent: true });
      this.#refresh(plane);
    }
    this.#pump();
  }

  /** Data planes that nothing wants and that there are objects of, as of Gateways that went while no controller ran. */
  #findOrphans(): void {
    if (this.isReady) for (const key of this.#options.live.planes()) this.#workOf(key);
  }

  /** Begins what is due, says when to look again, and tells what has changed. */
  #pump(): void {
    if (this.#closing.signal.aborted) return;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastRoundMs >= roundMs) {
      this.#lastRoundMs = nowMs;
      for (const work of this.#works.values()) work.isDirty = true;
    }
    if (this.isReady && this.#options.isLeading()) {
      for (const isUrgent of [true, false]) this.#beginDue(isUrgent, nowMs);
    }
    this.#schedule(nowMs);
    if (this.#isIdle()) this.#release();
    if (!this.#isChanged) return;
    this.#isChanged = false;
    for (const listener of this.#listeners) listener();
  }

  #beginDue(isUrgent: boolean, nowMs: number): void {
    for (const [key, work] of this.#works) {
      if (this.#running.size >= concurrency) return;
      const isDue = work.isDirty && !work.isBusy && work.notBeforeMs <= nowMs;
      if (isDue && work.isUrgent === isUrgent) this.#begin(key, work);
    }
  }

  #begin(key: DataPlaneKey, work: Work): void {
    work.isDirty = false;
    work.isUrgent = false;
    work.isBusy = true;
    const run = this.#attempt(key, work).finally(() => {
      work.isBusy = false;
      this.#running.delete(run);
      this.#refresh(key);
      if (work.plane === undefined && !work.isDirty) this.#works.delete(key);
      this.#pump();
    });
    this.#running.add(run);
  }

  /** Never rejects. */
  async #attempt(key: DataPlaneKey, work: Work): Promise<void> {
    const { plane } = work;
    if (plane?.state === "kept") return;
    const { signal } = this.#closing;
    try {
      // While it is not known what a Gateway wants, it may be what is shared.
      const isUnsure = this.#planes?.some(({ state }) => state === "kept") === true;
      const { isDone, failures, retryAfterMs } =
        plane === undefined
          ? await this.#reconciler.remove(key, isUnsure ? "owned" : "all", signal)
          : await this.#reconciler.provide(plane, signal);
      if (work.plane !== plane) return;
      work.failures = failures;
      if (isDone) work.attempts = 0;
      else this.#retryLater(work, retryAfterMs);
    } catch (error) {
      if (signal.aborted) return;
      this.#options.onError?.(error, key);
      this.#retryLater(work, 0);
    }
  }

  /** What failed need not wait any longer. */
  #retryNow(): void {
    for (const work of this.#works.values()) Object.assign(work, { notBeforeMs: 0, attempts: 0 });
    this.#pump();
  }

  #retryLater(work: Work, retryAfterMs: number): void {
    const boundMs = Math.min(retry.capMs, retry.baseMs * 2 ** Math.min(work.attempts, 16));
    const random = this.#options.random ?? Math.random;
    work.attempts += 1;
    work.isDirty = true;
    work.notBeforeMs = this.#clock.monotonicMs() + retryAfterMs + boundMs * (0.5 + random() / 2);
  }

  #refreshAll(): void {
    for (const key of this.#works.keys()) this.#refresh(key);
  }

  /** Brings the rows of a data plane up to date. */
  #refresh(key: DataPlaneKey): void {
    const work = this.#works.get(key);
    if (work === undefined || !this.isReady) return;
    const { plane, failures } = work;
    const { live, routability } = this.#options;
    const state = { live: live.ofPlane(key), failures, nowMs: this.#clock.nowMs() };
    const provision: PlaneProvision = plane === undefined ? { rows: [], failures: [] } : planeProvision(plane, state);
    work.provision = routability ? provision : { ...provision, rows: provision.rows.map(withoutRoutability) };
    const told = canonicalJson([work.provision.rows, work.provision.failures]);
    if (told === work.told) return;
    work.told = told;
    this.#isChanged = true;
  }

  #schedule(nowMs: number): void {
    clearTimeout(this.#timer);
    const wallMs = this.#clock.nowMs();
    let waitMs = this.#lastRoundMs + roundMs - nowMs;
    for (const { isDirty, isBusy, notBeforeMs, provision } of this.#works.values()) {
      if (isDirty && !isBusy && notBeforeMs > nowMs) waitMs = Math.min(waitMs, notBeforeMs - nowMs);
      if (provision.untilMs !== undefined) waitMs = Math.min(waitMs, provision.untilMs - wallMs);
    }
    this.#timer = setTimeout(() => {
      this.#refreshAll();
      this.#pump();
    }, Math.max(0, waitMs) + 1);
    this.#timer.unref();
  }

  #isIdle(): boolean {
    if (this.#running.size > 0) return false;
    if (!this.isReady || !this.#options.isLeading()) return true;
    const nowMs = this.#clock.monotonicMs();
    return [...this.#works.values()].every(({ isDirty, notBeforeMs }) => !isDirty || notBeforeMs > nowMs);
  }

  #release(): void {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }
}

function withoutRoutability(row: PlaneProvision["rows"][number]): PlaneProvision["rows"][number] {
  const { assigned: _, ...provision } = row.provision;
  const addresses = provision.addresses.map(({ type, value }) => ({ type, value }));
  return { ...row, provision: { ...provision, addresses } };
}
