import { setTimeout as delay } from "node:timers/promises";
import { type Clock, systemClock } from "../../base/clock.ts";
import {
  type KubeClient,
  KubeError,
  type KubeObject,
  type ResourcePath,
  type Selection,
} from "../../kube/kube-client.ts";
import { type NamespacedName, namespacedName } from "../../resource/keys.ts";
import { Backoff, type BackoffOptions } from "./backoff.ts";

const defaultPageSize = 500;

/** Where the objects of a reflector go. Calls come in the order of what happened; they must not throw. */
export type ReflectorSink = {
  /** A new object, or a new version of one. */
  put(key: NamespacedName, object: KubeObject): void;
  remove(key: NamespacedName): void;
  /** The phase has changed, or an error has come or gone. */
  stateChanged?(state: ReflectorState): void;
};

/** What tests and small clusters may want otherwise. */
export type ReflectorTuning = Omit<ReflectorOptions, "client" | "path" | "selection" | "sink" | "known">;

export type ReflectorOptions = {
  readonly client: KubeClient;
  /** A list; without a namespace over all of them. */
  readonly path: ResourcePath;
  readonly selection?: Selection;
  readonly sink: ReflectorSink;
  /** The version of every object in the table, kept up to date; from one reflector to its successor. Default: an empty table. */
  readonly known?: Map<NamespacedName, string>;
  /** Objects a page. Default 500. */
  readonly pageSize?: number;
  /**
   * A watch on which nothing came for so long, not even a bookmark, is begun anew where it stood. The server sends a
   * bookmark about once a minute where there is anything to tell; for a kind that never changes this costs one request.
   * Default 150,000 ms.
   */
  readonly silenceMs?: number;
  /** A kind that is not served is looked for again after this at the latest, and on {@link Reflector.wake}. Default 300,000 ms. */
  readonly absentRetryMs?: number;
  /** Objects stay for so long after the server first said that their kind is not served. Default 10,000 ms. */
  readonly absentGraceMs?: number;
  readonly backoff?: BackoffOptions;
  readonly clock?: Clock;
  /** From 0 to below 1. Default `Math.random`. */
  readonly random?: () => number;
  /** Waits between tries, until the signal cuts it short. Default: a timer. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
};

/**
 * `listing`, `watching`: at work. `absent`: the server has no such kind. `failing`: waiting to try again.
 * `stopped`: told to stop.
 */
export type ReflectorPhase = "listing" | "watching" | "absent" | "failing" | "stopped";

export type ReflectorState = {
  readonly phase: ReflectorPhase;
  /** Whether the table has once been what the server had (nothing, for a kind that is not served). */
  readonly synced: boolean;
  readonly objects: number;
  /** Lists and watches begun so far. */
  readonly lists: number;
  readonly watches: number;
  /** Of the last word from the server; epoch milliseconds. */
  readonly heardMs?: number;
  /** What went wrong last, until something goes right. `sinceMs`: of the first failure in a row. */
  readonly error?: ReflectorError;
};

export type ReflectorError = { readonly message: string; readonly status: number; readonly sinceMs: number };

/** A watch that ended sooner and without an event has not worked. */
const shortWatchMs = 1000;
/** The server is asked to end a watch after a random time between these, so that not all end at once. */
const watchSeconds = { least: 300, most: 600 } as const;
/** After {@link Reflector.wake} a kind that is not served yet, or may not be read, is asked for often, for so long. */
const eagerMs = 60_000;
/** Without permission nothing changes soon. */
const forbiddenRetryMs = 15_000;

/**
 * Keeps a table in step with the objects of one kind: lists them, watches from there, and lists again when the server no
 * longer knows what came between. The table is never emptied for that: what is gone is removed when the whole list has come.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  /** The version of every object in the table, so that a list tells of changes only. */
  readonly #versions: Map<NamespacedName, string>;
  #phase: ReflectorPhase = "listing";
  #synced = false;
  #lists = 0;
  #watches = 0;
  #heardMs: number | undefined;
  #error: ReflectorError | undefined;
  /** Where the watch stands; `undefined`: a list is needed. */
  #position: string | undefined;
  #listedPosition = 0;
  /** `undefined`: all at once. */
  #pageSize: number | undefined;
  #waiting: AbortController | undefined;
  #eagerUntilMs = Number.NEGATIVE_INFINITY;
  #absentSinceMs: number | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#versions = options.known ?? new Map();
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#backoff = new Backoff({ random: this.#random, ...options.backoff });
    this.#pageSize = options.pageSize ?? defaultPageSize;
  }

  get state(): ReflectorState {
    return {
      phase: this.#phase,
      synced: this.#synced,
      objects: this.#versions.size,
      lists: this.#lists,
      watches: this.#watches,
      ...(this.#heardMs === undefined ? {} : { heardMs: this.#heardMs }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  /** Looks again now and often for a while: what was in the way may be gone. Does nothing while all is well. */
  wake(): void {
    this.#eagerUntilMs = this.#clock.monotonicMs() + eagerMs;
    this.#backoff.reset();
    this.#waiting?.abort();
  }

  /** Works until the signal says stop. Never rejects; the table stays as it is at the end. */
  async run(signal: AbortSignal): Promise<void> {
    const unsubscribe = this.#options.client.onReachable(() => this.wake());
    while (!signal.aborted) {
      try {
        this.#position ??= await this.#list(signal);
        await this.#watch(this.#position, signal);
      } catch (error) {
        if (!signal.aborted) await this.#wait(this.#fail(error), signal);
      }
    }
    unsubscribe();
    this.#setPhase("stopped");
  }

  async #list(signal: AbortSignal): Promise<string> {
    this.#lists += 1;
    this.#setPhase("listing");
    const { client, path, selection } = this.#options;
    const seen = new Set<NamespacedName>();
    let position: string;
    let continueToken: string | undefined;
    do {
      const page = await client.list(path, {
        ...selection,
        ...(this.#pageSize === undefined ? {} : { limit: this.#pageSize }),
        ...(continueToken === undefined ? {} : { continueToken }),
        signal,
      });
      this.#heard();
      position = page.resourceVersion;
      // A server that was set back to an older state may give a known version to another content.
      if (Number(position) < this.#listedPosition) for (const key of this.#versions.keys()) this.#versions.set(key, "");
      for (const object of page.items) {
        const key = this.#put(object);
        if (key !== undefined) seen.add(key);
      }
      continueToken = page.continueToken;
    } while (continueToken !== undefined);
    for (const key of [...this.#versions.keys()]) if (!seen.has(key)) this.#remove(key);
    this.#listedPosition = Number(position);
    this.#pageSize ??= this.#options.pageSize ?? defaultPageSize;
    this.#absentSinceMs = undefined;
    this.#synced = true;
    return position;
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    this.#watches += 1;
    this.#setPhase("watching");
    const { client, path, selection, silenceMs = 150_000 } = this.#options;
    const startMs = this.#clock.monotonicMs();
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), silenceMs);
    const events = client.watch(path, {
      ...selection,
      resourceVersion: from,
      timeoutSeconds: Math.round(watchSeconds.least + this.#random() * (watchSeconds.most - watchSeconds.least)),
      signal: AbortSignal.any([signal, silence.signal]),
      onOpen: () => this.#heard(),
    });
    try {
      for await (const { type, object } of events) {
        timer.refresh();
        if (type === "DELETED") this.#remove(keyOf(object));
        else if (type !== "BOOKMARK") this.#put(object);
        this.#position = versionOf(object) ?? this.#position;
        this.#backoff.reset();
        this.#heard();
      }
    } catch (error) {
      // A connection that died without a word. Whether the server is there shows when the watch is begun anew.
      if (!silence.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
    if (silence.signal.aborted || this.#clock.monotonicMs() - startMs >= shortWatchMs) this.#backoff.reset();
    else if (this.#position === from && !signal.aborted)
      throw new KubeError(`The server ended the watch of ${path.plural} immediately.`, { status: 0 });
  }

  /** Takes note of a failure and says how long to wait. */
  #fail(error: unknown): number {
    const { message, status, reason, retryAfterMs = 0 } = asKubeError(error);
    this.#error = { message, status, sinceMs: this.#error?.sinceMs ?? this.#clock.nowMs() };
    if (status === 404) return this.#failAbsent();
    this.#absentSinceMs = undefined;
    if (status === 410 || reason === "AnswerTooLarge" || reason === "Malformed") this.#listAnew(status, reason);
    this.#setPhase("failing");
    const forbidden = status === 403 && this.#clock.monotonicMs() >= this.#eagerUntilMs;
    return this.#backoff.nextMs(forbidden ? Math.max(retryAfterMs, forbiddenRetryMs) : retryAfterMs);
  }

  /** A watch cannot go on from where it stands, or a list could not be finished. */
  #listAnew(status: number, reason: string): void {
    const listing = this.#position === undefined;
    this.#position = undefined;
    if (!listing) return;
    // Paging took longer than the server remembers: all at once, then.
    if (status === 410) this.#pageSize = undefined;
    if (reason === "AnswerTooLarge") this.#pageSize = Math.max(1, Math.floor((this.#pageSize ?? defaultPageSize) / 2));
  }

  /** A server that has just started may deny kinds that it has, so objects are given up only when it goes on saying so. */
  #failAbsent(): number {
    const { absentGraceMs = 10_000, absentRetryMs = 300_000 } = this.#options;
    const nowMs = this.#clock.monotonicMs();
    this.#position = undefined;
    this.#absentSinceMs ??= nowMs;
    if (this.#versions.size > 0 && nowMs - this.#absentSinceMs < absentGraceMs) {
      this.#setPhase("failing");
      return this.#backoff.nextMs();
    }
    for (const key of [...this.#versions.keys()]) this.#remove(key);
    this.#synced = true;
    // Nothing is wrong.
    this.#error = undefined;
    this.#setPhase("absent");
    return nowMs < this.#eagerUntilMs ? this.#backoff.nextMs() : absentRetryMs * (0.5 + this.#random() / 2);
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    this.#waiting = new AbortController();
    const either = AbortSignal.any([signal, this.#waiting.signal]);
    await (this.#options.wait ?? waitFor)(ms, either);
    this.#waiting = undefined;
  }

  #put(object: KubeObject): NamespacedName | undefined {
    const key = keyOf(object);
    const version = versionOf(object);
    if (key === undefined || (version !== undefined && this.#versions.get(key) === version)) return key;
    this.#versions.set(key, version ?? "");
    this.#options.sink.put(key, object);
    return key;
  }

  #remove(key: NamespacedName | undefined): void {
    if (key !== undefined && this.#versions.delete(key)) this.#options.sink.remove(key);
  }

  #heard(): void {
    this.#heardMs = this.#clock.nowMs();
    if (this.#error === undefined) return;
    this.#error = undefined;
    this.#options.sink.stateChanged?.(this.state);
  }

  #setPhase(phase: ReflectorPhase): void {
    this.#phase = phase;
    this.#options.sink.stateChanged?.(this.state);
  }
}

async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}

function asKubeError(error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  return new KubeError(error instanceof Error ? error.message : String(error), { status: 0, cause: error });
}

type Identity = { readonly name?: unknown; readonly namespace?: unknown; readonly resourceVersion?: unknown };

function identityOf(object: KubeObject): Identity {
  const { metadata } = object;
  return typeof metadata === "object" && metadata !== null ? metadata : {};
}

function keyOf(object: KubeObject): NamespacedName | undefined {
  const { name, namespace } = identityOf(object);
  if (typeof name !== "string") return undefined;
  return namespacedName(typeof namespace === "string" ? namespace : undefined, name);
}

function versionOf(object: KubeObject): string | undefined {
  const { resourceVersion } = identityOf(object);
  return typeof resourceVersion === "string" && resourceVersion !== "" ? resourceVersion : undefined;
}
