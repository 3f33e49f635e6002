import type { KubeClient, KubeObject, ResourcePath } from "../../kube/kube-client.ts";
import type { JsonObject } from "../../resource/json.ts";
import { keyOfTwin, type NamespacedName } from "../../resource/keys.ts";
import { type Kind, kinds, type Twin } from "../../resource/kinds.ts";
import { KindTable, type TableChange } from "./kind-table.ts";
import { readingOf } from "./readings.ts";
import { Reflector, type ReflectorState, type ReflectorTuning } from "./reflector.ts";
import type { Refusal } from "./source-findings.ts";

export type KindWatchOptions = {
  readonly client: KubeClient;
  readonly kind: Kind;
  /** Read the kind's twin, in place of the kind itself. Most clusters do not have it. */
  readonly twin?: Twin;
  /** Read these alone, where the kind lies in namespaces. Absent: all. */
  readonly namespaces?: readonly string[];
  /** What of an object is kept. Absent: what the kind's reading says. */
  readonly trim?: (object: KubeObject) => JsonObject | undefined;
  readonly tuning: ReflectorTuning;
  readonly onChange: (kind: Kind, key: NamespacedName, change: TableChange) => void;
  readonly onState: (kind: Kind) => void;
};

/** How the reading of a kind goes, for readiness, metrics and people. */
export type KindHealth = ReflectorState & {
  readonly kind: Kind;
  /** Through which it is read. */
  readonly version: string;
  /** Absent: over the whole cluster. */
  readonly namespace?: string;
};

type Part = {
  readonly namespace: string | undefined;
  readonly known: Map<NamespacedName, string>;
  reflector: Reflector;
};

/** One kind of a cluster: its table, and what keeps it in step, over the whole cluster or in each namespace. */
export class KindWatch {
  readonly kind: Kind;
  readonly table: KindTable;
  readonly #options: KindWatchOptions;
  readonly #running = new Set<Promise<void>>();
  #parts: readonly Part[] = [];
  #stop: AbortController | undefined;
  #version: string;

  constructor(options: KindWatchOptions) {
    this.#options = options;
    this.kind = options.kind;
    this.table = new KindTable(options.kind, options.trim);
    this.#version = kinds[options.kind].version;
  }

  /** The version of the API through which the kind is read. */
  get version(): string {
    return this.#version;
  }

  get health(): readonly KindHealth[] {
    return this.#parts.map(({ namespace, reflector }) => ({
      kind: this.kind,
      version: this.#version,
      ...(namespace === undefined ? {} : { namespace }),
      ...reflector.state,
    }));
  }

  /** Whether the table can be built on: it has been what the server had, or we have to do without it. */
  get settled(): boolean {
    return (
      this.#parts.length > 0 &&
      this.health.every(({ synced, error }) => synced || (error?.status === 403 && this.#canDoWithout))
    );
  }

  /** Whether the server has no such kind. */
  get absent(): boolean {
    return this.#parts.length > 0 && this.health.every(({ phase }) => phase === "absent");
  }

  get refusals(): readonly Refusal[] {
    return this.health.flatMap(({ error, namespace }) =>
      error?.status === 403
        ? [{ kind: this.kind, ...(namespace === undefined ? {} : { namespace }), message: error.message }]
        : [],
    );
  }

  /** Begins to read through this version; what was read through another stays until it is read anew. */
  start(version: string): void {
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.#version = version;
    const { namespaces } = this.#options;
    const places = kinds[this.kind].scope === "Namespaced" && namespaces ? namespaces : [undefined];
    this.#parts = places.map((namespace) => {
      const known = this.#parts.find((part) => part.namespace === namespace)?.known ?? new Map();
      return { namespace, known, reflector: this.#reflector(namespace, known) };
    });
    for (const { reflector } of this.#parts) {
      const run = reflector.run(stop.signal).finally(() => this.#running.delete(run));
      this.#running.add(run);
    }
  }

  /** What was in the way of reading may be gone. */
  wake(): void {
    for (const { reflector } of this.#parts) reflector.wake();
  }

  async close(): Promise<void> {
    this.#stop?.abort();
    await Promise.all(this.#running);
  }

  get #canDoWithout(): boolean {
    const outside = kinds[this.kind].scope === "Cluster" && this.#options.namespaces !== undefined;
    return outside || this.#options.twin !== undefined || readingOf(this.kind).forbidden === "without";
  }

  #reflector(namespace: string | undefined, known: Map<NamespacedName, string>): Reflector {
    const { client, tuning, twin, onChange, onState } = this.#options;
    const { group, plural } = twin ?? kinds[this.kind];
    const keyed = (key: NamespacedName) => (twin === undefined ? key : keyOfTwin(key, twin.group));
    const path: ResourcePath = {
      group,
      version: this.#version,
      plural,
      ...(namespace === undefined ? {} : { namespace }),
    };
    const { selection } = readingOf(this.kind);
    return new Reflector({
      ...tuning,
      client,
      path,
      known,
      ...(selection === undefined ? {} : { selection }),
      sink: {
        put: (key, object: KubeObject) => onChange(this.kind, keyed(key), this.table.put(keyed(key), object)),
        remove: (key) => onChange(this.kind, keyed(key), this.table.remove(keyed(key))),
        stateChanged: () => onState(this.kind),
      },
    });
  }
}
