import { isDeepStrictEqual } from "node:util";
import { makeFinding } from "../../finding/catalogue.ts";
import type { Finding } from "../../finding/finding.ts";
import type { KubeObject } from "../../kube/kube-client.ts";
import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import type { NamespacedName } from "../../resource/keys.ts";
import { groupKindOf, type Kind, kinds, type Resource } from "../../resource/kinds.ts";
import { validateObject } from "../../resource/validate-object.ts";
import type { KindIndex } from "../../store/create-snapshot.ts";
import { trimObject } from "./readings.ts";

/** What a writer of statuses and finalizers has to know of an object beyond what it says. */
export type LiveState = {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly finalizers: readonly string[];
  /** As read; anything. */
  readonly status: unknown;
};

const none: readonly string[] = [];

/** `resource`: what compiling reads, or what there is to say about it. `status`: nothing but what {@link LiveState} has. */
export type TableChange = "resource" | "status" | "nothing";

/**
 * The objects of one kind: valid ones as resources, whose identity stays as long as nothing that is read of them changes.
 * Of an object that becomes invalid the last valid version stays in force.
 */
export class KindTable {
  readonly #kind: Kind;
  readonly #trim: (object: KubeObject) => JsonObject | undefined;
  readonly #resources = new Map<NamespacedName, Resource>();
  /** Only of kinds that have a status of ours. */
  readonly #live = new Map<NamespacedName, LiveState>();
  /** Only of objects about which there is something to say. */
  readonly #findings = new Map<NamespacedName, readonly Finding[]>();
  #index: KindIndex | undefined;

  /** `trim`: what of an object is kept; `undefined` where nothing is. */
  constructor(kind: Kind, trim = (object: KubeObject) => trimObject(kind, object)) {
    this.#kind = kind;
    this.#trim = trim;
  }

  /** As it is now; the same map as long as nothing changes, and never changed itself. */
  get index(): KindIndex {
    this.#index ??= new Map(this.#resources);
    return this.#index;
  }

  get findings(): readonly Finding[] {
    return [...this.#findings.values()].flat();
  }

  resource(key: NamespacedName): Resource | undefined {
    return this.#resources.get(key);
  }

  live(key: NamespacedName): LiveState | undefined {
    return this.#live.get(key);
  }

  /** Takes in an object as it came. */
  put(key: NamespacedName, object: KubeObject): TableChange {
    const { metadata, status } = object;
    const own = isJsonObject(metadata) ? metadata : {};
    const liveChange = this.#putLive(key, own, status);
    const before = this.#resources.get(key);
    const trimmed = this.#trim(object);
    if (trimmed === undefined) return this.remove(key);
    // Objects with a generation change it with everything but metadata and status.
    if (before && !this.#findings.has(key) && sameGeneration(before, trimmed["metadata"])) return liveChange;

    const { resource, findings } = validateObject(trimmed);
    const told = findings.filter(({ name, pointer }) => name !== "version-old" || pointer !== "/apiVersion");
    if (!resource && before) told.push(lastGoodKept(before, told));
    const sameFindings = isDeepStrictEqual(this.#findings.get(key) ?? [], told);
    if (told.length === 0) this.#findings.delete(key);
    else this.#findings.set(key, told);
    const same = resource === undefined || (before !== undefined && isDeepStrictEqual(before, resource));
    if (!same) {
      this.#resources.set(key, resource);
      this.#index = undefined;
    }
    return same && sameFindings ? liveChange : "resource";
  }

  remove(key: NamespacedName): TableChange {
    const live = this.#live.delete(key);
    const findings = this.#findings.delete(key);
    const resource = this.#resources.delete(key);
    if (resource) this.#index = undefined;
    return resource || findings ? "resource" : live ? "status" : "nothing";
  }

  #putLive(key: NamespacedName, metadata: JsonObject, status: unknown): TableChange {
    const { uid, resourceVersion, finalizers: own } = metadata;
    if (!("status" in kinds[this.#kind]) || typeof uid !== "string" || typeof resourceVersion !== "string")
      return "nothing";
    const finalizers = Array.isArray(own) ? own.filter((name): name is string => typeof name === "string") : none;
    this.#live.set(key, { uid, resourceVersion, finalizers, status });
    return "status";
  }
}

function sameGeneration({ kind, metadata }: Resource, trimmed: unknown): boolean {
  if (!("status" in kinds[kind]) || !isJsonObject(trimmed)) return false;
  const { generation, uid, deletionTimestamp, labels = {}, annotations = {} } = trimmed;
  return (
    typeof generation === "number" &&
    generation > 0 &&
    generation === metadata.generation &&
    uid === metadata.uid &&
    deletionTimestamp === metadata.deletionTimestamp &&
    isDeepStrictEqual(labels, metadata.labels) &&
    isDeepStrictEqual(annotations, metadata.annotations)
  );
}

function lastGoodKept(resource: Resource, causes: readonly Finding[]): Finding {
  const { name, namespace } = resource.metadata;
  const { group, kind } = groupKindOf(resource);
  const cause = causes.find(({ severity }) => severity === "error");
  return makeFinding("last-good-kept", {
    object: { kind, group, name, ...(namespace === undefined ? {} : { namespace }) },
    message: `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name} was changed and is now invalid; its previous version stays in use.`,
    fix: cause === undefined ? "Correct the object." : `Correct it: ${cause.message}`,
  });
}
