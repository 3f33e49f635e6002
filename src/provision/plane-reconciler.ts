import { type Clock, systemClock } from "../base/clock.ts";
import { recordOf } from "../base/untrusted-json.ts";
import type { DataPlane, DataPlaneKey } from "../infrastructure/data-plane.ts";
import { type KubeClient, KubeError, type KubeObject } from "../kube/kube-client.ts";
import { TokenBucket } from "../kube/token-bucket.ts";
import type { DeploymentOptions } from "./deployment.ts";
import { desiredObjects, type StreamCertificate } from "./desired-objects.ts";
import type { LiveObjects } from "./live-objects.ts";
import { type DesiredObject, type ObjectKey, objectKey } from "./managed-object.ts";
import { objectName } from "./object-name.ts";
import { createObject, deleteObject, updateObject, type WriteResult } from "./object-writer.ts";
import { type Change, ownFields, planChanges, planDeletions, type Written } from "./plan-changes.ts";
import { elsewhereFailure, failureOf, foreignFailure, type ProvisionFailure } from "./provision-failure.ts";

type StreamIdentity = { readonly namespace: string; readonly name: string };

/** Makes the certificates with which data planes ask for their configuration. */
export type CertificateSource = {
  issue(identity: StreamIdentity, nowMs: number): StreamCertificate;
  /** Whether a data plane can go on with what its Secret holds. */
  isUsable(stored: Partial<StreamCertificate>, identity: StreamIdentity, nowMs: number): boolean;
  /** Whom data planes should trust now. */
  bundlePem(): string;
};

export type ReconcilerOptions = DeploymentOptions & {
  readonly client: KubeClient;
  readonly live: LiveObjects;
  readonly certificates: CertificateSource;
  /** In which data planes may be made; empty: all. */
  readonly namespaces: readonly string[];
  /** Asked before every write. */
  readonly isLeading: () => boolean;
  /** What went wrong with a request, for the log; it is tried again. */
  readonly onError?: (error: unknown, subject: string) => void;
  /** Writes per second; bursts of twice as many. Default 25. */
  readonly writesPerSecond?: number;
  readonly clock?: Clock;
};

/** What came of one attempt. */
export type Attempt = {
  /** What is there is what should be. */
  readonly isDone: boolean;
  readonly failures: ReadonlyMap<ObjectKey, ProvisionFailure>;
  /** The server asked to be left alone for so long. */
  readonly retryAfterMs: number;
};

/** Everything is written again after this, in case something changed without being seen. */
const renewMs = 600_000;

