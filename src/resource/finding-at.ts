import { type FindingName, makeFinding } from "../finding/catalogue.ts";
import type { Finding, ObjectRef } from "../finding/finding.ts";
import { groupKindOf, type Resource } from "./kinds.ts";

/** What is particular to one occurrence of a finding. */
export type FindingText = {
  readonly message: string;
  readonly fix: string;
  readonly related?: readonly ObjectRef[];
};

/** Names an object in findings and status. */
export function refOf(resource: Resource): ObjectRef {
  const { namespace, name } = resource.metadata;
  const { kind, group } = groupKindOf(resource);
  return { kind, group, ...(namespace === undefined ? {} : { namespace }), name };
}

/** A finding about one field of an object, with the place in its file when it came from one. */
export function findingAt(
  name: FindingName,
  at: { readonly resource: Resource; readonly pointer: string },
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
