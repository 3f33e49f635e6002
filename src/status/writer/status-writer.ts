import { canonicalJson } from "../../base/canonical-json.ts";
import { systemClock } from "../../base/clock.ts";
import { unreachable } from "../../base/unreachable.ts";
import type { ObjectRef } from "../../finding/finding.ts";
import type { JsonObject } from "../../resource/json.ts";
import { EntrySchedule } from "./entry-schedule.ts";
import { type LiveObject, liveObjectOf } from "./live-object.ts";
import { planStatus } from "./plan-status.ts";
import { StatusEntry } from "./status-entry.ts";
import { objectKey, StatusIntents, type StatusTurn, type WantedStatus } from "./status-intents.ts";
import type { ForbiddenKind } from "./status-problem.ts";
import type { StatusWriterOptions } from "./status-writer-options.ts";
import { failureOf, type WriteFailure } from "./write-failure.ts";
import { WritePace } from "./write-pace.ts";

type Listeners = "onProblem" | "onForbidden" | "onResult";

/**
 * Writes what the control loop concluded into the statuses of the API server, where it differs from what stands there.
 * Only while started, which is for the leader to do. Other controllers' entries and conditions stay as they are.
 */
export class StatusWriter {
  readonly #options: Required<Omit<StatusWriterOptions, Listeners>> & Pick<StatusWriterOptions, Listeners>;
  readonly #schedule = new EntrySchedule(() => this.#pump());
  readonly #asking = new Set<Promise<void>>();
  /** By kind. */
  readonly #forbidden = new Map<string, ForbiddenKind>();
  #turn: StatusTurn | undefined;
  #intents: StatusIntents;
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
    this.#intents = new StatusIntents(this.#options);
  }

  /** Objects whose status is waiting to be looked at or written, or being written. */
  get pending(): number {
    return this.#schedule.pending;
  }

  /** Kinds whose statuses the API server does not permit to write, until it does. */
  get forbidden(): readonly ForbiddenKind[] {
    return [...this.#forbidden.values()];
  }

  /** Takes in what the newest turn concluded, at the cost of what it changed. Before `start` it is only kept. */
  update(turn: StatusTurn): void {
    this.#turn = turn;
    if (!this.#session) return;
    for (const [key, wanted] of this.#intents.take(turn)) this.#want(key, wanted);
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
    this.#schedule.clear();
    this.#intents = new StatusIntents(this.#options);
    this.#forbidden.clear();
    await Promise.allSettled(this.#asking);
  }

  #want(key: string, wanted: WantedStatus | undefined): void {
    const entry = this.#schedule.get(key);
    if (wanted === undefined) {
      if (entry) this.#schedule.forget(entry);
    } else if (entry === undefined) this.#schedule.add(new StatusEntry(key, wanted.ref, wanted));
    else if (entry.want(wanted.uid, wanted.intent) || this.#isNews(entry)) this.#look(entry);
  }

  #onLive(ref: ObjectRef): void {
    const key = objectKey(ref);
    const entry = this.#schedule.get(key);
    if (entry === undefined) this.#want(key, this.#intents.of(ref));
    else if (this.#isNews(entry)) this.#look(entry);
    else return;
    this.#pump();
  }

  /** Whether there is another version than the one that needs nothing. */
  #isNews(entry: StatusEntry): boolean {
    return this.#newest(entry)?.resourceVersion !== entry.settledVersion;
  }

  /** Sees to an object that changed, or whose wanted status did. Waits that have another reason go on. */
  #look(entry: StatusEntry): void {
    if (entry.state === "settled") this.#schedule.enqueue(entry);
    else if (entry.state === "delayed" && this.#isPastConflict(entry))
      this.#schedule.delay(entry, this.#pace.conflictPauseMs(entry.attempts));
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

  /** Starts what may be started now; sets a timer when only time is in the way. */
  #pump(): void {
    clearTimeout(this.#pumpTimer);
    while (this.#session && this.#asking.size < this.#options.maxInFlight) {
      const entry = this.#schedule.next();
      if (!entry) return;
      const request = this.#nextRequest(entry);
      if (!request) continue;
      const waitMs = this.#pace.take();
      if (waitMs > 0) {
        this.#pumpTimer = setTimeout(() => this.#pump(), waitMs);
        return;
      }
      this.#schedule.ask(entry);
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
      this.#schedule.settle(entry);
      return undefined;
    };
    const live = this.#newest(entry);
    // Not there any more, or made anew: the turn that takes it in will say what to write.
    if (!live || live.uid !== entry.uid || entry.isRefused) return settle();
    const forbiddenForMs = this.#pace.forbiddenForMs(entry.ref.kind);
    if (forbiddenForMs > 0) {
      this.#schedule.delay(entry, forbiddenForMs);
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
      this.#schedule.delay(entry, waitMs);
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
    this.#schedule.settle(entry);
    if (this.#schedule.has(entry) && this.#nextRequest(entry)) this.#schedule.enqueue(entry);
  }

  #fail(entry: StatusEntry, live: LiveObject, failure: WriteFailure): void {
    this.#schedule.settle(entry);
    if (!this.#schedule.has(entry)) return;
    const { onProblem, onForbidden } = this.#options;
    if (failure.kind !== "unavailable") this.#pace.answered();
    entry.attempts += 1;
    switch (failure.kind) {
      case "conflict":
        entry.conflictVersion = live.resourceVersion;
        // The watch shows the newer object, or when this wait is over it is asked for.
        this.#schedule.delay(
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
        this.#schedule.enqueue(entry);
        return;
      case "unavailable":
        if (this.#pace.pause(failure.retryAfterMs)) onProblem?.({ kind: "unavailable", message: failure.message });
        this.#schedule.enqueue(entry);
        return;
      case "failed":
        this.#schedule.delay(entry, this.#pace.backoffMs(entry.attempts));
        return;
      default:
        unreachable(failure);
    }
  }
}
