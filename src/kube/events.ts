import { type Clock, systemClock } from "../base/clock.ts";
import { EventWriter } from "./event-writer.ts";
import { type KubeClient, KubeError } from "./kube-client.ts";
import { type EventChanges, eventKey, type ObjectEvent } from "./object-event.ts";
import { TokenBucket } from "./token-bucket.ts";

/** How the sending of one event ended. `dropped`: too many at once. */
export type EventResult = "sent" | "dropped" | "failed";

export type EventRecorderOptions = {
  readonly client: KubeClient;
  /** Who reports, such as `sluice.dev/gateway-controller`. */
  readonly controller: string;
  /** Which of the controller's processes: the pod's name. At most 128 characters. */
  readonly instance: string;
  /** Requests a second. Default 10: events are read by people. */
  readonly requestsPerSecond?: number;
  /** Requests that may come at once after quiet. Default 50. */
  readonly burst?: number;
  /** Events that may wait to be sent; further ones are dropped. Default 1,000. */
  readonly maxWaiting?: number;
  /** Events that are remembered. Default 10,000. */
  readonly maxKnown?: number;
  /**
   * A warning is sent when it has held for so long: what is made in several steps, such as a certificate and the routes that
   * prove a domain, is incomplete for some seconds and nothing to warn of. Default 15,000 ms.
   */
  readonly warnAfterMs?: number;
  readonly onResult?: (result: EventResult) => void;
  /** What went wrong with a request, for the log; at most once a minute. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: Clock;
};

/** An event that comes and goes is counted up at most this often. */
const countAgainMs = 5 * 60_000;
/** Servers forget events after an hour by default: a warning that still holds is said again before. */
const sayAgainMs = 30 * 60_000;
const sweepMs = 60_000;
const complainMs = 60_000;

type Known = {
  readonly key: string;
  readonly event: ObjectEvent;
  /** Whether it holds now; `newly`: not long enough to be sent. */
  holds: "yes" | "newly" | "no";
  /** Since when it holds. */
  sinceMs: number;
  /** How often it began to hold since the server was last told. */
  fresh: number;
  /** What the server has; 0 when it was not told by this process. */
  count: number;
  sentMs: number | undefined;
};

/**
 * Tells the API server about things worth knowing of objects, as events of `events.k8s.io/v1`. An event is named after what it
 * says, so that after a restart the server itself answers that it has it already. Only while started, which is for the
 * leader to do.
 */
export class EventRecorder {
  readonly #options: Required<Omit<EventRecorderOptions, "onResult" | "onError">> &
    Pick<EventRecorderOptions, "onResult" | "onError">;
  readonly #writer: EventWriter;
  /** What holds, and how often it was said to. */
  readonly #holding = new Map<string, { readonly event: ObjectEvent; times: number }>();
  readonly #known = new Map<string, Known>();
  /** Those that do not hold long enough yet. */
  readonly #newly = new Set<Known>();
  /** Keys of what holds and found no place. */
  readonly #dropped = new Set<string>();
  /** Keys of events to send, as they came. */
  readonly #waiting = new Set<string>();
  #session: AbortController | undefined;
  #bucket: TokenBucket;
  #timer: NodeJS.Timeout | undefined;
  #sweep: NodeJS.Timeout | undefined;
  /** Until the next warning has held long enough. */
  #settling: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #complainedMs = Number.NEGATIVE_INFINITY;

  constructor(options: EventRecorderOptions) {
    this.#options = {
      requestsPerSecond: 10,
      burst: 50,
      maxWaiting: 1000,
      maxKnown: 10_000,
      warnAfterMs: 15_000,
      clock: systemClock,
      ...options,
    };
    this.#writer = new EventWriter(this.#options);
    this.#bucket = this.#newBucket();
  }

  /**
   * Takes in what began to hold, which is sent, and what holds no more. What goes on holding is not sent again soon. An event
   * that began twice holds until it has ended twice.
   */
  observe({ began, ended }: EventChanges): void {
    for (const event of began) {
      const key = eventKey(event);
      const holding = this.#holding.get(key);
      if (holding) holding.times += 1;
      else {
        this.#holding.set(key, { event, times: 1 });
        this.#begin(key, event);
      }
    }
    for (const event of ended) {
      const key = eventKey(event);
      const holding = this.#holding.get(key);
      if (!holding || --holding.times > 0) continue;
      this.#holding.delete(key);
      this.#end(key);
    }
    this.#settle();
  }

  /** Begins to send, what holds already first: this process leads. */
  start(): void {
    if (this.#session) return;
    this.#session = new AbortController();
    this.#bucket = this.#newBucket();
    this.#sweepLater();
    for (const [key, { event }] of this.#holding) this.#begin(key, event);
    this.#settle();
  }

  /** Stops at once; resolves when no request is on its way any more. May be started again. */
  async stop(): Promise<void> {
    this.#session?.abort();
    this.#session = undefined;
    clearTimeout(this.#timer);
    clearTimeout(this.#sweep);
    clearTimeout(this.#settling);
    this.#known.clear();
    this.#newly.clear();
    this.#dropped.clear();
    this.#waiting.clear();
    await this.#sending;
  }

  #begin(key: string, event: ObjectEvent): void {
    if (!this.#session) return;
    const known = this.#known.get(key) ?? this.#add(key, event);
    if (known?.holds !== "no") return;
    known.holds = "newly";
    known.sinceMs = this.#options.clock.monotonicMs();
    this.#newly.add(known);
  }

  #end(key: string): void {
    this.#dropped.delete(key);
    const known = this.#known.get(key);
    if (!known) return;
    this.#newly.delete(known);
    if (known.holds === "newly" && known.sentMs === undefined) this.#known.delete(key);
    known.holds = "no";
  }

  #add(key: string, event: ObjectEvent): Known | undefined {
    if (this.#known.size >= this.#options.maxKnown) {
      this.#drop(key);
      return undefined;
    }
    const known: Known = { key, event, holds: "no", sinceMs: 0, fresh: 0, count: 0, sentMs: undefined };
    this.#known.set(key, known);
    return known;
  }

  #drop(key: string): void {
    this.#dropped.add(key);
    this.#options.onResult?.("dropped");
  }

  /** Sends what has held long enough, and comes back when the next will have. */
  #settle(): void {
    if (!this.#session) return;
    clearTimeout(this.#settling);
    const nowMs = this.#options.clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const known of this.#newly) {
      const leftMs = known.event.type === "Warning" ? known.sinceMs + this.#options.warnAfterMs - nowMs : 0;
      if (leftMs > 0) {
        nextMs = Math.min(nextMs, leftMs);
        continue;
      }
      this.#newly.delete(known);
      if (known.sentMs === undefined && this.#waiting.size >= this.#options.maxWaiting) {
        this.#known.delete(known.key);
        this.#drop(known.key);
        continue;
      }
      known.holds = "yes";
      known.fresh += 1;
      this.#sendWhenDue(known);
    }
    if (Number.isFinite(nextMs)) this.#settling = setTimeout(() => this.#settle(), nextMs).unref();
    this.#pump();
  }

  #sendWhenDue(known: Known): void {
    const sinceMs = this.#options.clock.monotonicMs() - (known.sentMs ?? Number.NEGATIVE_INFINITY);
    const isRepeated = known.event.type === "Warning" && known.holds === "yes" && sinceMs >= sayAgainMs;
    if (isRepeated || (known.fresh > 0 && sinceMs >= countAgainMs)) this.#waiting.add(known.key);
  }

  #sweepLater(): void {
    this.#sweep = setTimeout(() => {
      const nowMs = this.#options.clock.monotonicMs();
      for (const known of this.#known.values()) {
        this.#sendWhenDue(known);
        const isForgotten = nowMs - (known.sentMs ?? nowMs) >= 2 * sayAgainMs;
        if (known.holds === "no" && isForgotten && !this.#waiting.has(known.key)) this.#known.delete(known.key);
      }
      this.#offerAgain();
      this.#settle();
      this.#sweepLater();
    }, sweepMs);
    this.#sweep.unref();
  }

  /** What found no place may find one now. */
  #offerAgain(): void {
    const dropped = [...this.#dropped];
    this.#dropped.clear();
    for (const key of dropped) {
      const holding = this.#holding.get(key);
      if (holding) this.#begin(key, holding.event);
    }
  }

  /** One request at a time: nothing waits for events. */
  #pump(): void {
    if (!this.#session || this.#sending) return;
    clearTimeout(this.#timer);
    const [key] = this.#waiting;
    const known = key === undefined ? undefined : this.#known.get(key);
    if (key === undefined || !known) return;
    const nowMs = this.#options.clock.monotonicMs();
    if (!this.#bucket.take(nowMs)) {
      this.#timer = setTimeout(() => this.#pump(), this.#bucket.waitMs(nowMs));
      return;
    }
    this.#waiting.delete(key);
    this.#sending = this.#send(known, this.#session.signal).finally(() => {
      this.#sending = undefined;
      this.#pump();
    });
  }

  /** Never rejects. When the server was away, the next sweep tries again. */
  async #send(known: Known, signal: AbortSignal): Promise<void> {
    const { fresh, sentMs } = known;
    const isFirst = sentMs === undefined;
    known.fresh = 0;
    known.sentMs = this.#options.clock.monotonicMs();
    try {
      known.count = isFirst
        ? await this.#writer.create(known.event, signal)
        : await this.#writer.countUp(known.event, { known: known.count, by: Math.max(1, fresh) }, signal);
      if (!signal.aborted) this.#options.onResult?.("sent");
    } catch (error) {
      if (signal.aborted) return;
      this.#options.onResult?.("failed");
      if (!isRefusal(error)) {
        known.fresh += fresh;
        known.sentMs = sentMs;
      }
      const nowMs = this.#options.clock.monotonicMs();
      if (nowMs - this.#complainedMs < complainMs) return;
      this.#complainedMs = nowMs;
      this.#options.onError?.(error);
    }
  }

  #newBucket(): TokenBucket {
    const { requestsPerSecond: perSecond, burst, clock } = this.#options;
    return new TokenBucket({ perSecond, burst, nowMs: clock.monotonicMs() });
  }
}

/** Whether the server will say the same the next time. */
function isRefusal(error: unknown): boolean {
  return error instanceof KubeError && error.status >= 400 && error.status < 500 && error.status !== 429;
}
