import { randomUUID } from "node:crypto";
import { canonicalJson } from "../base/canonical-json.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { type KubeClient, KubeError, type KubeObject } from "./kube-client.ts";
import {
  type LeaseRecord,
  leaseMetadata,
  leasePath,
  leaseSpec,
  microTime,
  newLease,
  readLease,
  releasedSpec,
  termSpec,
} from "./lease.ts";

/** Where a candidate stands. `leader` is the identity of who leads, as far as it is known. */
export type LeaderState =
  | { readonly phase: "following"; readonly leader?: string }
  | { readonly phase: "leading" }
  | { readonly phase: "stopped" };

export type LeaderElectionOptions = {
  readonly client: KubeClient;
  /** Namespace of the Lease: the controller's own. */
  readonly namespace: string;
  /** Name of the Lease; candidates for the same leadership share it. */
  readonly name: string;
  /** Of this candidate, unlike all others, also of an earlier run of the same pod: see {@link leaderIdentity}. */
  readonly identity: string;
  /** `host:port` where the others send those who look for the leader; they read it in the Lease. Default: none. */
  readonly address?: string;
  /** Whether a holder is known to be gone: its Lease is then taken at once. Default: nothing is known. */
  readonly isGone?: (holder: string) => boolean;
  /** How long others leave the Lease alone after its last change. Default 10,000; whole seconds. */
  readonly leaseMs?: number;
  /** How often a leader renews. Default 2,000. */
  readonly renewMs?: number;
  /**
   * After this long without a renewal a leader stops leading, counted from when the last good request was sent. Default
   * 6,000; must be shorter than `leaseMs` by more than what clocks may drift apart in that time.
   */
  readonly giveUpMs?: number;
  /** How often those who do not lead look. Default 1,000; up to a fifth is added at random. */
  readonly retryMs?: number;
  /** What went wrong with a request, for the log. The election goes on. */
  readonly onError?: (error: unknown) => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** From 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
};

/** A name for this run of this pod. */
export function leaderIdentity(podName: string): string {
  return `${podName}_${randomUUID()}`;
}

/** Whether a holder was a run of this pod: an earlier one is gone, since a pod runs its container once at a time. */
export function isRunOf(podName: string, holder: string): boolean {
  return holder.slice(0, holder.lastIndexOf("_")) === podName;
}

/**
 * Elects one leader by a Lease, in the manner of client-go: a Lease may be taken when its record has not changed for its
 * duration as measured here, by a clock that cannot jump; the times written in it are for people. A leader counts its own
 * time from before its request, others from after they saw the change, so it has stopped before another can begin.
 *
 * With the defaults a leader that is killed is replaced within 13 seconds, one that stops within 2.
 */
