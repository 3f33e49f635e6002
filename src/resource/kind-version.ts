import { nearestName } from "../base/nearest-name.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import { type Kind, kindNames, kindOf, kinds, type VersionState } from "./kinds.ts";
import { withCurrentBackends } from "./old-ingress.ts";
import { backendTlsPolicySteps } from "./retired-version.ts";
import type { FieldsSchema } from "./schema/spec.ts";

/** What `apiVersion` and `kind` of an object mean here. */
export type KindVersion =
  | { readonly known: "yes"; readonly kind: Kind; readonly state: VersionState; readonly schema: FieldsSchema }
  /** Sluice does not read the kind. `meant`: a kind with nearly this name, in the group of Gateway API. */
  | { readonly known: "no"; readonly meant?: Kind }
  /** The kind is known, the version is not. */
  | { readonly known: "otherVersion"; readonly kind: Kind; readonly steps?: readonly string[] };

/** Kinds that were renamed when they matured and mean the same. */
const renamed: Readonly<Record<string, { readonly kind: Kind; readonly versions: readonly string[] }>> = {
  "gateway.networking.x-k8s.io/XListenerSet": { kind: "ListenerSet", versions: ["v1alpha1"] },
  "gateway.networking.k8s.io/ReferencePolicy": { kind: "ReferenceGrant", versions: ["v1alpha2"] },
  "extensions/Ingress": { kind: "Ingress", versions: ["v1beta1"] },
};

/** Versions of known kinds whose fields mean something else today: what to change. */
const retired: Partial<Record<Kind, (raw: JsonObject) => readonly string[]>> = {
  BackendTLSPolicy: backendTlsPolicySteps,
};

/** Old versions whose fields are converted. */
export const conversions: Partial<
  Record<Kind, { readonly convert: (raw: JsonObject) => JsonObject; readonly changes: string }>
> = {
  Ingress: {
    convert: withCurrentBackends,
    changes: ", with backends as `service: { name, port: { number } }` and a `pathType` for each path",
  },
};

/** Splits `group/version`; the core group is `""`. */
export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf("/");
  return slash < 0
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** Looks up the table of kinds. */
export function kindVersion(raw: JsonObject, apiVersion: string, kindName: string): KindVersion {
  const { group, version } = splitApiVersion(apiVersion);
  const alias = `${group}/${kindName}`;
  if (Object.hasOwn(renamed, alias)) {
    const { kind, versions } = renamed[alias]!;
    const row = kinds[kind];
    const schema = Object.values<{ schema: FieldsSchema }>(row.versions)[0]!.schema;
    return versions.includes(version)
      ? { known: "yes", kind, state: "removed", schema }
      : { known: "otherVersion", kind };
  }
  const kind = kindOf(group, kindName);
  if (kind === undefined) {
    const ours = kindNames.filter((name) => kinds[name].group === group && group !== "");
    const meant = nearestName(kindName, ours);
    return meant === undefined ? { known: "no" } : { known: "no", meant: meant as Kind };
  }
  const versions: Readonly<Record<string, { state: VersionState; schema: FieldsSchema }>> = kinds[kind].versions;
  if (Object.hasOwn(versions, version)) return { known: "yes", kind, ...versions[version]! };
  const steps = retired[kind]?.(raw);
  return steps === undefined ? { known: "otherVersion", kind } : { known: "otherVersion", kind, steps };
}

/**
 * Rewrites parentRefs to the experimental XListenerSet, which became ListenerSet. Every other object comes back as it is.
 */
export function withCurrentParents(raw: JsonObject): JsonObject {
  const spec = raw["spec"];
  if (!isJsonObject(spec) || !Array.isArray(spec["parentRefs"])) return raw;
  const isOld = (ref: unknown): ref is JsonObject =>
    isJsonObject(ref) && ref["kind"] === "XListenerSet" && ref["group"] === "gateway.networking.x-k8s.io";
  if (!spec["parentRefs"].some(isOld)) return raw;
  const parentRefs = spec["parentRefs"].map((ref: unknown) =>
    isOld(ref) ? { ...ref, kind: "ListenerSet", group: kinds.ListenerSet.group } : ref,
  );
  return { ...raw, spec: { ...spec, parentRefs } };
}
