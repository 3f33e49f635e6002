/** Counts how often the status of objects changes in the API server, by watching them. */
import { isDeepStrictEqual } from "node:util";
import { KubeError, type KubeObject } from "../../src/kube/kube-client.ts";
import { at } from "../../test/cluster/api-object.ts";
import type { Cluster } from "../../test/cluster/cluster.ts";

export type WatchedKind = { readonly apiVersion: string; readonly kind: string; readonly namespace: string };

export class StatusWrites implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #statuses = new Map<string, unknown>();
  readonly #writes = new Map<string, number>();
  readonly #watches: Promise<void>[] = [];

  /** From the state that is there now. */
  static async start(cluster: Cluster, kinds: readonly WatchedKind[]): Promise<StatusWrites> {
    const writes = new StatusWrites();
    for (const kind of kinds) {
      const path = await cluster.path(kind);
      const { items, resourceVersion } = await cluster.client.list(path);
      writes.#writes.set(kind.kind, 0);
      for (const item of items) writes.#statuses.set(keyOf(kind.kind, item), at(item, "status"));
      const events = cluster.client.watch(path, {
        ...{ resourceVersion, timeoutSeconds: 3600 },
        signal: writes.#ending.signal,
      });
      writes.#watches.push(
        (async () => {
          for await (const { type, object } of events) {
            if (type === "ADDED" || type === "MODIFIED") writes.#take(kind.kind, object);
            if (type === "DELETED") writes.#statuses.delete(keyOf(kind.kind, object));
          }
        })().catch((error: unknown) => {
          if (writes.#ending.signal.aborted || error instanceof KubeError) return;
          throw error;
        }),
      );
    }
    return writes;
  }

  /** So far, of a kind. */
  of(kind: string): number {
    return this.#writes.get(kind) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#watches);
  }

  #take(kind: string, object: KubeObject): void {
    const key = keyOf(kind, object);
    const status = at(object, "status");
    if (this.#statuses.has(key) && !isDeepStrictEqual(this.#statuses.get(key), status)) {
      this.#writes.set(kind, this.of(kind) + 1);
    }
    this.#statuses.set(key, status);
  }
}

function keyOf(kind: string, object: KubeObject): string {
  return `${kind} ${at(object, "metadata", "namespace")}/${at(object, "metadata", "name")}`;
}
