/** What tests and benchmarks in a cluster share: objects in and out of the API server, and waiting for them. */
import { setTimeout as sleep } from "node:timers/promises";
import { type KubeClient, KubeError, type KubeObject, type ResourcePath } from "../../src/kube/kube-client.ts";
import { readKubeConfig } from "../../src/kube/kube-config.ts";
import { openKubeClient } from "../../src/kube/open-kube-client.ts";
import { type ApiObject, at, nameOf, type ObjectName, printName } from "./api-object.ts";

const fieldManager = "sluice-cluster-test";
/** Between two looks at an object that is waited for. */
const lookMs = 50;
/** How long an object may take to become what a test waits for, as in the official suite. */
export const patienceMs = 60_000;

export type WaitOptions = {
  /** Says what is awaited, in messages. */
  readonly what: string;
  /** Default: {@link patienceMs}. */
  readonly timeoutMs?: number;
};

export class Cluster implements AsyncDisposable {
  readonly client: KubeClient;
  /** Plural and scope by `apiVersion kind`; kinds of a version are asked for once. */
  readonly #kinds = new Map<string, { readonly plural: string; readonly namespaced: boolean }>();

  constructor(client: KubeClient) {
    this.client = client;
  }

  /** The same cluster, in the name of another user: what the server lets that one do shows. */
  static async openAs(user: string): Promise<Cluster> {
    const access = await readKubeConfig();
    const credentials = async () => {
      const own = (await access.credentials?.()) ?? { headers: {} };
      return { ...own, headers: { ...own.headers, "impersonate-user": user } };
    };
    return new Cluster(openKubeClient({ access: { ...access, credentials }, fieldManager }));
  }

  /** The cluster that KUBECONFIG names. */
  static async open(): Promise<Cluster> {
    return new Cluster(openKubeClient({ access: await readKubeConfig(), fieldManager }));
  }

  /** Where an object, or (without a name) a list of them, lives. Throws when the server does not know the kind. */
  async path(object: Omit<ObjectName, "name"> & { readonly name?: string }): Promise<ResourcePath> {
    const { apiVersion, kind, name, namespace } = object;
    const key = `${apiVersion} ${kind}`;
    if (!this.#kinds.has(key)) await this.#discover(apiVersion);
    const row = this.#kinds.get(key);
    if (row === undefined) throw new Error(`the API server has no ${kind} of ${apiVersion}`);
    const [version = "", group = ""] = apiVersion.split("/").reverse();
    const place = row.namespaced && namespace !== undefined ? { namespace } : {};
    return { group, version, plural: row.plural, ...place, ...(name === undefined ? {} : { name }) };
  }

  /** Server-side apply, in the order given. */
  async apply(objects: readonly ApiObject[]): Promise<void> {
    for (const object of objects) {
      await this.client.patch(await this.path(nameOf(object)), object, { type: "apply", fieldManager });
    }
  }

  /** Creates many objects, so many at a time. */
  async create(objects: readonly ApiObject[], concurrency = 16): Promise<void> {
    await eachOf(objects, concurrency, async (object) => {
      const { name: _, ...list } = await this.path(nameOf(object));
      await this.client.create(list, object);
    });
  }

  /** Merges fields into an object. */
  async merge(name: ObjectName, patch: KubeObject): Promise<KubeObject> {
    return this.client.patch(await this.path(name), patch, { type: "merge", fieldManager });
  }

  /** Deletes objects, so many at a time; those that are gone already are no failure. */
  async remove(names: readonly ObjectName[], concurrency = 16): Promise<void> {
    await eachOf(names, concurrency, async (name) => {
      await this.client.delete(await this.path(name)).catch(unlessGone);
    });
  }

  /** The object, or `undefined` when there is none. */
  async find(name: ObjectName): Promise<ApiObject | undefined> {
    return (await this.client.get(await this.path(name)).catch(unlessGone)) as ApiObject | undefined;
  }

  async list(kind: Omit<ObjectName, "name">, labelSelector?: string): Promise<readonly ApiObject[]> {
    const { items } = await this.client.list(await this.path(kind), labelSelector ? { labelSelector } : {});
    return items as readonly ApiObject[];
  }

  /** Resolves to the object as soon as it passes; throws with its status when it never does. */
  async waitFor(
    name: ObjectName,
    passes: (object: ApiObject) => boolean,
    { what, timeoutMs = patienceMs }: WaitOptions,
  ): Promise<ApiObject> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const object = await this.find(name);
      if (object !== undefined && passes(object)) return object;
      if (performance.now() > end) {
        const status = object === undefined ? "it is not there" : JSON.stringify(at(object, "status") ?? null);
        throw new Error(`${printName(name)}: not ${what} after ${timeoutMs / 1000} s; status: ${status}`);
      }
      await sleep(lookMs);
    }
  }

  /** Resolves when the object is gone. */
  async waitGone(name: ObjectName, timeoutMs: number = patienceMs): Promise<void> {
    const end = performance.now() + timeoutMs;
    while ((await this.find(name)) !== undefined) {
      if (performance.now() > end) throw new Error(`${printName(name)}: still there after ${timeoutMs / 1000} s`);
      await sleep(lookMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }

  async #discover(apiVersion: string): Promise<void> {
    const answer = await this.client.raw(apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`);
    const resources = at(answer, "resources") as { kind: string; name: string; namespaced: boolean }[];
    for (const { kind, name, namespaced } of resources) {
      if (!name.includes("/")) this.#kinds.set(`${apiVersion} ${kind}`, { plural: name, namespaced });
    }
  }
}

function unlessGone(error: unknown): undefined {
  if (error instanceof KubeError && error.status === 404) return undefined;
  throw error;
}

/** Runs a task for each item, so many at a time; the first failure ends it. */
export async function eachOf<T>(
  items: readonly T[],
  concurrency: number,
  task: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      await task(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}
