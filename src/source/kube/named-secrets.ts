import type { KubeClient } from "../../kube/kube-client.ts";
import type { NamespacedName } from "../../resource/keys.ts";
import { kinds } from "../../resource/kinds.ts";
import { KindTable, type TableChange } from "./kind-table.ts";
import { tlsSecretType, trimNamedSecret } from "./readings.ts";
import { Reflector, type ReflectorTuning } from "./reflector.ts";
import type { SecretReference } from "./secret-references.ts";

export type NamedSecretsOptions = {
  readonly client: KubeClient;
  readonly tuning: ReflectorTuning;
  /** Secrets at a time; each is a connection. Default 100. */
  readonly limit?: number;
  readonly onChange: (key: NamespacedName, change: TableChange) => void;
  readonly onState: () => void;
};

type Watched = { readonly reflector: Reflector; readonly stop: AbortController };

/**
 * Watches single Secrets that something refers to and that are not of type kubernetes.io/tls, such as an Opaque one with an
 * authority in `ca.crt`, or with what a policy lets clients in by: so the other Secrets of the cluster are never read.
 */
export class NamedSecrets {
  /** Of these Secrets alone. */
  readonly table = new KindTable("Secret", trimNamedSecret);
  readonly #options: NamedSecretsOptions;
  readonly #watched = new Map<NamespacedName, Watched>();
  readonly #running = new Set<Promise<void>>();
  #omitted: readonly SecretReference[] = [];

  constructor(options: NamedSecretsOptions) {
    this.#options = options;
  }

  /** Secrets above the limit, which are not read. */
  get omitted(): readonly SecretReference[] {
    return this.#omitted;
  }

  /** Whether it is known of every Secret if it is there and what it holds. */
  get settled(): boolean {
    return this.#watched.values().every(({ reflector: { state } }) => state.synced || state.error?.status === 403);
  }

  /** From now on these are watched. */
  update(references: Iterable<SecretReference>): void {
    const { limit = 100 } = this.#options;
    const order = this.#byTurn(references);
    const kept = order.slice(0, limit);
    this.#omitted = order.slice(limit);
    const keys = new Set(kept.map(({ key }) => key));
    for (const [key, watched] of this.#watched) if (!keys.has(key)) this.#forget(key, watched);
    for (const reference of kept) if (!this.#watched.has(reference.key)) this.#watch(reference);
  }

  /**
   * Each once, one of every referring namespace after the other: who refers to many Secrets pushes out none of another's. Those
   * that are watched already come first, so that one more reference of a namespace does not push another of its own out.
   */
  #byTurn(references: Iterable<SecretReference>): readonly SecretReference[] {
    const order = (a: SecretReference, b: SecretReference) =>
      Number(this.#watched.has(b.key)) - Number(this.#watched.has(a.key)) || (a.key < b.key ? -1 : 1);
    const turns = [...Map.groupBy(references, ({ from }) => from).values()].flatMap((own) => {
      const single = new Map(own.map((reference) => [reference.key, reference]));
      return [...single.values()].sort(order).map((reference, turn) => ({ reference, turn }));
    });
    turns.sort((a, b) => a.turn - b.turn || order(a.reference, b.reference));
    const unique = new Map<NamespacedName, SecretReference>();
    for (const { reference } of turns) if (!unique.has(reference.key)) unique.set(reference.key, reference);
    return [...unique.values()];
  }

  async close(): Promise<void> {
    for (const { stop } of this.#watched.values()) stop.abort();
    await Promise.all(this.#running);
  }

  #watch({ key, namespace, name }: SecretReference): void {
    const { client, tuning, onChange, onState } = this.#options;
    const { group, version, plural } = kinds.Secret;
    const stop = new AbortController();
    const reflector = new Reflector({
      ...tuning,
      client,
      path: { group, version, plural, namespace },
      selection: { fieldSelector: `metadata.name=${name}` },
      sink: {
        put: (_, object) => {
          if (object["type"] === tlsSecretType) this.#remove(key);
          else onChange(key, this.table.put(key, object));
        },
        remove: () => this.#remove(key),
        stateChanged: onState,
      },
    });
    this.#watched.set(key, { reflector, stop });
    const run = reflector.run(stop.signal).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  #forget(key: NamespacedName, { stop }: Watched): void {
    stop.abort();
    this.#watched.delete(key);
    this.#remove(key);
  }

  #remove(key: NamespacedName): void {
    this.#options.onChange(key, this.table.remove(key));
  }
}
