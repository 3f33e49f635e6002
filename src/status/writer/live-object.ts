import type { ObjectRef } from "../../finding/finding.ts";
import type { KubeObject, ResourcePath } from "../../kube/kube-client.ts";
import { isJsonObject } from "../../resource/json.ts";

/** One object as the API server has it, as far as writing its status needs to know. */
export type LiveObject = {
  /** In the version through which it is read; without the subresource. */
  readonly path: ResourcePath;
  readonly uid: string;
  readonly resourceVersion: string;
  /** As read; anything. */
  readonly status: unknown;
};

/** The objects as the watch last showed them. */
export interface LiveObjects {
  get(ref: ObjectRef): LiveObject | undefined;
  /** Calls `listener` when an object came, changed (its status alone, too) or went. Returns what takes it off again. */
  subscribe(listener: (ref: ObjectRef) => void): () => void;
}

/** What an answer of the API server says about an object; `undefined` when it is no object at all. */
export function liveObjectOf(path: ResourcePath, object: KubeObject): LiveObject | undefined {
  const { metadata, status } = object;
  if (!isJsonObject(metadata)) return undefined;
  const { uid, resourceVersion } = metadata;
  if (typeof uid !== "string" || typeof resourceVersion !== "string") return undefined;
  return { path, uid, resourceVersion, status };
}

/**
 * Whether `a` is known to be a later version of an object than `b`. Versions are numbers that only grow: the API promises it
 * since Kubernetes 1.35 and has done it before. Of any others nothing is known.
 */
export function isLaterVersion(a: string, b: string): boolean {
  if (!isNumber(a) || !isNumber(b)) return false;
  return a.length === b.length ? a > b : a.length > b.length;
}

function isNumber(version: string): boolean {
  return /^[1-9][0-9]*$/.test(version);
}
