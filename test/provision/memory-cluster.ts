import { type KubeClient, KubeError, type KubeObject, type ResourcePath } from "../../src/kube/kube-client.ts";
import { LiveObjects, type LiveSink } from "../../src/provision/live-objects.ts";
import { type ManagedKind, managedKindNames, managedKinds } from "../../src/provision/managed-kinds.ts";
import { FakeObjectStore, type Place, Refusal } from "../kube/fake-object-store.ts";

export type Write = { readonly verb: "patch" | "delete"; readonly key: string };

/** An API server in the same process for what the provisioner asks: server-side apply, deletion, reading, and its watches. */
export class MemoryCluster {
  readonly store = new FakeObjectStore();
  readonly live = new LiveObjects();
  /** Writes that were carried out. */
  readonly writes: Write[] = [];
  /** May refuse a write by throwing. */
  refuse: (verb: Write["verb"], kind: ManagedKind, name: string) => void = () => {};
  readonly client: KubeClient;
  /** Who is told when the server is back. */
  readonly #waiting = new Set<() => void>();
  readonly #sinks = new Map<string, LiveSink>();

  /** `synced`: the watches have listed everything. */
  constructor(state: "synced" | "listing" = "synced") {
    for (const kind of managedKindNames) this.#sinks.set(managedKinds[kind].plural, this.live.sink(kind));
    this.store.listeners.add(({ type, place, object }) => {
      const key = `${place.namespace}/${place.name}`;
      const sink = this.#sinks.get(place.plural);
      const labels = (object.metadata as { labels?: Record<string, string> }).labels ?? {};
      if (type === "DELETED" || labels["app.kubernetes.io/managed-by"] !== "sluice") sink?.remove(key);
      else sink?.put(key, structuredClone(object));
    });
    if (state === "synced") this.sync();
    const unused = (): never => {
      throw new Error("the provisioner does not ask this");
    };
    this.client = {
      get: (path) => this.#answer(() => this.#get(path)),
      patch: (path, patch) => this.#answer(() => this.#apply(path, patch)),
      delete: (path, options) => this.#answer(() => this.#delete(path, options?.uid)),
      list: unused,
      watch: unused,
      create: unused,
      replace: unused,
      raw: unused,
      onReachable: (listener) => {
        this.#waiting.add(listener);
        return () => this.#waiting.delete(listener);
      },
      close: async () => {},
    };
  }

  sync(): void {
    for (const sink of this.#sinks.values()) sink.stateChanged({ synced: true });
  }

  /** As after an outage. */
  comeBack(): void {
    for (const listener of this.#waiting) listener();
  }

  /** Objects as `Kind/name`, in order. */
  names(): readonly string[] {
    return managedKindNames
      .flatMap((kind) => {
        const { group, plural } = managedKinds[kind];
        return this.store.list(group, plural).map(({ metadata }) => `${kind}/${metadata.name}`);
      })
      .sort();
  }

  get(kind: ManagedKind, name: string, namespace = "infra"): KubeObject | undefined {
    return this.store.get(placeOf(kind, namespace, name));
  }

  /** As someone else does. */
  put(kind: ManagedKind, object: KubeObject, namespace = "infra"): void {
    const { name } = object["metadata"] as { name: string };
    const place = placeOf(kind, namespace, name);
    if (this.store.get(place)) this.store.merge(place, object, "object");
    else this.store.create(place, { kind, ...object });
  }

  setStatus(kind: ManagedKind, name: string, status: object, namespace = "infra"): void {
    const place = placeOf(kind, namespace, name);
    this.store.replace(place, { ...this.store.get(place), status }, "status");
  }

  remove(kind: ManagedKind, name: string, namespace = "infra"): void {
    this.store.delete(placeOf(kind, namespace, name));
  }

  #get(path: ResourcePath): KubeObject {
    const object = this.store.get(placeOfPath(path));
    if (!object) throw new Refusal(404, "NotFound", `${path.plural} "${path.name}" not found`);
    return object;
  }

  #apply(path: ResourcePath, patch: KubeObject): KubeObject {
    this.#note("patch", path);
    const { object } = this.store.apply(placeOfPath(path), patch, "sluice-provisioner");
    return object;
  }

  #delete(path: ResourcePath, uid: string | undefined): void {
    this.#note("delete", path);
    this.store.delete(placeOfPath(path), uid === undefined ? {} : { uid });
  }

  #note(verb: Write["verb"], path: ResourcePath): void {
    const kind = managedKindNames.find((one) => managedKinds[one].plural === path.plural) as ManagedKind;
    this.refuse(verb, kind, path.name ?? "");
    this.writes.push({ verb, key: `${kind}/${path.name}` });
  }

  async #answer<T>(act: () => T): Promise<T> {
    try {
      return structuredClone(act());
    } catch (error) {
      if (error instanceof Refusal)
        throw new KubeError(error.message, {
          status: error.status,
          reason: error.reason,
          serverMessage: error.message,
        });
      throw error;
    }
  }
}

function placeOf(kind: ManagedKind, namespace: string, name: string): Place {
  const { group, plural } = managedKinds[kind];
  return { group, plural, namespace, name };
}

function placeOfPath({ group, plural, namespace, name = "" }: ResourcePath): Place {
  return { group, plural, name, ...(namespace === undefined ? {} : { namespace }) };
}
