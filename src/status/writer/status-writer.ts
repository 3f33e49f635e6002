import { canonicalJson } from "../../base/canonical-json.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { unreachable } from "../../base/unreachable.ts";
import type { ObjectRef } from "../../finding/finding.ts";
import type { KubeClient } from "../../kube/kube-client.ts";
import type { JsonObject } from "../../resource/json.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { MergedStatus } from "../condition.ts";
import { type LiveObject, type LiveObjects, liveObjectOf } from "./live-object.ts";
import { planStatus } from "./plan-status.ts";
import { StatusEntry } from "./status-entry.ts";
import { objectKey, statusIntents } from "./status-intents.ts";
import type { ForbiddenKind, StatusProblem } from "./status-problem.ts";
import { failureOf, type WriteFailure } from "./write-failure.ts";
import { WritePace } from "./write-pace.ts";
import { WriteQueue } from "./write-queue.ts";

/** What a turn of the control loop concluded, and the objects that it concluded it from. */
export type StatusTurn = { readonly status: MergedStatus; readonly snapshot: Snapshot };

/** How a write of one status ended. */
export type WriteResult = "written" | WriteFailure["kind"];

export type StatusWriterOptions = {
  readonly client: KubeClient;
  readonly live: LiveObjects;
  readonly controllerName: string;
  /** Owner of our fields in `managedFields`. Default `sluice`. */
  readonly fieldManager?: string;
  /**
   * Requests a second. Default 50: 5,000 routes are through in less than two minutes after a first start, while a small API
   * server, which does some thousand writes a second, hardly notices.
   */
  readonly requestsPerSecond?: number;
  /** Requests that may come at once after quiet. Default 100: what a usual change of configuration touches. */
  readonly burst?: number;
  /** Requests that wait for an answer at the same time. Default 8. */
  readonly maxInFlight?: number;
  /**
   * An object is written at most once in this time, after the first three writes: counts of attached routes change with every
   * route. Default 1,000 ms.
   */
  readonly intervalMs?: number;
  /** After a conflict, how long the watch may take to show the newer object before it is asked for. Default 2,000 ms. */
  readonly conflictWaitMs?: number;
  readonly onProblem?: (problem: StatusProblem) => void;
  /** Called when {@link StatusWriter.forbidden} has changed. */
  readonly onForbidden?: () => void;
  /** Called once for each write that ended, for counters. */
  readonly onResult?: (objectKind: string, result: WriteResult) => void;
  readonly clock?: Clock;
  /** From 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
};

type Listeners = "onProblem" | "onForbidden" | "onResult";

const urgentKinds: readonly string[] = ["GatewayClass", "Gateway"];

/**
 * Writes what the control loop concluded into the statuses of the API server, where it differs from what stands there.
 * Only while started, which is for the leader to do. Other controllers' entries and conditions stay as they are.
 */
export class StatusWriter {
  readonly #options: Required<Omit<StatusWriterOptions, Listeners>> & Pick<StatusWriterOptions, Listeners>;
  readonly #entries = new Map<string, StatusEntry>();
  readonly #queue = new WriteQueue();
  readonly #asking = new Set<Promise<void>>();
  /** By kind. */
  readonly #forbidden = new Map<string, ForbiddenKind>();
  #turn: StatusTurn | undefined;
  /** Present while started. */
  #session: AbortController | undefined;
  #pace: WritePace;
  #unsubscribes: readonly (() => void)[] = [];
  #pumpTimer: NodeJS.Timeout | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = {
      fieldManager: "sluice",
      requestsPerSecond: 50,
      burst: 100,
      maxInFlight: 8,
      intervalMs: 1000,
      conflictWaitMs: 2000,
      clock: systemClock,
      random: Math.random,
      ...options,
    };
    this.#pace = new WritePace(this.#options);
  }

  /** Objects whose status is waiting to be looked at or written, or being written. */
  get pending(): number {
    return this.#entries.values().reduce((count, { state }) => count + (state === "settled" ? 0 : 1), 0);
  }

  /** Kinds whose statuses the API server does not permit to write, until it does. */
  get forbidden(): readonly ForbiddenKind[] {
    return [...this.#forbidden.values()];
  }

  /** Takes in what the newest turn concluded. Before `start` it is only kept. */
  update(turn: StatusTurn): void {
    this.#turn = turn;
    if (!this.#session) return;
    const intents = statusIntents(turn, { live: this.#options.live, controllerName: this.#options.controllerName });
    for (const [key, entry] of this.#entries) if (!intents.has(key)) this.#forget(entry);
    for (const [key, { ref, uid, intent }] of intents) {
      const entry = this.#entries.get(key);
      if (!entry) {
        const added = new StatusEntry(key, ref, { uid, intent });
        this.#entries.set(key, added);
        this.#enqueue(added);
      } else if (entry.want(uid, intent) || this.#newest(entry)?.resourceVersion !== entry.settledVersion) {
        this.#look(entry);
      }
    }
    this.#pump();
  }

  /** Begins to write, with what the last turn concluded: this process leads. */
  start(): void {
    if (this.#session) return;
    this.#session = new AbortController();
    this.#pace = new WritePace(this.#options);
    const { live, client } = this.#options;
    const onReachable = () => {
      this.#pace.resume();
      this.#pump();
    };
    this.#unsubscribes = [live.subscribe((ref) => this.#onLive(ref)), client.onReachable(onReachable)];
    if (this.#turn) this.update(this.#turn);
  }

  /** Stops at once; resolves when no request is on its way any more. May be started again. */
  async stop(): Promise<void> {
    this.#session?.abort();
    this.#session = undefined;
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    clearTimeout(this.#pumpTimer);
    this.#pumpTimer = undefined;
    for (const entry of this.#entries.values()) clearTimeout(entry.timer);
    this.#entries.clear();
    this.#queue.clear();
    this.#forbidden.clear();
    await Promise.allSettled(this.#asking);
  }

  #onLive(ref: ObjectRef): void {
    const entry = this.#entries.get(objectKey(ref));
    if (!entry || this.#newest(entry)?.resourceVersion === entry.settledVersion) return;
    this.#look(entry);
    this.#pump();
  }

  /** Sees to an object that changed, or whose wanted status did. Waits that have another reason go on. */
  #look(entry: StatusEntry): void {
    if (entry.state === "settled") this.#enqueue(entry);
    else if (entry.state === "delayed" && this.#isPastConflict(entry))
      this.#delay(entry, this.#pace.conflictPauseMs(entry.attempts));
  }

  /** True once, when a newer version than that of the conflict is known. */
  #isPastConflict(entry: StatusEntry): boolean {
    const { conflictVersion } = entry;
    if (conflictVersion === undefined || this.#newest(entry)?.resourceVersion === conflictVersion) return false;
    entry.conflictVersion = undefined;
    return true;
  }

  #newest(entry: StatusEntry): LiveObject | undefined {
    return entry.newest(this.#options.live.get(entry.ref));
  }

  #enqueue(entry: StatusEntry): void {
    clearTimeout(entry.timer);
    entry.state = "queued";
    this.#queue.add(entry.key, urgentKinds.includes(entry.ref.kind) ? "urgent" : "normal");
  }

  #delay(entry: StatusEntry, ms: number): void {
    if (ms <= 0) {
      this.#enqueue(entry);
      return;
    }
    clearTimeout(entry.timer);
    this.#queue.remove(entry.key);
    entry.state = "delayed";
    entry.timer = setTimeout(() => {
      this.#enqueue(entry);
      this.#pump();
    }, ms);
  }

  #forget(entry: StatusEntry): void {
    clearTimeout(entry.timer);
    this.#queue.remove(entry.key);
    this.#entries.delete(entry.key);
  }

  /** Starts what may be started now; sets a timer when only time is in the way. */
  #pump(): void {
    clearTimeout(this.#pumpTimer);
    while (this.#session && this.#asking.size < this.#options.maxInFlight) {
      const key = this.#queue.peek();
      const entry = key === undefined ? undefined : this.#entries.get(key);
      if (!entry) return;
      const request = this.#nextRequest(entry);
      if (!request) continue;
      const waitMs = this.#pace.take();
      if (waitMs > 0) {
        this.#pumpTimer = setTimeout(() => this.#pump(), waitMs);
        return;
      }
      this.#queue.remove(entry.key);
      entry.state = "asking";
      const asking = request(this.#session.signal).finally(() => {
        this.#asking.delete(asking);
        this.#pump();
      });
      this.#asking.add(asking);
    }
  }

  /** What to ask for this object; when there is nothing to ask now, it has left the queue. */
  #nextRequest(entry: StatusEntry): ((signal: AbortSignal) => Promise<void>) | undefined {
    const settle = () => {
      this.#queue.remove(entry.key);
      entry.state = "settled";
      return undefined;
    };
    const live = this.#newest(entry);
    // Not there any more, or made anew: the turn that takes it in will say what to write.
    if (!live || live.uid !== entry.uid || entry.isRefused) return settle();
    const forbiddenForMs = this.#pace.forbiddenForMs(entry.ref.kind);
    if (forbiddenForMs > 0) {
      this.#delay(entry, forbiddenForMs);
      return undefined;
    }
    if (live.resourceVersion === entry.conflictVersion) return (signal) => this.#read(entry, live, signal);
    entry.conflictVersion = undefined;
    const patch = planStatus(entry.intent, { live: live.status, controllerName: this.#options.controllerName });
    if (!patch || canonicalJson(patch) === entry.tolerated) {
      entry.settledVersion = live.resourceVersion;
      entry.attempts = 0;
      return settle();
    }
    const waitMs = entry.allowance?.waitMs(this.#options.clock.monotonicMs()) ?? 0;
    if (waitMs > 0) {
      this.#delay(entry, waitMs);
      return undefined;
    }
    return (signal) => this.#write(entry, { live, patch }, signal);
  }

  /** Never rejects. */
  async #write(
    entry: StatusEntry,
    { live, patch }: { readonly live: LiveObject; readonly patch: JsonObject },
    signal: AbortSignal,
  ): Promise<void> {
    const { client, fieldManager, onResult, onForbidden, controllerName } = this.#options;
    const { intent } = entry;
    const { uid, resourceVersion } = live;
    try {
      const path = { ...live.path, subresource: "status" } as const;
      const body = { metadata: { uid, resourceVersion }, status: patch };
      const answer = await client.patch(path, body, { type: "merge", fieldManager, signal });
      if (signal.aborted) return;
      onResult?.(entry.ref.kind, "written");
      entry.attempts = 0;
      this.#pace.answered();
      this.#pace.permitted(entry.ref.kind);
      if (this.#forbidden.delete(entry.ref.kind)) onForbidden?.();
      entry.allowance ??= this.#pace.newAllowance();
      entry.allowance.take(this.#options.clock.monotonicMs());
      const written = liveObjectOf(live.path, answer);
      if (written) {
        entry.answer(written);
        const rest = planStatus(intent, { live: written.status, controllerName });
        entry.tolerated = rest && canonicalJson(rest);
      }
      this.#again(entry);
    } catch (error) {
      if (signal.aborted) return;
      const failure = failureOf(error);
      onResult?.(entry.ref.kind, failure.kind);
      this.#fail(entry, live, failure);
    }
  }

  /** Asks for the object that the watch did not show in time. Never rejects. */
  async #read(entry: StatusEntry, live: LiveObject, signal: AbortSignal): Promise<void> {
    try {
      const read = liveObjectOf(live.path, await this.#options.client.get(live.path, signal));
      if (signal.aborted) return;
      entry.conflictVersion = undefined;
      if (read) entry.answer(read);
      this.#again(entry);
    } catch (error) {
      if (signal.aborted) return;
      this.#fail(entry, live, failureOf(error));
    }
  }

  /** What needs nothing more does not wait for its turn to be told so. */
  #again(entry: StatusEntry): void {
    entry.state = "settled";
    if (this.#entries.get(entry.key) === entry && this.#nextRequest(entry)) this.#enqueue(entry);
  }

  #fail(entry: StatusEntry, live: LiveObject, failure: WriteFailure): void {
    entry.state = "settled";
    if (this.#entries.get(entry.key) !== entry) return;
    const { onProblem, onForbidden } = this.#options;
    if (failure.kind !== "unavailable") this.#pace.answered();
    entry.attempts += 1;
    switch (failure.kind) {
      case "conflict":
        entry.conflictVersion = live.resourceVersion;
        // The watch shows the newer object, or when this wait is over it is asked for.
        this.#delay(
          entry,
          this.#isPastConflict(entry)
            ? this.#pace.conflictPauseMs(entry.attempts)
            : this.#pace.conflictWaitMs(entry.attempts),
        );
        return;
      case "gone":
        entry.settledVersion = live.resourceVersion;
        return;
      case "refused":
        entry.isRefused = true;
        onProblem?.({ ...failure, object: entry.ref });
        return;
      case "forbidden":
        this.#pace.forbid(entry.ref.kind);
        if (!this.#forbidden.has(entry.ref.kind)) {
          this.#forbidden.set(entry.ref.kind, { object: entry.ref, message: failure.message });
          onForbidden?.();
        }
        this.#enqueue(entry);
        return;
      case "unavailable":
        if (this.#pace.pause(failure.retryAfterMs)) onProblem?.({ kind: "unavailable", message: failure.message });
        this.#enqueue(entry);
        return;
      case "failed":
        this.#delay(entry, this.#pace.backoffMs(entry.attempts));
        return;
      default:
        unreachable(failure);
    }
  }
}
