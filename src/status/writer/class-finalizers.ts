import { type Clock, systemClock } from "../../base/clock.ts";
import { listChanges } from "../../base/list-changes.ts";
import type { ObjectRef } from "../../finding/finding.ts";
import { type KubeClient, KubeError, type ResourcePath } from "../../kube/kube-client.ts";
import { TokenBucket } from "../../kube/token-bucket.ts";
import { kinds } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { StatusTurn } from "./status-intents.ts";

/** Keeps a GatewayClass from going while Gateways use it. Spec: GatewayClassFinalizerGatewaysExist. */
export const classFinalizer = "gateway-exists-finalizer.gateway.networking.k8s.io";

/** A GatewayClass as the watch last showed it. */
export type LiveClass = {
  readonly path: ResourcePath;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly finalizers: readonly string[];
};

export type ClassFinalizersOptions = {
  readonly client: KubeClient;
  readonly live: {
    get(ref: ObjectRef): LiveClass | undefined;
    /** Calls `listener` when an object came, changed or went. Returns what takes it off again. */
    subscribe(listener: (ref: ObjectRef) => void): () => void;
  };
  readonly controllerName: string;
  /** Owner of the field in `managedFields`. Default `sluice`. */
  readonly fieldManager?: string;
  /** What went wrong with a request, for the log; it is tried again. */
  readonly onError?: (error: unknown, className: string) => void;
  readonly clock?: Clock;
};

type Wanted = "set" | "removed";

type Work = { readonly name: string; readonly live: LiveClass; readonly wanted: Wanted; readonly waitMs: number };

const { group } = kinds.GatewayClass;
/** Somebody who takes the finalizer away again and again is not answered without end. */
const pace = { perSecond: 1, burst: 20 } as const;
/** After a failure, and for the watch to show what was written. */
const retryMs = 30_000;

/**
 * Sets the finalizer on accepted classes of ours that Gateways use, and takes it off where none does. Only while started,
 * which is for the leader to do. Other finalizers stay.
 */
