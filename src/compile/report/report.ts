import { type FindingName, makeFinding } from "../../finding/catalogue.ts";
import type { Finding, ObjectRef } from "../../finding/finding.ts";
import type { SourceRef } from "../../ir/source-ref.ts";
import { groupKindOf, type Resource } from "../../resource/kinds.ts";

/** Any object of the snapshot. */
export type AnyResource = Resource;

/** Group of an `apiVersion`; `""` for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

/** Names an object in findings and status. */
export function refOf(resource: AnyResource): ObjectRef {
  const { namespace, name } = resource.metadata;
  const { kind, group } = groupKindOf(resource);
  return {
    kind,
    group,
    ...(namespace === undefined ? {} : { namespace }),
    name,
  };
}

/** `Kind namespace/name`, as messages say it. */
export function nameOf(ref: { readonly kind: string; readonly namespace?: string; readonly name: string }): string {
  return `${ref.kind} ${ref.namespace === undefined ? "" : `${ref.namespace}/`}${ref.name}`;
}

/** Marks a node of the routing model with the part of the object that it came from. */
export function sourceOf(resource: AnyResource, pointer: string): SourceRef {
  return { kind: resource.kind, namespace: resource.metadata.namespace ?? "", name: resource.metadata.name, pointer };
}

/** What is particular to one occurrence of a finding. */
export type FindingText = {
  readonly message: string;
  readonly fix: string;
  readonly related?: readonly ObjectRef[];
};

/** A finding about one field of an object, with the place in its file when it came from one. */
export function report(
  name: FindingName,
  at: { readonly resource: AnyResource; readonly pointer: string },
  text: FindingText,
): Finding {
  const { origin } = at.resource;
  return makeFinding(name, {
    object: refOf(at.resource),
    pointer: at.pointer,
    ...(origin ? { position: origin.at(at.pointer) } : {}),
    ...text,
  });
}
