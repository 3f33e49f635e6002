import type { Resource } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";

/** Labels that say whose something is, the most telling first. */
const ownerLabels = ["team", "owner", "app.kubernetes.io/part-of"] as const;

/** Whose an object is: by a label of its own, by one of its namespace, or else the namespace itself. */
export function ownerOfObject(labels: Resource["metadata"]["labels"], namespace: string, snapshot: Snapshot): string {
  const ofNamespace = snapshot.get("Namespace", undefined, namespace)?.metadata.labels ?? {};
  return labelled(labels) ?? labelled(ofNamespace) ?? `namespace ${namespace}`;
}

function labelled(labels: Readonly<Record<string, string>>): string | undefined {
  return ownerLabels.map((label) => labels[label]).find((value) => value !== undefined && value !== "");
}
