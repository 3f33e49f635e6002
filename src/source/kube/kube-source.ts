import { isDeepStrictEqual } from "node:util";
import type { Finding, ObjectRef } from "../../finding/finding.ts";
import type { ResourcePath } from "../../kube/kube-client.ts";
import { type NamespacedName, namespacedName } from "../../resource/keys.ts";
import { type Kind, kindOf, kinds, type Resource, twinOf } from "../../resource/kinds.ts";
import { type KindIndex, snapshotOf } from "../../store/create-snapshot.ts";
import type { StoreState } from "../../store/store.ts";
import type { LiveState, TableChange } from "./kind-table.ts";
import { type KindHealth, KindWatch } from "./kind-watch.ts";
import type { KubeSourceOptions, StartOptions } from "./kube-source-options.ts";
import { NamedSecrets } from "./named-secrets.ts";
import { kindOfCrd, kindOfTwinCrd, readKinds, trimSettings } from "./readings.ts";
import { isSecretOwner, type SecretReference, secretReferences } from "./secret-references.ts";
import { circumstanceFindings, omittedSecretFindings } from "./source-findings.ts";
import { notReadyError, type SourceNotReadyError } from "./source-not-ready.ts";
import { VersionDiscovery } from "./version-discovery.ts";

/** What has changed: `endpoints` are EndpointSlices alone. Statuses are told by {@link KubeSource.live}. */
export type SourceChange = "resources" | "endpoints";

/** An object as the API server has it: where it is written, in which version it is, and its status. */
export type LiveObject = LiveState & { readonly path: ResourcePath };

/**
 * The objects of a cluster, kept in step with its API server. {@link KubeSource.state} is built when it is asked for, so that a
 * change costs next to nothing; resources of which nothing that is read changes keep their identity.
 */
export class KubeSource {
  /** `undefined`: all. */
  readonly #namespaces: readonly string[] | undefined;
  readonly #watches: ReadonlyMap<Kind, KindWatch>;
  /** Of the kinds' twins, which are read where the cluster has them. */
  readonly #twins: ReadonlyMap<Kind, KindWatch>;
  readonly #namedSecrets: NamedSecrets;
  readonly #discovery: VersionDiscovery;
  readonly #listeners = new Set<(change: SourceChange) => void>();
  readonly #liveListeners = new Set<(ref: ObjectRef) => void>();
  readonly #stop = new AbortController();
  readonly #references = new WeakMap<Resource, readonly SecretReference[]>();
  #progress: (() => void) | undefined;
  #started = false;
  #state: StoreState = { version: 0, snapshot: snapshotOf(new Map()), findings: [] };
  #indexes: ReadonlyMap<Kind, KindIndex> = new Map();
  #stale = false;
  #ownFindings: readonly Finding[] = [];
  /** Secrets are looked for once for all changes that come together. */
  #search: NodeJS.Immediate | undefined;
  #secretsDue = false;
  readonly #joined = new Map<Kind, { readonly own: KindIndex; readonly others: KindIndex; readonly both: KindIndex }>();

  /** The objects' statuses and versions, for who writes them. */
  readonly live = {
    get: (ref: ObjectRef): LiveObject | undefined => this.#liveObject(ref),
    /** Calls `listener` when an object came, changed (its status alone, too) or went. Returns what takes it off again. */
    subscribe: (listener: (ref: ObjectRef) => void): (() => void) => {
      this.#liveListeners.add(listener);
      return () => this.#liveListeners.delete(listener);
    },
  };

