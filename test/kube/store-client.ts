import { type KubeClient, KubeError, type KubeObject, type ResourcePath } from "../../src/kube/kube-client.ts";
import { FakeObjectStore, type Place, Refusal } from "./fake-object-store.ts";

export type ClientCall = "get" | "create" | "replace" | "patch";

/** A client of an object store in the same process: no sockets, so that tests can hold the time still. */
export class StoreClient implements KubeClient {
  readonly store: FakeObjectStore;
  /** Requests so far that reached the store, or were refused on their way. */
  readonly calls: { readonly call: ClientCall; readonly path: ResourcePath; readonly object?: KubeObject }[] = [];
  /** May throw, or wait, before a request is carried out. */
  before: (call: ClientCall, path: ResourcePath) => void | Promise<void> = () => {};
  /** The same, after it was carried out and before its answer comes. */
  after: (call: ClientCall, path: ResourcePath) => void | Promise<void> = () => {};

  constructor(store = new FakeObjectStore()) {
    this.store = store;
  }

  get(path: ResourcePath): Promise<KubeObject> {
    return this.#carryOut("get", path, undefined, () => {
      const object = this.store.get(placeOf(path));
      if (!object) throw new Refusal(404, "NotFound", `${path.plural} "${path.name}" not found`);
      return object;
    });
  }

  create(path: ResourcePath, object: KubeObject): Promise<KubeObject> {
    const { name } = object["metadata"] as { name: string };
    return this.#carryOut("create", { ...path, name }, object, () =>
      this.store.create(placeOf({ ...path, name }), object),
    );
  }

  replace(path: ResourcePath, object: KubeObject): Promise<KubeObject> {
    return this.#carryOut("replace", path, object, () =>
      this.store.replace(placeOf(path), object, path.subresource ?? "object"),
    );
  }

  patch(path: ResourcePath, patch: KubeObject): Promise<KubeObject> {
    return this.#carryOut("patch", path, patch, () =>
      this.store.merge(placeOf(path), patch, path.subresource ?? "object"),
    );
  }

  count(call: ClientCall): number {
    return this.calls.filter((seen) => seen.call === call).length;
  }

  /** Never: its server is always there, and tests that take it away say when it is back themselves. */
  onReachable(): () => void {
    return () => {};
  }

  list(): never {
    throw new Error("not for these tests");
  }

  watch(): never {
    throw new Error("not for these tests");
  }

  delete(): never {
    throw new Error("not for these tests");
  }

  raw(): never {
    throw new Error("not for these tests");
  }

  async close(): Promise<void> {}

  async #carryOut(
    call: ClientCall,
    path: ResourcePath,
    object: KubeObject | undefined,
    act: () => KubeObject,
  ): Promise<KubeObject> {
    this.calls.push({ call, path, ...(object ? { object } : {}) });
    await this.before(call, path);
    try {
      const answer = structuredClone(act());
      await this.after(call, path);
      return answer;
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

function placeOf({ group, plural, namespace, name = "" }: ResourcePath): Place {
  return { group, plural, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** The server is not there. */
export function unreachable(): never {
  throw new KubeError("connect ECONNREFUSED", { status: 0 });
}
