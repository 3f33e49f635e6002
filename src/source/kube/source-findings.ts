/** What a cluster lacks for Sluice to work as it should: CustomResourceDefinitions and permissions. */
import { makeFinding } from "../../finding/catalogue.ts";
import type { Finding, ObjectRef } from "../../finding/finding.ts";
import { type Kind, kinds, type Resource } from "../../resource/kinds.ts";
import { kindOfCrd } from "./readings.ts";
import type { SecretReference } from "./secret-references.ts";

/** The release of the Gateway API whose kinds and fields Sluice knows. */
export const knownRelease = { minor: 7, version: "v1.7.0" } as const;

const annotation = "gateway.networking.k8s.io";
const releases = `https://github.com/kubernetes-sigs/gateway-api/releases/download/${knownRelease.version}`;

/** The command that installs the CustomResourceDefinitions. */
export function installCommand(channel: "standard" | "experimental"): string {
  return `kubectl apply --server-side -f ${releases}/${channel}-install.yaml`;
}

/** Kinds without which there is no Gateway API. */
const essentialKinds: readonly Kind[] = ["GatewayClass", "Gateway", "HTTPRoute"];

/** What the reading of one kind has found of the cluster. */
type ReadKind = {
  readonly kind: Kind;
  /** The server does not serve it. */
  readonly absent: boolean;
  readonly refusals: readonly Refusal[];
};

/** What the cluster lacks for us, as reading it has found. `crds`: the CustomResourceDefinitions. */
export function circumstanceFindings(
  read: readonly ReadKind[],
  {
    crds,
    scope,
  }: { readonly crds: readonly Resource<"CustomResourceDefinition">[]; readonly scope: "cluster" | "namespaces" },
): readonly Finding[] {
  return [
    ...absenceFindings(read.filter(({ absent }) => absent).map(({ kind }) => kind)),
    ...releaseFindings(crds),
    ...permissionFindings(
      read.flatMap(({ refusals }) => refusals),
      scope,
    ),
  ];
}

/** About kinds that the server does not serve. */
function absenceFindings(absent: readonly Kind[]): readonly Finding[] {
  const lacking = essentialKinds.filter((kind) => absent.includes(kind));
  if (lacking.length > 0) {
    return [
      makeFinding("gateway-api-missing", {
        object: crdRef(lacking[0] as Kind),
        message: `The cluster has no ${list(lacking)}: the Gateway API is not installed.`,
        fix: `Run: ${installCommand("standard")}`,
      }),
    ];
  }
  const own = absent.filter((kind) => kinds[kind].channel === "own");
  const others = absent.filter((kind) => kinds[kind].channel === "standard" || kinds[kind].channel === "experimental");
  const experimental = others.some((kind) => kinds[kind].channel === "experimental");
  return [
    ...notInstalled(own, "run `sluice install` again, with the options of this installation."),
    ...notInstalled(others, `run: ${installCommand(experimental ? "experimental" : "standard")}`),
  ];
}

function notInstalled(absent: readonly Kind[], command: string): readonly Finding[] {
  const [first] = absent;
  if (first === undefined) return [];
  return [
    makeFinding("kind-not-installed", {
      object: crdRef(first),
      message: `The cluster has no ${list(absent)}.`,
      fix: `No action needed if you do not use ${absent.length === 1 ? "it" : "them"}. To install ${absent.length === 1 ? "it" : "them"}: ${command}`,
      related: absent.slice(1).map(crdRef),
    }),
  ];
}

/** About the releases and channels of the CustomResourceDefinitions that are installed. */
function releaseFindings(crds: readonly Resource<"CustomResourceDefinition">[]): readonly Finding[] {
  const official = crds
    .filter(({ metadata }) => isOfficial(metadata.name))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const sets = Map.groupBy(official, releaseOf);
  if (sets.size > 1) {
    const rows = [...sets].map(([release, own]) => `${own.length} of ${release}`);
    return [
      makeFinding("gateway-api-mixed", {
        object: refOf(official[0] as Resource<"CustomResourceDefinition">),
        pointer: "/metadata/annotations",
        message: `The CustomResourceDefinitions of the Gateway API are of several releases or channels: ${rows.join(", ")}.`,
        fix: `Install one release as a whole: ${installCommand(anyExperimental(official) ? "experimental" : "standard")}`,
      }),
    ];
  }
  const [first] = official;
  if (first === undefined || !isOlder(first)) return [];
  return [
    makeFinding("gateway-api-older", {
      object: refOf(first),
      pointer: "/metadata/annotations",
      message: `The cluster has Gateway API ${releaseOf(first)}; Sluice supports ${knownRelease.version}.`,
      fix: `No action needed if you do not use newer features. To install them: ${installCommand(anyExperimental(official) ? "experimental" : "standard")}`,
    }),
  ];
}