  constructor(options: KubeSourceOptions) {
    const { client, tuning = {}, ingresses = false } = options;
    const read = readKinds(ingresses);
    const namespaces = options.namespaces?.length ? [...new Set(options.namespaces)] : undefined;
    this.#namespaces = namespaces;
    const onChange = (kind: Kind, key: NamespacedName, change: TableChange) => this.#changed(kind, key, change);
    const onState = (kind: Kind) => this.#stateChanged(kind);
    const common = { client, ...(namespaces ? { namespaces } : {}), tuning, onChange, onState };
    const whole = ingresses ? { trim: trimSettings } : {};
    this.#watches = new Map(
      read.map((kind) => [kind, new KindWatch({ ...common, ...(kind === "ConfigMap" ? whole : {}), kind })]),
    );
    this.#twins = new Map(
      read.flatMap((kind) => {
        const twin = twinOf(kind);
        return twin === undefined ? [] : [[kind, new KindWatch({ ...common, kind, twin })] as const];
      }),
    );
    this.#namedSecrets = new NamedSecrets({
      client,
      tuning,
      onChange: (key, change) => this.#changed("Secret", key, change),
      onState: () => onState("Secret"),
    });
    this.#discovery = new VersionDiscovery({
      client,
      kinds: read,
      ...(tuning.backoff === undefined ? {} : { backoff: tuning.backoff }),
      expected: () => this.#installedKinds(),
      onFound: (versions, before) => this.#versionsFound(versions, before),
    });
  }

  /** As it is now. Empty, of version 0, until {@link KubeSource.start} has resolved. */
  get state(): StoreState {
    if (this.#started && this.#secretsDue) this.#updateSecrets();
    if (this.#stale) this.#build();
    return this.#state;
  }

  /** One row for each kind, or for each kind and namespace that is read. */
  get health(): readonly KindHealth[] {
    return [...this.#watches.values()].flatMap((watch) => watch.health);
  }

  /** Calls `listener` at each change: what comes together is for the listener to take together. Returns what takes it off again. */
  subscribe(listener: (change: SourceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves when everything that the cluster serves has been read once. Rejects with {@link SourceNotReadyError} at the deadline:
   * to conclude from half a cluster would take away what is served. Reading goes on until {@link KubeSource.close}.
   */
  async start(options: StartOptions = {}): Promise<void> {
    const { deadlineMs = 120_000, signal, onProgress } = options;
    const deadline = AbortSignal.timeout(deadlineMs);
    const ended = AbortSignal.any([deadline, this.#stop.signal, ...(signal ? [signal] : [])]);
    const versions = await this.#discovery.first(ended);
    if (!versions) throw this.#notReady(deadline.aborted ? deadlineMs : undefined);
    for (const [kind, watch] of this.#watches) watch.start(versions.get(kind) ?? kinds[kind].version);
    for (const [kind, watch] of this.#twins) watch.start(kinds[kind].version);
    const done = Promise.withResolvers<void>();
    this.#progress = () => {
      onProgress?.(this.health);
      if (!this.#allWatches().every((watch) => watch.settled)) return;
      this.#updateSecrets();
      if (this.#namedSecrets.settled) done.resolve();
    };
    const onEnd = () => done.reject(this.#notReady(deadline.aborted ? deadlineMs : undefined));
    ended.addEventListener("abort", onEnd, { once: true });
    if (ended.aborted) onEnd();
    try {
      await done.promise;
    } finally {
      this.#progress = undefined;
      ended.removeEventListener("abort", onEnd);
    }
    this.#started = true;
    this.#ownFindings = this.#findCircumstances();
    this.#stale = true;
    if (this.#secretsDue) this.#updateSecrets();
  }

  /** Stops reading; the state stays as it is. */
  async close(): Promise<void> {
    this.#stop.abort();
    clearImmediate(this.#search);
    await Promise.all([
      ...this.#allWatches().map((watch) => watch.close()),
      this.#namedSecrets.close(),
      this.#discovery.close(),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #watch(kind: Kind): KindWatch {
    return this.#watches.get(kind) as KindWatch;
  }

  #allWatches(): readonly KindWatch[] {
    return [...this.#watches.values(), ...this.#twins.values()];
  }

  #changed(kind: Kind, key: NamespacedName, change: TableChange): void {
    if (change === "nothing") return;
    if (change === "resource") {
      this.#stale = this.#started;
      if (kind === "Secret" || isSecretOwner(kind)) this.#secretsDue = true;
      this.#note(kind === "EndpointSlice" ? "endpoints" : "resources");
      if (kind === "CustomResourceDefinition") this.#crdChanged(key);
    }
    if (!("status" in kinds[kind])) return;
    const ref = refOf(kind, key);
    for (const listener of this.#liveListeners) listener(ref);
  }

  #stateChanged(kind: Kind): void {
    this.#progress?.();
    if (!this.#started) return;
    // It may have come in another version than the one that it is looked for in.
    if (this.#watch(kind).absent) this.#discovery.again();
    const findings = this.#findCircumstances();
    if (isDeepStrictEqual(findings, this.#ownFindings)) return;
    this.#ownFindings = findings;
    this.#stale = true;
    this.#note("resources");
  }

  #note(change: SourceChange): void {
    if (!this.#started || this.#stop.signal.aborted) return;
    if (this.#secretsDue) {
      this.#search ??= setImmediate(() => {
        this.#search = undefined;
        if (this.#secretsDue) this.#updateSecrets();
      });
    }
    for (const listener of this.#listeners) listener(change);
  }

  #build(): void {
    this.#stale = false;
    const crds = this.#watch("CustomResourceDefinition").table.index;
    const indexes = new Map([...this.#watches].map(([kind, { table }]) => [kind, table.index]));
    for (const [kind, { table }] of [...this.#twins, ["Secret", this.#namedSecrets] as const])
      indexes.set(kind, this.#both(kind, table.index));
    const same = [...indexes].every(([kind, index]) => this.#indexes.get(kind) === index);
    if (this.#indexes.get("CustomResourceDefinition") !== crds) this.#ownFindings = this.#findCircumstances();
    this.#indexes = indexes;
    this.#state = Object.freeze({
      version: this.#state.version + 1,
      snapshot: same ? this.#state.snapshot : snapshotOf(indexes),
      findings: Object.freeze([
        ...this.#ownFindings,
        ...this.#allWatches().flatMap(({ table }) => table.findings),
        ...this.#namedSecrets.table.findings,
        ...omittedSecretFindings(this.#namedSecrets.omitted),
      ]),
    });
  }

  /** What is watched of a kind and what else there is of it. The same map as long as neither part changes. */
  #both(kind: Kind, others: KindIndex): KindIndex {
    const own = this.#watch(kind).table.index;
    if (others.size === 0) return own;
    const known = this.#joined.get(kind);
    if (known?.own === own && known.others === others) return known.both;
    const both: KindIndex = new Map([...own, ...others]);
    this.#joined.set(kind, { own, others, both });
    return both;
  }

  #findCircumstances(): readonly Finding[] {
    const crds = [...this.#watch("CustomResourceDefinition").table.index.values()];
    return circumstanceFindings([...this.#watches.values()], {
      crds: crds as Resource<"CustomResourceDefinition">[],
      scope: this.#namespaces ? "namespaces" : "cluster",
    });
  }

  #updateSecrets(): void {
    this.#secretsDue = false;
    // What is left out is told in the findings.
    this.#stale = this.#started;
    const namespaces = this.#namespaces;
    const references = this.#allWatches()
      .filter(({ kind }) => isSecretOwner(kind))
      .flatMap(({ table }) => [...table.index.values()].flatMap((resource) => this.#referencesOf(resource)));
    const { table } = this.#watch("Secret");
    this.#namedSecrets.update(
      references.filter(
        ({ key, namespace }) => !table.resource(key) && (namespaces === undefined || namespaces.includes(namespace)),
      ),
    );
  }

  #referencesOf(resource: Resource): readonly SecretReference[] {
    let references = this.#references.get(resource);
    if (references === undefined) {
      references = secretReferences(resource);
      this.#references.set(resource, references);
    }
    return references;
  }

  #liveObject({ group, kind, namespace, name }: ObjectRef): LiveObject | undefined {
    const known = kindOf(group, kind);
    const twin = known && twinOf(known);
    const isTwin = twin !== undefined && twin.group === group;
    const watch = known && (isTwin ? this.#twins : this.#watches).get(known);
    const live = watch?.table.live(namespacedName(namespace, name, isTwin ? group : undefined));
    if (!known || !watch || !live) return undefined;
    const { plural } = isTwin ? twin : kinds[known];
    return { ...live, path: { group, version: watch.version, plural, ...(namespace ? { namespace } : {}), name } };
  }

  #crdChanged(key: NamespacedName): void {
    const ofTwin = kindOfTwinCrd(key.slice(1));
    if (ofTwin && this.#watch("CustomResourceDefinition").table.resource(key)) this.#twins.get(ofTwin)?.wake();
    const kind = kindOfCrd(key.slice(1));
    const watch = kind && this.#watches.get(kind);
    if (!watch || !this.#watch("CustomResourceDefinition").table.resource(key)) return;
    if (watch.absent) watch.wake();
    if (this.#started) this.#discovery.again();
  }

  #versionsFound(versions: ReadonlyMap<Kind, string>, before: ReadonlySet<Kind>): void {
    for (const [kind, version] of versions) {
      const watch = this.#watch(kind);
      if (watch.version !== version) watch.start(version);
      else if (!before.has(kind) && watch.absent) watch.wake();
    }
  }

  /** Kinds whose CustomResourceDefinition is there. */
  *#installedKinds(): Generator<Kind> {
    for (const key of this.#watch("CustomResourceDefinition").table.index.keys()) {
      const kind = kindOfCrd(key.slice(1));
      if (kind && this.#watches.has(kind)) yield kind;
    }
  }

  #notReady(deadlineMs: number | undefined): SourceNotReadyError {
    return notReadyError([...this.#allWatches()], { discoveryError: this.#discovery.error, deadlineMs });
  }
}

function refOf(kind: Kind, key: NamespacedName): ObjectRef {
  const [namespace = "", name = "", twinGroup] = key.split("/");
  const twin = twinGroup === undefined ? undefined : twinOf(kind);
  const { group, kind: kindName } = twin ?? { group: kinds[kind].group, kind };
  return { kind: kindName, group, ...(namespace === "" ? {} : { namespace }), name };
}
