import { type Clock, systemClock } from "../../base/clock.ts";
import { sameJson } from "../../base/same-json.ts";
import type { ObjectRef } from "../../finding/finding.ts";
import { type KubeClient, KubeError, type ResourcePath } from "../../kube/kube-client.ts";
import { installationAnnotation } from "../../resource/installation-annotation.ts";
import { kinds, type Resource } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";

/** Which installation is in charge. `pending`: nobody yet, as far as is known. */
export type ClaimState =
  | { readonly kind: "pending" }
  | { readonly kind: "ours" }
  | { readonly kind: "another"; readonly className: string; readonly installation: string };

export type InstallationClaimOptions = {
  readonly client: KubeClient;
  readonly source: {
    readonly state: { readonly snapshot: Snapshot };
    readonly live: { get(ref: ObjectRef): LiveClass | undefined };
    /** Calls `listener` after changes. Returns what takes it off again. */
    subscribe(listener: () => void): () => void;
  };
  readonly controllerName: string;
  /** The namespace of this installation, in which its Lease is too. */
  readonly installation: string;
  /** What went wrong with a request, for the log; it is tried again. */
  readonly onError?: (error: unknown, className: string) => void;
  /** Owner of the annotation in `managedFields`. Default `sluice`. */
  readonly fieldManager?: string;
  readonly clock?: Clock;
};

/** A GatewayClass as the watch last showed it. */
type LiveClass = { readonly path: ResourcePath; readonly uid: string; readonly resourceVersion: string };

/** After a failure, and for the watch to show what was written. */
const retryMs = 30_000;
/** An annotation that somebody took off by mistake is for the installation that was in charge to write again. */
const yieldMs = 10_000;

/**
 * Leaves one installation alone in charge of a controllerName. Statuses and data planes are marked with nothing but that name,
 * so two installations that share it would write over each other's without end. The first to write its namespace on the oldest
 * GatewayClass of the name is in charge, until the annotation or the class is taken away, or the namespace is gone.
 * Only while started, which is for the replica that leads its installation to do.
 */
export class InstallationClaim {
  readonly #options: InstallationClaimOptions;
  readonly #clock: Clock;
  readonly #listeners = new Set<(state: ClaimState) => void>();
  #state: ClaimState = { kind: "pending" };
  #session: AbortController | undefined;
  #unsubscribe: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  /** A version of a class that is not written again before. */
  #left: { readonly version: string; readonly untilMs: number } | undefined;

  constructor(options: InstallationClaimOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get state(): ClaimState {
    return this.#state;
  }

  /** Calls `listener` whenever the state changes, but for {@link InstallationClaim.stop}. Returns what takes it off again. */
  subscribe(listener: (state: ClaimState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to look, and to claim what nobody has claimed: this replica leads its installation. */
  start(): void {
    if (this.#session) return;
    this.#session = new AbortController();
    this.#unsubscribe = this.#options.source.subscribe(() => this.#look());
    this.#look();
  }

  /** Stops at once, with the state `pending`; the annotation stays. Resolves when no request is on its way any more. */
  async stop(): Promise<void> {
    this.#session?.abort();
    this.#session = undefined;
    this.#unsubscribe?.();
    clearTimeout(this.#timer);
    this.#left = undefined;
    this.#state = { kind: "pending" };
    await this.#writing;
  }

  #look(): void {
    if (!this.#session) return;
    const { source, controllerName, installation } = this.#options;
    const { snapshot } = source.state;
    const gatewayClass = decidingClass(snapshot, controllerName);
    const holder = gatewayClass?.metadata.annotations[installationAnnotation] ?? "";
    const className = gatewayClass?.metadata.name;
    // Without a class there is nothing to serve, and nothing to be of two minds about.
    if (className === undefined || holder === installation) this.#become({ kind: "ours" });
    else if (isThere(holder, snapshot)) this.#become({ kind: "another", className, installation: holder });
    else this.#claim(className);
  }

  #become(state: ClaimState): void {
    clearTimeout(this.#timer);
    const before = this.#state;
    this.#state = state;
    if (sameJson(before, state)) return;
    for (const listener of this.#listeners) listener(state);
  }

  #claim(className: string): void {
    if (!this.#session || this.#writing) return;
    clearTimeout(this.#timer);
    const live = this.#options.source.live.get({
      group: kinds.GatewayClass.group,
      kind: "GatewayClass",
      name: className,
    });
    if (!live) return;
    const nowMs = this.#clock.monotonicMs();
    const wasTheirs = this.#state.kind === "another" && this.#state.className === className;
    if (wasTheirs && this.#left?.version !== live.resourceVersion)
      this.#left = { version: live.resourceVersion, untilMs: nowMs + yieldMs };
    const waitMs = this.#left?.version === live.resourceVersion ? this.#left.untilMs - nowMs : 0;
    if (waitMs > 0) {
      this.#timer = setTimeout(() => this.#look(), waitMs);
      this.#timer.unref();
      return;
    }
    this.#writing = this.#write(className, live, this.#session.signal).finally(() => {
      this.#writing = undefined;
      this.#look();
    });
  }

  /** Never rejects. The watch shows who was first. */
  async #write(className: string, live: LiveClass, signal: AbortSignal): Promise<void> {
    const { client, installation, fieldManager = "sluice", onError } = this.#options;
    const { uid, resourceVersion } = live;
    try {
      const annotations = { [installationAnnotation]: installation };
      const body = { metadata: { uid, resourceVersion, annotations } };
      await client.patch(live.path, body, { type: "merge", fieldManager, signal });
    } catch (error) {
      const isOutdated = error instanceof KubeError && (error.status === 409 || error.status === 404);
      if (!signal.aborted && !isOutdated) onError?.(error, className);
    }
    this.#left = { version: resourceVersion, untilMs: this.#clock.monotonicMs() + retryMs };
  }
}

/** The oldest GatewayClass of a controllerName; among equals the first by name. */
function decidingClass(snapshot: Snapshot, controllerName: string): Resource<"GatewayClass"> | undefined {
  return snapshot
    .list("GatewayClass")
    .filter(({ spec }) => spec.controllerName === controllerName)
    .reduce<Resource<"GatewayClass"> | undefined>(
      (first, next) => (first && isBefore(first, next) ? first : next),
      undefined,
    );
}

function isBefore({ metadata: a }: Resource<"GatewayClass">, { metadata: b }: Resource<"GatewayClass">): boolean {
  const [aMs, bMs] = [Date.parse(a.creationTimestamp ?? ""), Date.parse(b.creationTimestamp ?? "")];
  return aMs === bMs || Number.isNaN(aMs) || Number.isNaN(bMs) ? a.name < b.name : aMs < bMs;
}

/** A claim of a namespace that is gone holds no longer. Where no namespace can be read, all are believed. */
function isThere(namespace: string, snapshot: Snapshot): boolean {
  if (namespace === "") return false;
  const namespaces = snapshot.list("Namespace");
  return namespaces.length === 0 || namespaces.some(({ metadata: { name } }) => name === namespace);
}
