import { type LabelSelector, selectorMatches } from "../../store/label-selector.ts";
import type { NamespaceRule } from "../listener/namespace-selector.ts";
import type { GrantFrom, GrantTo } from "../reference/grant.ts";
import { groupOf } from "../report/report.ts";
import type { Section } from "./policy-kinds.ts";

/** An object, or a named section of it, that a policy may be attached to. */
export type PolicyTarget = {
  readonly group: string;
  readonly kind: string;
  /** The object's; a Namespace's own name. */
  readonly namespace: string;
  readonly name: string;
  readonly section: { readonly kind: Exclude<Section, "none">; readonly name: string } | undefined;
  /** Asked for where a selector is. */
  readonly labels: () => Readonly<Record<string, string>>;
};

/** How a policy says what it applies to. Spec: PolicyTargetReferences of Envoy Gateway. */
export type TargetFields = {
  readonly targetRef?: PolicyTargetRef;
  readonly targetRefs?: readonly PolicyTargetRef[];
  readonly targetSelectors?: readonly TargetSelector[];
};

type PolicyTargetRef = {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly sectionName?: string;
};

type TargetSelector = LabelSelector & {
  readonly group: string;
  readonly kind: string;
  /** Where the objects may be; without it in the policy's own namespace. */
  readonly namespaces?: NamespaceRule;
};

/** A policy as far as its attachment goes. */
export type AttachedPolicy = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly creationTimestamp?: string | undefined;
  };
  readonly spec: TargetFields;
};

/** What has to be known beside policy and target. */
export type AttachmentRules = {
  /** Whether a rule about namespaces, written in `home`, lets `namespace` in. */
  readonly allows: (rule: NamespaceRule, ends: { readonly home: string; readonly namespace: string }) => boolean;
  /** Whether a ReferenceGrant permits a reference from one namespace to another. */
  readonly grants: (from: GrantFrom, to: GrantTo) => boolean;
};

/** Whether a policy is attached to a target: by JSON pointer, the part of the policy that says so; `undefined` when none does. */
export function claimOn(policy: AttachedPolicy, target: PolicyTarget, rules: AttachmentRules): string | undefined {
  const pointer = refOn(policy, target) ?? selectorOn(policy, target, rules);
  return pointer !== undefined && mayReach(policy, target, rules) ? pointer : undefined;
}

/** References have no namespace: they name what is in the policy's own, or a Namespace. */
function refOn({ metadata, spec }: AttachedPolicy, target: PolicyTarget): string | undefined {
  if (target.namespace !== metadata.namespace && !isNamespace(target)) return undefined;
  const names = (ref: PolicyTargetRef): boolean =>
    ref.group === target.group &&
    ref.kind === target.kind &&
    ref.name === target.name &&
    ref.sectionName === target.section?.name;
  if (spec.targetRef !== undefined && names(spec.targetRef)) return "/spec/targetRef";
  const index = (spec.targetRefs ?? []).findIndex(names);
  return index < 0 ? undefined : `/spec/targetRefs/${index}`;
}

/** Selectors choose whole objects. */
function selectorOn(
  { metadata, spec }: AttachedPolicy,
  target: PolicyTarget,
  rules: AttachmentRules,
): string | undefined {
  if (target.section !== undefined) return undefined;
  const ends = { home: metadata.namespace, namespace: target.namespace };
  const index = (spec.targetSelectors ?? []).findIndex(
    (selector) =>
      selector.group === target.group &&
      selector.kind === target.kind &&
      rules.allows(selector.namespaces ?? { from: "Same" }, ends) &&
      selectorMatches(selector, target.labels()),
  );
  return index < 0 ? undefined : `/spec/targetSelectors/${index}`;
}

/** Into another namespace only by a grant there. */
function mayReach(
  { apiVersion, kind, metadata }: AttachedPolicy,
  target: PolicyTarget,
  rules: AttachmentRules,
): boolean {
  const { namespace } = metadata;
  return (
    namespace === target.namespace ||
    rules.grants(
      { group: groupOf(apiVersion), kind, namespace },
      { group: target.group, kind: target.kind, namespace: target.namespace, name: target.name },
    )
  );
}

function isNamespace({ group, kind }: PolicyTarget): boolean {
  return group === "" && kind === "Namespace";
}