/** A request that the server refused with 403. */
export type Refusal = {
  readonly kind: Kind;
  /** Absent: over the whole cluster. */
  readonly namespace?: string;
  /** What the server said. */
  readonly message: string;
};

/** About kinds that may not be read. `scope`: whether all namespaces are read, or only some. */
function permissionFindings(refusals: readonly Refusal[], scope: "cluster" | "namespaces"): readonly Finding[] {
  return refusals.map(({ kind, namespace, message }) => {
    const { group, plural } = kinds[kind];
    const resource = group === "" ? plural : `${plural}.${group}`;
    if (kind === "Namespace" && scope === "namespaces") {
      return makeFinding("namespace-labels-unread", {
        object: { kind: "ClusterRole", group: rbacGroup, name: "sluice-controller" },
        message:
          "Sluice has no permission to read Namespaces, so namespace selectors match only the label kubernetes.io/metadata.name.",
        fix: "Grant get, list and watch on namespaces in a ClusterRole, or select by kubernetes.io/metadata.name.",
      });
    }
    const role: ObjectRef =
      namespace === undefined
        ? { kind: "ClusterRole", group: rbacGroup, name: "sluice-controller" }
        : { kind: "Role", group: rbacGroup, namespace, name: "sluice-controller-watch" };
    return makeFinding("kind-forbidden", {
      object: role,
      message:
        `Sluice has no permission to read ${kind}${namespace === undefined ? "" : ` in namespace ${namespace}`}: ${message}`.replace(
          /\.?$/,
          ".",
        ),
      fix: `Grant get, list and watch on ${resource} in a ${role.kind} that is bound to Sluice's ServiceAccount; sluice install writes it.`,
    });
  });
}

/** About Secrets above the number that is read by name. */
export function omittedSecretFindings(omitted: readonly SecretReference[]): readonly Finding[] {
  const [first] = omitted;
  if (first === undefined) return [];
  return [
    makeFinding("secret-references-many", {
      object: { kind: "Secret", group: "", namespace: first.namespace, name: first.name },
      message: `${omitted.length} referenced Secrets are not read, because they are missing or not of type kubernetes.io/tls; the first is ${first.namespace}/${first.name}.`,
      fix: "Use Secrets of type kubernetes.io/tls for certificates and ConfigMaps for CA certificates, and remove references to Secrets that do not exist.",
    }),
  ];
}

const rbacGroup = "rbac.authorization.k8s.io";

function isOfficial(name: string): boolean {
  const kind = kindOfCrd(name);
  return kind !== undefined && kinds[kind].channel !== "own" && kinds[kind].channel !== "foreign";
}

function crdRef(kind: Kind): ObjectRef {
  const { group, plural } = kinds[kind];
  return { kind: "CustomResourceDefinition", group: "apiextensions.k8s.io", name: `${plural}.${group}` };
}

function refOf({ kind, metadata }: Resource<"CustomResourceDefinition">): ObjectRef {
  return { kind, group: kinds[kind].group, name: metadata.name };
}

function releaseOf({ metadata: { annotations } }: Resource<"CustomResourceDefinition">): string {
  const version = annotations[`${annotation}/bundle-version`] ?? "an unknown release";
  const channel = annotations[`${annotation}/channel`];
  return channel === undefined ? version : `${version} (${channel})`;
}

function anyExperimental(crds: readonly Resource<"CustomResourceDefinition">[]): boolean {
  return crds.some(({ metadata }) => metadata.annotations[`${annotation}/channel`] === "experimental");
}

/** Newer ones, and those that do not say, are the compiler's matter: they decide about GatewayClasses. */
function isOlder({ metadata: { annotations } }: Resource<"CustomResourceDefinition">): boolean {
  const match = /^v(\d+)\.(\d+)\./.exec(annotations[`${annotation}/bundle-version`] ?? "");
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major < 1 || (major === 1 && minor < knownRelease.minor);
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
