/** What one conversion gathers: objects, their names, grants, findings. Filled step by step by `convertIngresses`. */
import { canonicalJson } from "../../base/canonical-json.ts";
import type { FindingName } from "../../finding/catalogue.ts";
import type { Finding } from "../../finding/finding.ts";
import { shortText } from "../../finding/finding-text.ts";
import type { FindingText } from "../../ingress/feature.ts";
import type { ServiceBackend } from "../../ingress/ingress-model.ts";
import { findingAt } from "../../resource/finding-at.ts";
import type { JsonObject } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { Origin } from "./convert-feature.ts";
import type { Manifest } from "./manifest.ts";
import { NameTable } from "./names.ts";
import type { ConvertOptions } from "./options.ts";

export const gatewayApi = "gateway.networking.k8s.io";

/** What may be referred to from another namespace, and by what. */
export type Grant = {
  readonly from: { readonly group: string; readonly kind: string; readonly namespace: string };
  readonly to: { readonly group: string; readonly kind: string; readonly namespace: string; readonly name: string };
};

export class Workspace {
  readonly snapshot: Snapshot;
  readonly options: ConvertOptions;
  readonly names = new NameTable();
  readonly findings: Finding[] = [];
  readonly #manifests: Manifest[] = [];
  readonly #used = new Map<Resource<"Ingress">, Set<string>>();
  readonly #once = new Map<string, string>();
  readonly #grants = new Map<string, Grant>();

  constructor(snapshot: Snapshot, options: ConvertOptions) {
    this.snapshot = snapshot;
    this.options = options;
  }

  /** Takes an object, under the name that it asks for or the next that is free, which it gives back. */
  add(manifest: Manifest): string {
    const { kind, metadata } = manifest;
    const name = this.names.take(`${kind} ${metadata.namespace ?? ""}`, metadata.name);
    this.#manifests.push({ ...manifest, metadata: { ...metadata, name } });
    return name;
  }

  /** As {@link add}, but an object that is there already, whatever it is called, is not taken again. */
  addOnce(manifest: Manifest): string {
    const key = canonicalJson({ ...manifest, comments: [] });
    const name = this.#once.get(key) ?? this.add(manifest);
    this.#once.set(key, name);
    return name;
  }

  get manifests(): readonly Manifest[] {
    return this.#manifests;
  }

  /** Permits a reference, if it crosses namespaces. */
  grant(grant: Grant): void {
    const { from, to } = grant;
    if (from.namespace !== to.namespace)
      this.#grants.set(
        [from.namespace, from.group, from.kind, to.namespace, to.group, to.kind, to.name].join(" "),
        grant,
      );
  }

  get grants(): readonly Grant[] {
    return [...this.#grants.values()];
  }

  /** Which Ingress and which of its annotations an object came from, as a comment of it. */
  origin({ ingress, annotations }: Origin): string {
    const used = this.#used.get(ingress) ?? new Set();
    for (const name of annotations) used.add(name);
    this.#used.set(ingress, used);
    const { namespace, name } = ingress.metadata;
    const written = annotations.length === 0 ? "" : ` (${annotations.join(", ")})`;
    return `From Ingress ${namespace}/${name}${written}.`;
  }

  /** One comment for each Ingress. */
  origins(origins: readonly Origin[]): readonly string[] {
    return [...Map.groupBy(origins, ({ ingress }) => ingress)].map(([ingress, group]) =>
      this.origin({ ingress, annotations: [...new Set(group.flatMap(({ annotations }) => annotations))] }),
    );
  }

  /** Whether an annotation, by its name in the tables, is in a comment. */
  tells(ingress: Resource<"Ingress">, annotation: string): boolean {
    return this.#used.get(ingress)?.has(annotation) ?? false;
  }

  /** A finding at a place of an object that was read. */
  report(name: FindingName, at: { readonly resource: Resource; readonly pointer: string }, text: FindingText): void {
    const { message, fix, ...rest } = text;
    this.findings.push(findingAt(name, at, { message: shortText(message), fix: shortText(fix), ...rest }));
  }

  /** The number of a Service's port; `undefined`: the Service has no port of that name, or is not known. */
  portOf({ namespace, service, port }: ServiceBackend): number | undefined {
    if ("number" in port) return port.number;
    const found = this.snapshot.get("Service", namespace, service);
    return found?.spec.ports?.find(({ name }) => name === port.name)?.port;
  }

  /** A reference to the Service from an object of that kind. */
  serviceRef(
    from: { readonly group: string; readonly kind: string; readonly namespace: string },
    backend: ServiceBackend,
  ): JsonObject | undefined {
    const port = this.portOf(backend);
    if (port === undefined) return undefined;
    const { namespace, service: name } = backend;
    this.grant({ from, to: { group: "", kind: "Service", namespace, name } });
    return namespace === from.namespace ? { name, port } : { name, namespace, port };
  }
}