/** Brings the objects of one data plane after another to what they should be, at a bounded rate. */
export class PlaneReconciler {
  readonly #options: ReconcilerOptions;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #written = new Map<DataPlaneKey, Map<ObjectKey, Written>>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const perSecond = options.writesPerSecond ?? 25;
    this.#bucket = new TokenBucket({ perSecond, burst: perSecond * 2, nowMs: this.#clock.monotonicMs() });
  }

  /** Makes, changes and deletes what is needed for a wanted data plane. Rejects only when aborted. */
  async provide(plane: DataPlane, signal: AbortSignal): Promise<Attempt> {
    const { namespaces } = this.#options;
    if (namespaces.length > 0 && !namespaces.includes(plane.namespace)) {
      const failures = new Map([
        [objectKey("Deployment", plane.namespace, objectName(plane)), elsewhereFailure(plane, namespaces)],
      ]);
      return { isDone: true, failures, retryAfterMs: 0 };
    }
    return this.#carryOut(this.#plan(plane), { plane, signal });
  }

  /** Deletes what was made for a data plane that nothing wants; `only` says what may go. Rejects only when aborted. */
  async remove(key: DataPlaneKey, only: "owned" | "all", signal: AbortSignal): Promise<Attempt> {
    const { live, controllerName } = this.#options;
    this.#written.delete(key);
    const surplus = [...live.ofPlane(key).values()].filter(({ owners }) => only === "all" || owners.length > 0);
    return this.#carryOut(planDeletions(surplus, controllerName), { plane: undefined, signal });
  }

  #plan(plane: DataPlane): readonly Change[] {
    const { live, controllerName, certificates } = this.#options;
    const secret = live.get(objectKey("Secret", plane.namespace, objectName(plane)))?.object;
    const certificate = currentCertificate(plane, { secret, certificates, nowMs: this.#clock.nowMs() });
    const desired = desiredObjects(plane, { ...this.#options, certificate });
    const there = new Map(live.ofPlane(plane.key));
    for (const wanted of desired) {
      const known = live.get(wanted.key);
      if (known) there.set(wanted.key, known);
    }
    const written = this.#writtenOf(plane.key);
    return planChanges({
      plane,
      desired,
      live: there,
      written,
      controllerName,
      renewMs,
      nowMs: this.#clock.monotonicMs(),
    });
  }

  async #carryOut(
    changes: readonly Change[],
    step: { readonly plane: DataPlane | undefined; readonly signal: AbortSignal },
  ): Promise<Attempt> {
    const failures = new Map<ObjectKey, ProvisionFailure>();
    let isDone = true;
    let retryAfterMs = 0;
    for (const change of changes) {
      const subject = change.kind === "delete" ? change.live.key : change.desired.key;
      try {
        const result = await this.#write(change, step);
        if (result === undefined) continue;
        isDone = false;
        if (result !== "gone" && change.kind !== "delete") failures.set(subject, foreignFailure(change.desired));
      } catch (error) {
        if (step.signal.aborted) throw error;
        isDone = false;
        if (error instanceof NotLeadingError) break;
        this.#options.onError?.(error, subject);
        const failure = change.kind === "delete" ? undefined : failureOf(error, change.desired);
        if (failure) failures.set(subject, failure);
        if (error instanceof KubeError) retryAfterMs = Math.max(retryAfterMs, error.retryAfterMs ?? 0);
      }
    }
    return { isDone, failures, retryAfterMs };
  }

  /** `undefined` when it is done; otherwise what stands in the way. */
  async #write(
    change: Change,
    { plane, signal }: { readonly plane: DataPlane | undefined; readonly signal: AbortSignal },
  ): Promise<"foreign" | "gone" | undefined> {
    const { client, controllerName } = this.#options;
    if (change.kind === "foreign") return "foreign";
    await this.#takeTurn(signal);
    if (change.kind === "delete") {
      // Of what was gone before, no watch will tell.
      if ((await deleteObject(client, change.live, signal)) === "gone") this.#options.live.forget(change.live);
      return undefined;
    }
    const { desired } = change;
    if (change.kind === "apply") return this.#note(desired, await updateObject(client, change, signal));
    if (plane === undefined) return undefined;
    return this.#note(desired, await createObject(client, { plane, desired, controllerName }, signal));
  }

  #note(desired: DesiredObject, result: WriteResult): "foreign" | "gone" | undefined {
    if (result.kind !== "written") return result.kind;
    const { object } = result.live;
    const fields = ownFields(desired.object, object);
    this.#writtenOf(desired.plane).set(desired.key, { fields, atMs: this.#clock.monotonicMs() });
    this.#options.live.note(object);
    return undefined;
  }

  #writtenOf(plane: DataPlaneKey): Map<ObjectKey, Written> {
    const known = this.#written.get(plane) ?? new Map<ObjectKey, Written>();
    this.#written.set(plane, known);
    return known;
  }

  /** Keeps the rate of writes, and that only a leader writes. */
  async #takeTurn(signal: AbortSignal): Promise<void> {
    const waitMs = () => this.#bucket.waitMs(this.#clock.monotonicMs());
    for (let ms = waitMs(); ms > 0; ms = waitMs()) await pause(ms, signal);
    this.#bucket.take(this.#clock.monotonicMs());
    if (!this.#options.isLeading()) throw new NotLeadingError();
  }
}

/** Rejects when aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.reject(signal.reason);
  const stop = () => {
    clearTimeout(timer);
    reject(signal.reason);
  };
  const timer = setTimeout(() => {
    signal.removeEventListener("abort", stop);
    resolve();
  }, ms);
  signal.addEventListener("abort", stop, { once: true });
  return promise;
}

class NotLeadingError extends Error {
  override readonly name = "NotLeadingError";
}

/** The certificate that a Secret holds while that will do, with those to trust as they are now; otherwise a new one. */
function currentCertificate(
  plane: DataPlane,
  {
    secret,
    certificates,
    nowMs,
  }: { readonly secret: KubeObject | undefined; readonly certificates: CertificateSource; readonly nowMs: number },
): StreamCertificate {
  const data = recordOf(secret?.["data"]);
  const textOf = (value: unknown) => (typeof value === "string" ? Buffer.from(value, "base64").toString() : "");
  const stored = { "tls.crt": textOf(data["tls.crt"]), "tls.key": textOf(data["tls.key"]) };
  const identity = { namespace: plane.namespace, name: plane.name };
  if (!certificates.isUsable(stored, identity, nowMs)) return certificates.issue(identity, nowMs);
  return { ...stored, "ca.crt": certificates.bundlePem() };
}
