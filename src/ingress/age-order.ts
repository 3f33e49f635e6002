import type { Resource } from "../resource/kinds.ts";

type Ingress = Resource<"Ingress">;

/**
 * Ingresses, the oldest first, as ingress-nginx sorts them: of the same second, by `namespace/name` backwards. Those of files that
 * have no time come after the others, in the order in which they are written.
 */
export function byAge(ingresses: readonly Ingress[]): readonly Ingress[] {
  const keyed = ingresses.map((ingress) => ({ ingress, key: keyOf(ingress) }));
  keyed.sort((a, b) => compareKeys(a.key, b.key));
  return keyed.map(({ ingress }) => ingress);
}

type AgeKey = {
  readonly createdMs: number;
  readonly file: string;
  readonly line: number;
  readonly name: string;
};

function keyOf({ metadata, origin }: Ingress): AgeKey {
  const createdMs = Date.parse(metadata.creationTimestamp ?? "");
  const position = Number.isNaN(createdMs) ? origin?.at("") : undefined;
  return {
    createdMs: Number.isNaN(createdMs) ? Number.POSITIVE_INFINITY : createdMs,
    file: position?.file ?? "",
    line: position?.line ?? 0,
    name: `${metadata.namespace}/${metadata.name}`,
  };
}

function compareKeys(a: AgeKey, b: AgeKey): number {
  if (a.createdMs !== b.createdMs) return a.createdMs < b.createdMs ? -1 : 1;
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  if (a.line !== b.line) return a.line - b.line;
  // Without a place, by name as it is read; with a time, as ingress-nginx has it.
  const forwards = a.createdMs === Number.POSITIVE_INFINITY ? 1 : -1;
  return a.name === b.name ? 0 : a.name < b.name ? -forwards : forwards;
}
