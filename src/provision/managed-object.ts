import { hashJson } from "../base/hash.ts";
import { listOf, recordOf } from "../base/untrusted-json.ts";
import type { DataPlane, DataPlaneKey } from "../infrastructure/data-plane.ts";
import type { KubeObject } from "../kube/kube-client.ts";
import { apiVersionOf, type ManagedKind, managedKindNames } from "./managed-kinds.ts";
import {
  controllerAnnotation,
  hashAnnotation,
  objectAnnotations,
  objectLabels,
  ownerReferences,
  planeAnnotation,
} from "./object-labels.ts";

/** `Kind/namespace/name`. */
export type ObjectKey = string;

/** An object as it should be. */
export type DesiredObject = {
  readonly key: ObjectKey;
  readonly kind: ManagedKind;
  readonly namespace: string;
  readonly name: string;
  readonly plane: DataPlaneKey;
  /** For server-side apply: everything that is ours, and nothing else. */
  readonly object: KubeObject;
  readonly hash: string;
  /** The number of replicas is another's to change, between these. */
  readonly scaled?: { readonly minReplicas: number; readonly maxReplicas: number };
};

/** What is read of an object that exists; the rest of it stays unread. */
export type LiveObject = {
  readonly key: ObjectKey;
  readonly kind: ManagedKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly deleting: boolean;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly owners: readonly Owner[];
  readonly object: KubeObject;
};

/** An entry of `metadata.ownerReferences`. */
export type Owner = { readonly kind: string; readonly name: string; readonly uid: string };

type Parts = {
  readonly kind: ManagedKind;
  readonly name: string;
  readonly controllerName: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** All but `apiVersion`, `kind` and `metadata`. */
  readonly fields: KubeObject;
  readonly scaled?: DesiredObject["scaled"];
};

/** Puts the metadata that every object of a data plane has around its fields. */
export function desiredObject(plane: DataPlane, parts: Parts): DesiredObject {
  const { kind, name, controllerName, fields, scaled } = parts;
  const { namespace } = plane;
  const owners = ownerReferences(plane);
  const bare = {
    apiVersion: apiVersionOf(kind),
    kind,
    metadata: {
      name,
      namespace,
      labels: objectLabels(plane, parts.labels),
      annotations: {
        ...objectAnnotations(plane, parts.annotations),
        [controllerAnnotation]: controllerName,
        [planeAnnotation]: plane.key,
      },
      ...(owners === undefined ? {} : { ownerReferences: owners }),
    },
    ...fields,
  };
  const hash = hashJson(bare);
  const annotations = { ...bare.metadata.annotations, [hashAnnotation]: hash };
  return {
    key: objectKey(kind, namespace, name),
    kind,
    namespace,
    name,
    plane: plane.key,
    object: { ...bare, metadata: { ...bare.metadata, annotations } },
    hash,
    ...(scaled === undefined ? {} : { scaled }),
  };
}

export function objectKey(kind: ManagedKind, namespace: string, name: string): ObjectKey {
  return `${kind}/${namespace}/${name}`;
}

/** Reads what is needed of an object of the API; `undefined` for what is not an object of a managed kind. */
export function readLive(object: KubeObject): LiveObject | undefined {
  const { kind, metadata } = object;
  const meta = recordOf(metadata);
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp } = meta;
  if (!isManaged(kind) || typeof name !== "string" || typeof namespace !== "string") return undefined;
  return {
    key: objectKey(kind, namespace, name),
    kind,
    namespace,
    name,
    uid: String(uid ?? ""),
    resourceVersion: String(resourceVersion ?? ""),
    createdMs: Date.parse(String(creationTimestamp)) || 0,
    deleting: typeof deletionTimestamp === "string",
    labels: recordOf(meta["labels"]),
    annotations: recordOf(meta["annotations"]),
    owners: listOf(meta["ownerReferences"]).map((owner) => {
      const { kind: ownerKind, name: ownerName, uid: ownerUid } = recordOf(owner);
      return { kind: String(ownerKind), name: String(ownerName), uid: String(ownerUid) };
    }),
    object,
  };
}

function isManaged(kind: unknown): kind is ManagedKind {
  return (managedKindNames as readonly unknown[]).includes(kind);
}
