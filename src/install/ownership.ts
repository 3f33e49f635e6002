/** Whose an object in the cluster is: what installing, pruning and uninstalling may touch. Pure. */
import { recordOf } from "../base/untrusted-json.ts";
import type { JsonObject } from "../resource/json.ts";

/** On every object of an installation: the namespace of its controller. What carries it goes with the installation. */
export const installationLabel = "gateway.sluice.dev/installation";
/** `ours`: of this installation. `other`: somebody else's, in words that follow "belongs to". */
export type Owner = { readonly kind: "ours" } | { readonly kind: "other"; readonly words: string };

/** Decides by label: a name proves nothing. What Helm manages is Helm's, also when it was made for this namespace. */
export function ownerOf(live: JsonObject, installation: string): Owner {
  const metadata = recordOf(live["metadata"]);
  const [labels, annotations] = [recordOf(metadata["labels"]), recordOf(metadata["annotations"])];
  const release = helmRelease(annotations);
  if (release !== undefined) return { kind: "other", words: `the Helm release ${release}` };
  const owner = labels[installationLabel];
  if (owner === installation) return { kind: "ours" };
  if (typeof owner === "string") return { kind: "other", words: `the Sluice in namespace ${owner}` };
  return { kind: "other", words: "someone else: it has no label of Sluice" };
}

/** `namespace/name` of the Helm release that an object is part of. */
export function helmRelease(annotations: JsonObject): string | undefined {
  const name = annotations["meta.helm.sh/release-name"];
  return typeof name === "string" ? `${String(annotations["meta.helm.sh/release-namespace"])}/${name}` : undefined;
}
