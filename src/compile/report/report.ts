import type { SourceRef } from "../../ir/source-ref.ts";
import type { Resource } from "../../resource/kinds.ts";

export { type FindingText, findingAt as report, refOf } from "../../resource/finding-at.ts";

/** Any object of the snapshot. */
export type AnyResource = Resource;

/** Group of an `apiVersion`; `""` for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

/** `Kind namespace/name`, as messages say it. */
export function nameOf(ref: { readonly kind: string; readonly namespace?: string; readonly name: string }): string {
  return `${ref.kind} ${ref.namespace === undefined ? "" : `${ref.namespace}/`}${ref.name}`;
}

/** Marks a node of the routing model with the part of the object that it came from. */
export function sourceOf(resource: AnyResource, pointer: string): SourceRef {
  return { kind: resource.kind, namespace: resource.metadata.namespace ?? "", name: resource.metadata.name, pointer };
}