export class ClassFinalizers {
  readonly #options: ClassFinalizersOptions;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  #wanted: ReadonlyMap<string, Wanted> = new Map();
  #turn: StatusTurn | undefined;
  readonly #accepted = new Set<string>();
  /** Classes that are left alone for a while: in this version or, without one, in any. */
  readonly #left = new Map<string, { readonly version?: string; readonly untilMs: number }>();
  #session: AbortController | undefined;
  #unsubscribe: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: ClassFinalizersOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#bucket = new TokenBucket({ ...pace, nowMs: this.#clock.monotonicMs() });
  }

  /** Takes in what the newest turn concluded. Before `start` it is only kept. */
  update(turn: StatusTurn): void {
    if (this.#isTouchedBy(turn)) this.#wanted = wantedOf(turn.snapshot, this.#accepted, this.#options.controllerName);
    this.#turn = turn;
    this.#pump();
  }

  /** Begins to write: this process leads. */
  start(): void {
    if (this.#session) return;
    this.#session = new AbortController();
    this.#unsubscribe = this.#options.live.subscribe(({ kind }) => {
      if (kind === "GatewayClass") this.#pump();
    });
    this.#pump();
  }

  /** Stops at once; resolves when no request is on its way any more. May be started again. */
  async stop(): Promise<void> {
    this.#session?.abort();
    this.#session = undefined;
    this.#unsubscribe?.();
    clearTimeout(this.#timer);
    this.#left.clear();
    await this.#writing;
  }

  /** Whether a turn says something else of classes and who uses them; takes in which are accepted. */
  #isTouchedBy({ status, snapshot }: StatusTurn): boolean {
    const before = this.#turn;
    const { came, gone } = listChanges(before?.status ?? [], status);
    const isClass = ({ body }: StatusTurn["status"][number]) => body.shape === "gatewayClass";
    for (const { ref } of gone.filter(isClass)) this.#accepted.delete(ref.name);
    for (const { ref } of came.filter(isAccepted)) this.#accepted.add(ref.name);
    const isSame = (kind: "Gateway" | "GatewayClass") => before?.snapshot.list(kind) === snapshot.list(kind);
    return came.some(isClass) || gone.some(isClass) || !isSame("Gateway") || !isSame("GatewayClass");
  }

  /** Writes what can be written now, one class after the other; sets a timer when only time is in the way. */
  #pump(): void {
    if (!this.#session || this.#writing) return;
    clearTimeout(this.#timer);
    const next = this.#next();
    if (!next) return;
    if (next.waitMs > 0) {
      this.#timer = setTimeout(() => this.#pump(), next.waitMs);
      this.#timer.unref?.();
      return;
    }
    this.#bucket.take(this.#clock.monotonicMs());
    this.#writing = this.#write(next, this.#session.signal).finally(() => {
      this.#writing = undefined;
      this.#pump();
    });
  }

  /** Of the classes whose finalizers are not as they should be, the one whose turn comes first. */
  #next(): Work | undefined {
    const nowMs = this.#clock.monotonicMs();
    const paceMs = this.#bucket.waitMs(nowMs);
    const works = [...this.#wanted].flatMap(([name, wanted]): Work[] => {
      const live = this.#options.live.get({ group, kind: "GatewayClass", name });
      if (!live || live.finalizers.includes(classFinalizer) === (wanted === "set")) return [];
      const left = this.#left.get(name);
      const isLeft = left !== undefined && (left.version === undefined || left.version === live.resourceVersion);
      return [{ name, live, wanted, waitMs: Math.max(paceMs, isLeft ? left.untilMs - nowMs : 0) }];
    });
    return works.reduce<Work | undefined>(
      (first, work) => (first && first.waitMs <= work.waitMs ? first : work),
      undefined,
    );
  }

  /** Never rejects. */
  async #write({ name, live, wanted }: Work, signal: AbortSignal): Promise<void> {
    const { client, fieldManager = "sluice", onError } = this.#options;
    const { uid, resourceVersion } = live;
    const others = live.finalizers.filter((finalizer) => finalizer !== classFinalizer);
    const finalizers = wanted === "set" ? [...others, classFinalizer] : others;
    const leave = (version?: string) => {
      const untilMs = this.#clock.monotonicMs() + retryMs;
      this.#left.set(name, { untilMs, ...(version === undefined ? {} : { version }) });
    };
    try {
      const body = { metadata: { uid, resourceVersion, finalizers } };
      await client.patch(live.path, body, { type: "merge", fieldManager, signal });
      leave(resourceVersion);
    } catch (error) {
      if (signal.aborted) return;
      // Somebody changed it in between: the watch will show the newer one.
      const isOutdated = error instanceof KubeError && (error.status === 409 || error.status === 404);
      leave(isOutdated ? resourceVersion : undefined);
      if (!isOutdated) onError?.(error, name);
    }
  }
}

/** By name, of our classes; one that is not accepted, or is going already, keeps what it has as long as it is used. */
function wantedOf(
  snapshot: Snapshot,
  accepted: ReadonlySet<string>,
  controllerName: string,
): ReadonlyMap<string, Wanted> {
  const used = new Set(snapshot.list("Gateway").map(({ spec }) => spec.gatewayClassName));
  const ours = snapshot.list("GatewayClass").filter(({ spec }) => spec.controllerName === controllerName);
  return new Map(
    ours.flatMap(({ metadata: { name, deletionTimestamp } }): (readonly [string, Wanted])[] => {
      if (!used.has(name)) return [[name, "removed"]];
      return accepted.has(name) && deletionTimestamp === undefined ? [[name, "set"]] : [];
    }),
  );
}

function isAccepted({ body }: StatusTurn["status"][number]): boolean {
  return (
    body.shape === "gatewayClass" &&
    body.conditions.some(({ type, status }) => type === "Accepted" && status === "True")
  );
}
