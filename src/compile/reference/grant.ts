import type { ObjectRef } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import { indexByNamespace } from "../../store/snapshot-index.ts";

/** Who refers. Spec: ReferenceGrantFrom. */
export type GrantFrom = { readonly group: string; readonly kind: string; readonly namespace: string };

/** What is referred to. Spec: ReferenceGrantTo, with the name that the reference gives. */
export type GrantTo = {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
};

/** Why a reference is, or is not, permitted; `detail` and `fix` are plain sentences for a finding. */
export type GrantAnswer =
  | { readonly answer: "granted" }
  | { readonly answer: "missing"; readonly detail: string; readonly fix: string }
  | { readonly answer: "tooNarrow"; readonly grant: ObjectRef; readonly detail: string; readonly fix: string };

const referenceGrantGroup = "gateway.networking.k8s.io";

type Grant = Resource<"ReferenceGrant">;
const grantsByNamespace = indexByNamespace("ReferenceGrant");

/**
 * True when a reference may be followed: both ends are in one namespace, or a ReferenceGrant in the target's
 * namespace lists the referring kind and namespace, and the target's kind (and its name, when the grant gives one).
 * Spec: ReferenceGrant (GEP-709). Every kind of reference goes through here.
 */
export function isReferenceGranted(snapshot: Snapshot, from: GrantFrom, to: GrantTo): boolean {
  if (from.namespace === to.namespace) return true;
  return grantsIn(snapshot, to.namespace).some((grant) => permits(grant, from, to));
}

/** As {@link isReferenceGranted}, and when the answer is no: the grant that comes nearest, and what to change or add. */
export function explainGrant(snapshot: Snapshot, from: GrantFrom, to: GrantTo): GrantAnswer {
  if (isReferenceGranted(snapshot, from, to)) return { answer: "granted" };

  let best: { readonly grant: Grant; readonly near: NearMiss } | undefined;
  for (const grant of grantsIn(snapshot, to.namespace)) {
    const near = nearMiss(grant, from, to);
    if (near && (!best || near.distance < best.near.distance)) best = { grant, near };
  }
  if (best) {
    const { grant, near } = best;
    return {
      answer: "tooNarrow",
      grant: grantRef(grant),
      detail: `ReferenceGrant ${to.namespace}/${grant.metadata.name} comes near, but ${near.lacks}`,
      fix: `In ReferenceGrant ${to.namespace}/${grant.metadata.name}, ${near.change}.`,
    };
  }

  const misplaced = grantsIn(snapshot, from.namespace).find((grant) => permits(grant, from, to));
  if (misplaced) {
    return {
      answer: "tooNarrow",
      grant: grantRef(misplaced),
      detail: `ReferenceGrant ${from.namespace}/${misplaced.metadata.name} would permit it, but a grant must be in the namespace that is referred to, ${quote(to.namespace)}`,
      fix: `Move ReferenceGrant ${misplaced.metadata.name} from namespace ${quote(from.namespace)} to ${quote(to.namespace)}.`,
    };
  }
  return {
    answer: "missing",
    detail: `namespace ${quote(to.namespace)} has no ReferenceGrant that permits it`,
    fix: `Create a ReferenceGrant in namespace ${quote(to.namespace)} with from: [${renderFrom(from)}] and to: [${renderTo(to)}].`,
  };
}

/** In order of name, so that the grant that an explanation names does not depend on the order of the input. */
function grantsIn(snapshot: Snapshot, namespace: string): readonly Grant[] {
  return snapshot.find(grantsByNamespace, namespace);
}

function permits(grant: Grant, from: GrantFrom, to: GrantTo): boolean {
  return (
    grant.spec.from.some((entry) => matchesFrom(entry, from)) && grant.spec.to.some((entry) => matchesTo(entry, to))
  );
}

function matchesFrom(entry: Grant["spec"]["from"][number], from: GrantFrom): boolean {
  return entry.group === from.group && entry.kind === from.kind && entry.namespace === from.namespace;
}

function matchesTo(entry: Grant["spec"]["to"][number], to: GrantTo): boolean {
  return entry.group === to.group && entry.kind === to.kind && (!entry.name || entry.name === to.name);
}

type NearMiss = { readonly distance: number; readonly lacks: string; readonly change: string };

/** What one grant lacks, when it fits at one end at least. The smaller the distance, the nearer. */
function nearMiss(grant: Grant, from: GrantFrom, to: GrantTo): NearMiss | undefined {
  const fitsFrom = grant.spec.from.some((entry) => matchesFrom(entry, from));
  const fitsTo = grant.spec.to.some((entry) => matchesTo(entry, to));

  if (fitsFrom) {
    const sameKind = grant.spec.to.filter((entry) => entry.group === to.group && entry.kind === to.kind);
    if (sameKind.length > 0) {
      const names = sameKind.map((entry) => quote(entry.name ?? "")).join(", ");
      return {
        distance: 1,
        lacks: `its \`to\` permits ${to.kind} ${names} and not ${quote(to.name)}`,
        change: `add ${renderTo(to)} to spec.to`,
      };
    }
    const sameName = grant.spec.to.find((entry) => entry.kind === to.kind);
    return {
      distance: sameName ? 1 : 3,
      lacks: sameName
        ? `its \`to\` has group ${quote(sameName.group)} for ${to.kind} where ${quote(to.group)} is needed`
        : `its \`to\` lists ${grant.spec.to.map((entry) => entry.kind).join(", ")} and not ${to.kind}`,
      change: `add ${renderTo(to)} to spec.to`,
    };
  }
  if (!fitsTo) return undefined;

  const sameNamespace = grant.spec.from.find((entry) => entry.namespace === from.namespace);
  if (sameNamespace) {
    const lacks =
      sameNamespace.kind === from.kind
        ? `its \`from\` has group ${quote(sameNamespace.group)} for ${from.kind} where ${quote(from.group)} is needed`
        : `its \`from\` lists ${sameNamespace.kind} and not ${from.kind}`;
    return { distance: 2, lacks, change: `add ${renderFrom(from)} to spec.from` };
  }
  const namespaces = [...new Set(grant.spec.from.map((entry) => quote(entry.namespace)))].join(", ");
  return {
    distance: 2,
    lacks: `its \`from\` permits namespace ${namespaces} and not ${quote(from.namespace)}`,
    change: `add ${renderFrom(from)} to spec.from`,
  };
}

function grantRef(grant: Grant): ObjectRef {
  return {
    kind: "ReferenceGrant",
    group: referenceGrantGroup,
    ...(grant.metadata.namespace === undefined ? {} : { namespace: grant.metadata.namespace }),
    name: grant.metadata.name,
  };
}

function renderFrom(from: GrantFrom): string {
  return `{group: ${quote(from.group)}, kind: ${from.kind}, namespace: ${from.namespace}}`;
}

function renderTo(to: GrantTo): string {
  return `{group: ${quote(to.group)}, kind: ${to.kind}, name: ${to.name}}`;
}

function quote(text: string): string {
  return `"${text}"`;
}
