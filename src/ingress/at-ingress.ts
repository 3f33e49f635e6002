/** Places in Ingresses: what findings and the model point at. */
import type { FindingName } from "../finding/catalogue.ts";
import type { Finding, ObjectRef } from "../finding/finding.ts";
import { shortText } from "../finding/finding-text.ts";
import type { SourceRef } from "../ir/source-ref.ts";
import { findingAt as findingAtField } from "../resource/finding-at.ts";
import type { Resource } from "../resource/kinds.ts";
import type { FindingText } from "./feature.ts";
import type { ServiceBackend } from "./ingress-model.ts";

type Ingress = Resource<"Ingress">;

/** A field of an Ingress, by JSON pointer; `""`: the Ingress as a whole. */
export function sourceAt({ metadata }: Ingress, pointer: string): SourceRef {
  return { kind: "Ingress", namespace: metadata.namespace, name: metadata.name, pointer };
}

/** A finding about one field of an Ingress. Annotations have no bound of their own: what is quoted of a long one is cut. */
export function findingAt(
  name: FindingName,
  at: { readonly ingress: Ingress; readonly pointer: string },
  text: FindingText & { readonly related?: readonly ObjectRef[] },
): Finding {
  const { ingress, pointer } = at;
  const { message, fix, ...rest } = text;
  return findingAtField(
    name,
    { resource: ingress, pointer },
    { message: shortText(message), fix: shortText(fix), ...rest },
  );
}

/** The Service that a backend of an Ingress names, in the Ingress's own namespace. */
export function backendAt(
  ingress: Ingress,
  service: { readonly name: string; readonly port: { readonly name?: string; readonly number?: number } },
  pointer: string,
): ServiceBackend {
  const { name, port } = service;
  return {
    namespace: ingress.metadata.namespace,
    service: name,
    port: port.number === undefined ? { name: port.name ?? "" } : { number: port.number },
    from: sourceAt(ingress, pointer),
  };
}
