import type { Finding } from "../../finding/finding.ts";
import type { Kind, Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { byName } from "../order/by-name.ts";
import { report } from "./report.ts";

/** A field and the release of Gateway API (1.x) whose CRDs first had it, in either channel. `*` is every element of a list. */
type FieldRow = { readonly kinds: readonly Kind[]; readonly path: readonly string[]; readonly minor: number };

const httpRoutes: readonly Kind[] = ["HTTPRoute", "GRPCRoute"];
const allRoutes: readonly Kind[] = [...httpRoutes, "TLSRoute", "TCPRoute", "UDPRoute"];
const rule = ["spec", "rules", "*"];

/** The same field of a rule's filters and of its backendRefs' filters. */
const filterRows = (kinds: readonly Kind[], field: readonly string[], minor: number): readonly FieldRow[] => [
  { kinds, path: [...rule, "filters", "*", ...field], minor },
  { kinds, path: [...rule, "backendRefs", "*", "filters", "*", ...field], minor },
];

/** Fields that came after v1.0 into kinds that are older. Source: the CRDs of every minor release. */
const rows: readonly FieldRow[] = [
  { kinds: httpRoutes, path: [...rule, "sessionPersistence"], minor: 1 },
  { kinds: ["Gateway"], path: ["spec", "infrastructure", "parametersRef"], minor: 1 },
  { kinds: ["BackendTLSPolicy"], path: ["spec", "targetRefs"], minor: 1 },
  { kinds: ["BackendTLSPolicy"], path: ["spec", "validation"], minor: 1 },
  { kinds: ["BackendTLSPolicy"], path: ["spec", "options"], minor: 2 },
  { kinds: ["BackendTLSPolicy"], path: ["spec", "validation", "subjectAltNames"], minor: 2 },
  { kinds: allRoutes, path: [...rule, "name"], minor: 2 },
  { kinds: ["HTTPRoute"], path: [...rule, "retry"], minor: 2 },
  ...filterRows(httpRoutes, ["requestMirror", "percent"], 2),
  ...filterRows(httpRoutes, ["requestMirror", "fraction"], 2),
  ...filterRows(["HTTPRoute"], ["cors"], 3),
  { kinds: ["Gateway"], path: ["spec", "allowedListeners"], minor: 3 },
  ...filterRows(["HTTPRoute"], ["externalAuth"], 4),
  { kinds: ["Gateway"], path: ["spec", "tls"], minor: 4 },
  { kinds: ["Gateway"], path: ["spec", "defaultScope"], minor: 4 },
  { kinds: allRoutes, path: ["spec", "useDefaultGateways"], minor: 4 },
  { kinds: httpRoutes, path: [...rule, "sessionPersistence", "cookie"], minor: 7 },
  { kinds: httpRoutes, path: [...rule, "sessionPersistence", "header"], minor: 7 },
  { kinds: ["XBackendTrafficPolicy"], path: ["spec", "sessionPersistence", "cookie"], minor: 7 },
  { kinds: ["XBackendTrafficPolicy"], path: ["spec", "sessionPersistence", "header"], minor: 7 },
  { kinds: ["XBackend"], path: ["spec", "endpointSelector"], minor: 7 },
  { kinds: ["XBackend"], path: ["spec", "sessionPersistence"], minor: 7 },
  { kinds: ["Gateway"], path: ["spec", "addresses", "*", "routability"], minor: 7 },
  { kinds: ["Gateway", "ListenerSet"], path: ["spec", "listeners", "*", "filters"], minor: 7 },
];

const bundleVersionAnnotation = "gateway.networking.k8s.io/bundle-version";

type Release = { readonly minor: number; readonly version: string };
type Crd = Resource<"CustomResourceDefinition">;

const releasesOf = new WeakMap<readonly Crd[], ReadonlyMap<string, Release>>();

/** The release of the CRD of each kind that has one in the input. */
function readReleases(crds: readonly Crd[]): ReadonlyMap<string, Release> {
  const known = releasesOf.get(crds);
  if (known !== undefined) return known;
  const releases = new Map<string, Release>();
  for (const crd of [...crds].sort(byName)) {
    const version = crd.metadata.annotations[bundleVersionAnnotation] ?? "";
    const minor = /^v1\.(\d+)\./.exec(version)?.[1];
    if (minor !== undefined) releases.set(crd.spec.names.kind, { minor: Number(minor), version });
  }
  releasesOf.set(crds, releases);
  return releases;
}

/**
 * Fields of an object that the CRDs in the input are too old for: an API server with them would drop the field. Silent for
 * kinds whose CRD is not in the input.
 */
export function findNewerFields({ snapshot }: CompileContext, resource: Resource): readonly Finding[] {
  const installed = readReleases(snapshot.list("CustomResourceDefinition")).get(resource.kind);
  if (installed === undefined) return [];
  return rows.flatMap(({ kinds, path, minor }) => {
    if (installed.minor >= minor || !kinds.includes(resource.kind)) return [];
    return pointersTo(resource, path).map((pointer) =>
      report(
        "field-newer-than-crd",
        { resource, pointer },
        {
          message: `${path.filter((part) => part !== "*").join(".")} exists since Gateway API v1.${minor}, but the CRD of ${resource.kind} is from ${installed.version}.`,
          fix: `Install the CRDs of Gateway API v1.${minor} or newer, or remove the field.`,
        },
      ),
    );
  });
}

/** The kinds that have such fields. */
export const kindsWithNewerFields: ReadonlySet<Kind> = new Set(rows.flatMap(({ kinds }) => kinds));

function pointersTo(value: unknown, path: readonly string[], pointer = ""): string[] {
  const [part, ...rest] = path;
  if (part === undefined) return value === undefined ? [] : [pointer];
  if (part === "*") {
    return Array.isArray(value) ? value.flatMap((item, index) => pointersTo(item, rest, `${pointer}/${index}`)) : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return pointersTo((value as Record<string, unknown>)[part], rest, `${pointer}/${part}`);
}