export class LeaderElection {
  readonly #options: Required<Omit<LeaderElectionOptions, "onError" | "isGone" | "address">> &
    Pick<LeaderElectionOptions, "onError" | "isGone" | "address">;
  readonly #listeners = new Set<(state: LeaderState) => void>();
  readonly #stopping = new AbortController();
  #state: LeaderState = { phase: "following" };
  #lease: KubeObject | undefined;
  #observed: { readonly text: string; readonly record: LeaseRecord; readonly atMs: number } | undefined;
  #leadsUntilMs = 0;
  #deadline: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = {
      leaseMs: 10_000,
      renewMs: 2000,
      giveUpMs: 6000,
      retryMs: 1000,
      clock: systemClock,
      random: Math.random,
      ...options,
    };
    const { leaseMs, giveUpMs, renewMs } = this.#options;
    if (!(renewMs < giveUpMs && giveUpMs < leaseMs)) throw new RangeError("renewMs < giveUpMs < leaseMs must hold");
  }

  get state(): LeaderState {
    return this.#state;
  }

  /** True only while no other can lead: also right after the process was suspended, when timers have not fired yet. */
  get isLeading(): boolean {
    return this.#state.phase === "leading" && this.#options.clock.monotonicMs() < this.#leadsUntilMs;
  }

  /** Where another leads, as far as is known: it has renewed the Lease within the time in which a leader gives up. */
  get leaderAddress(): string | undefined {
    const { clock, giveUpMs } = this.#options;
    if (this.#state.phase !== "following" || this.#observed === undefined) return undefined;
    const { record, atMs } = this.#observed;
    return record.holder !== undefined && clock.monotonicMs() - atMs < giveUpMs ? record.address : undefined;
  }

  /** Calls `listener` whenever the state changes. Returns what takes it off again. */
  subscribe(listener: (state: LeaderState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to stand for election. Once. */
  start(): void {
    if (this.#stopping.signal.aborted) return;
    this.#running ??= this.#run();
  }

  /** Stops leading, tells the listeners, and then gives the Lease up so that another can lead at once. Never rejects. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#deadline);
    this.#setState({ phase: "stopped" });
    this.#stopping.abort();
    if (!this.#running) return;
    await this.#running;
    try {
      await this.#release();
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  async #run(): Promise<void> {
    const { renewMs, retryMs, random } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const isRenewed = await this.#round();
      const leftMs = this.#untilExpiryMs();
      const lookMs = retryMs * (1 + 0.2 * random());
      await this.#sleep(isRenewed ? renewMs : leftMs > 0 ? Math.min(lookMs, leftMs) : lookMs);
    }
  }

  /** One attempt to get or keep the Lease; true when we lead by it. */
  async #round(): Promise<boolean> {
    const sentMs = this.#options.clock.monotonicMs();
    try {
      const isOurs = this.#state.phase === "leading" ? await this.#renew() : await this.#tryAcquire();
      if (this.#stopping.signal.aborted) return false;
      if (isOurs) return this.#lead(sentMs);
      this.#follow();
      return false;
    } catch (error) {
      // Others may have changed it in between: the next round looks first.
      this.#lease = undefined;
      if (!this.#stopping.signal.aborted && !isConflict(error)) this.#options.onError?.(error);
      return false;
    }
  }

  /** Saves the look at the Lease while nobody else writes it. */
  async #renew(): Promise<boolean> {
    if (!this.#lease) return this.#tryAcquire();
    try {
      await this.#write(this.#lease);
      return true;
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
      return this.#tryAcquire();
    }
  }

  async #tryAcquire(): Promise<boolean> {
    const lease = await this.#read();
    // Whoever deletes the Lease does not depose the leader: it makes a new one within its time.
    if (!this.#mayTake()) return false;
    if (lease) await this.#write(lease);
    else await this.#create();
    return true;
  }

  #mayTake(): boolean {
    const holder = this.#observed?.record.holder;
    if (holder === undefined || holder === this.#options.identity) return true;
    return this.#options.isGone?.(holder) === true || this.#untilExpiryMs() <= 0;
  }

  /** Milliseconds until the record that was seen last is void; infinite when there is none. */
  #untilExpiryMs(): number {
    if (!this.#observed) return Number.POSITIVE_INFINITY;
    const { record, atMs } = this.#observed;
    return atMs + (record.durationMs ?? this.#options.leaseMs) - this.#options.clock.monotonicMs();
  }

  async #read(): Promise<KubeObject | undefined> {
    try {
      const { client, namespace, name } = this.#options;
      const lease = await this.#within((signal) => client.get(leasePath(namespace, name), signal));
      this.#observe(lease);
      return lease;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return undefined;
    }
  }

  async #create(): Promise<void> {
    const { client, clock, identity: holder, leaseMs: durationMs, namespace, name } = this.#options;
    const nowMs = clock.nowMs();
    const transitions = this.#observed ? this.#observed.record.transitions + 1 : 0;
    const spec = termSpec({ holder, durationMs, transitions, acquireTime: microTime(nowMs) }, nowMs);
    const { name: _, ...path } = leasePath(namespace, name);
    const lease = newLease({ namespace, name, address: this.#options.address }, spec);
    this.#observe(await this.#within((signal) => client.create(path, lease, signal)));
  }

  /** Writes our claim over `lease`; rejects with 409 when it is not the newest. */
  async #write(lease: KubeObject): Promise<void> {
    const { client, clock, identity: holder, leaseMs: durationMs, namespace, name } = this.#options;
    const { holder: before, transitions } = readLease(lease);
    const nowMs = clock.nowMs();
    const term =
      before === holder
        ? { transitions, acquireTime: leaseSpec(lease)["acquireTime"] ?? microTime(nowMs) }
        : { transitions: transitions + 1, acquireTime: microTime(nowMs) };
    const next = {
      ...lease,
      metadata: leaseMetadata(lease, this.#options.address),
      spec: { ...leaseSpec(lease), ...termSpec({ holder, durationMs, ...term }, nowMs) },
    };
    this.#observe(await this.#within((signal) => client.replace(leasePath(namespace, name), next, signal)));
  }

  #observe(lease: KubeObject): void {
    this.#lease = lease;
    const text = canonicalJson(leaseSpec(lease));
    if (text === this.#observed?.text) return;
    this.#observed = { text, record: readLease(lease), atMs: this.#options.clock.monotonicMs() };
  }

  #lead(sentMs: number): boolean {
    const { clock, giveUpMs } = this.#options;
    this.#leadsUntilMs = sentMs + giveUpMs;
    clearTimeout(this.#deadline);
    const leftMs = this.#leadsUntilMs - clock.monotonicMs();
    // The answer came too late to lead by it; the Lease is ours and the next round may do better.
    if (leftMs <= 0) {
      this.#follow();
      return false;
    }
    this.#deadline = setTimeout(() => this.#follow(), leftMs);
    this.#setState({ phase: "leading" });
    return true;
  }

  #follow(): void {
    clearTimeout(this.#deadline);
    const leader = this.#observed?.record.holder;
    this.#setState({ phase: "following", ...(leader === undefined ? {} : { leader }) });
  }

  /** Says in the Lease that nobody holds it, when it is ours. */
  async #release(): Promise<void> {
    const { client, clock, namespace, name, identity } = this.#options;
    const path = leasePath(namespace, name);
    // Twice, since an attempt that was cut off may still have changed the Lease.
    for (let attempt = 1; ; attempt++) {
      try {
        const lease = await this.#bounded((signal) => client.get(path, signal));
        const { holder, transitions } = readLease(lease);
        if (holder !== identity) return;
        const next = { ...lease, spec: { ...leaseSpec(lease), ...releasedSpec(transitions, clock.nowMs()) } };
        await this.#bounded((signal) => client.replace(path, next, signal));
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (attempt === 2 || !isConflict(error)) throw error;
      }
    }
  }

  /** A request that ends with the election. */
  async #within<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stopping = this.#stopping.signal;
    return this.#bounded((signal, abort) => {
      stopping.addEventListener("abort", abort, { signal });
      return ask(signal);
    });
  }

  /** Ends in time even when the client does not heed the signal: the next round must not wait for it. */
  async #bounded<T>(ask: (signal: AbortSignal, abort: () => void) => Promise<T>): Promise<T> {
    // A leader has time for three attempts before it gives up.
    const limitMs = Math.ceil(this.#options.giveUpMs / 3);
    const controller = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const end = (reason: string) => {
      reject(new KubeError(reason, { status: 0 }));
      controller.abort();
    };
    const timer = setTimeout(() => end(`The API server did not answer within ${limitMs} ms.`), limitMs);
    try {
      return await Promise.race([ask(controller.signal, () => end("The election has stopped.")), promise]);
    } finally {
      clearTimeout(timer);
      controller.abort();
    }
  }

  #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#stopping.signal.aborted) return Promise.resolve();
    const done = () => {
      clearTimeout(timer);
      this.#stopping.signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, Math.ceil(ms)));
    this.#stopping.signal.addEventListener("abort", done);
    return promise;
  }

  #setState(state: LeaderState): void {
    const before = this.#state;
    if (before.phase === "stopped" || canonicalJson(before) === canonicalJson(state)) return;
    this.#state = state;
    for (const listener of this.#listeners) {
      try {
        listener(state);
      } catch (error) {
        this.#options.onError?.(error);
      }
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.status === 409;
}

function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.status === 404;
}
