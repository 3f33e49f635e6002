import type { DataPlaneKey } from "../infrastructure/data-plane.ts";
import type { KubeObject } from "../kube/kube-client.ts";
import type { ManagedKind } from "./managed-kinds.ts";
import { type LiveObject, type ObjectKey, objectKey, readLive } from "./managed-object.ts";
import { planeAnnotation } from "./object-labels.ts";

/** Where a watch of one kind puts what it sees. Fits a reflector. */
export type LiveSink = {
  put(key: string, object: KubeObject): void;
  remove(key: string): void;
  stateChanged(state: WatchState): void;
};

type WatchState = {
  readonly synced: boolean;
  readonly error?: { readonly status: number; readonly message: string };
};

/** Objects of a kind that may not be read. */
export type LiveRefusal = {
  readonly kind: ManagedKind;
  /** Absent: over the whole cluster. */
  readonly namespace?: string;
  /** What the API server said. */
  readonly message: string;
};

/** Names of objects that are gone that are remembered: far more than are written at a time. */
const goneLimit = 1000;

/** The objects of all data planes as they are in the cluster, kept up to date by watches of `managedSelector`. */
export class LiveObjects {
  readonly #objects = new Map<ObjectKey, LiveObject>();
  readonly #byPlane = new Map<DataPlaneKey, Map<ObjectKey, LiveObject>>();
  /** The last object of each name that is gone: the answer to a write may come after the word of its end. */
  readonly #gone = new Map<ObjectKey, string>();
  readonly #sinks = new Set<{ synced: boolean; refusal: LiveRefusal | undefined }>();
  readonly #listeners = new Set<(plane: DataPlaneKey | undefined) => void>();

  /** Everything has been listed once. False without any watch. */
  get synced(): boolean {
    return this.#sinks.size > 0 && [...this.#sinks].every(({ synced }) => synced);
  }

  /** Kinds that may not be read; what was read of them before stays. */
  get refusals(): readonly LiveRefusal[] {
    return [...this.#sinks].flatMap(({ refusal }) => refusal ?? []);
  }

  /** A place for the objects of a kind, of all namespaces or of one. Call it for every watch before any begins. */
  sink(kind: ManagedKind, namespace?: string): LiveSink {
    const own: { synced: boolean; refusal: LiveRefusal | undefined } = { synced: false, refusal: undefined };
    this.#sinks.add(own);
    return {
      put: (_, object) => this.#put(readLive(object)),
      // Keys of a watch are `namespace/name`.
      remove: (key) => {
        const slash = key.indexOf("/");
        this.#remove(objectKey(kind, key.slice(0, slash), key.slice(slash + 1)));
      },
      stateChanged: ({ synced, error }) => {
        const refused = error?.status === 403 ? error.message : undefined;
        const isNews = (synced && !own.synced) || refused !== own.refusal?.message;
        own.synced ||= synced;
        own.refusal =
          refused === undefined
            ? undefined
            : { kind, message: refused, ...(namespace === undefined ? {} : { namespace }) };
        if (isNews) this.#tell(undefined);
      },
    };
  }

  /** What a write came to, before the watches tell; what they have told of a later time stays, also that it is gone. */
  note(object: KubeObject): void {
    const live = readLive(object);
    if (live === undefined || this.#gone.get(live.key) === live.uid) return;
    const known = this.#objects.get(live.key);
    if (known === undefined || !(Number(known.resourceVersion) > Number(live.resourceVersion))) this.#put(live);
  }

  /** The API server does not have this object any more, whatever the watches say so far. */
  forget({ key, uid }: Pick<LiveObject, "key" | "uid">): void {
    if (this.#objects.get(key)?.uid === uid) this.#remove(key);
  }

  get(key: ObjectKey): LiveObject | undefined {
    return this.#objects.get(key);
  }

  /** Objects that are marked with the data plane. */
  ofPlane(plane: DataPlaneKey): ReadonlyMap<ObjectKey, LiveObject> {
    return this.#byPlane.get(plane) ?? new Map();
  }

  /** Data planes that there are objects of. */
  planes(): readonly DataPlaneKey[] {
    return [...this.#byPlane.keys()];
  }

  /** Calls `listener` with the data plane whose objects have changed; without one when it concerns them all. */
  subscribe(listener: (plane: DataPlaneKey | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #put(live: LiveObject | undefined): void {
    if (live === undefined) return;
    const old = planeOf(this.#objects.get(live.key));
    const plane = planeOf(live);
    this.#objects.set(live.key, live);
    if (old !== undefined && old !== plane) this.#unmark(old, live.key);
    if (plane === undefined) return;
    const known = this.#byPlane.get(plane);
    if (known) known.set(live.key, live);
    else this.#byPlane.set(plane, new Map([[live.key, live]]));
    this.#tell(plane);
  }

  #remove(key: ObjectKey): void {
    const live = this.#objects.get(key);
    const plane = planeOf(live);
    this.#objects.delete(key);
    if (live !== undefined) this.#bury(live);
    if (plane !== undefined) this.#unmark(plane, key);
  }

  #bury({ key, uid }: LiveObject): void {
    this.#gone.delete(key);
    this.#gone.set(key, uid);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > goneLimit && oldest !== undefined) this.#gone.delete(oldest);
  }

  #unmark(plane: DataPlaneKey, key: ObjectKey): void {
    const known = this.#byPlane.get(plane);
    known?.delete(key);
    if (known?.size === 0) this.#byPlane.delete(plane);
    this.#tell(plane);
  }

  #tell(plane: DataPlaneKey | undefined): void {
    for (const listener of this.#listeners) listener(plane);
  }
}

function planeOf(live: LiveObject | undefined): DataPlaneKey | undefined {
  const plane = live?.annotations[planeAnnotation];
  return typeof plane === "string" ? plane : undefined;
}
