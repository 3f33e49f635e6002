import type { Finding } from "../../finding/finding.ts";
import { indexByName, indexByNamespace } from "../../store/snapshot-index.ts";
import { describePorts } from "../backend/service-port.ts";
import type { CompileContext, Route } from "../contract.ts";
import { explainGrant } from "../reference/grant.ts";
import { groupSlip } from "../reference/group-slip.ts";
import { nearName } from "../reference/near-name.ts";
import { type AnyResource, groupOf, refOf, report } from "../report/report.ts";
import { describeTarget, type TargetClaim } from "./claim-targets.ts";
import { type Policy, policyKindNames, policyKinds, type Section } from "./policy-kinds.ts";

/** What keeps a policy from applying to one target, or `undefined`. Spec: PolicyConditionAccepted and its reasons. */
export function findTargetFault(context: CompileContext, claim: TargetClaim): Finding | undefined {
  const { policy, target, pointer, winner } = claim;
  const namespace = policy.metadata.namespace;
  const words = describeTarget(target, namespace);
  const misplaced = findKindFault(policy, target, pointer);
  if (misplaced !== undefined) return misplaced;
  const missing = findMissingTarget(context, claim);
  if (missing !== undefined) return missing;
  if (winner === undefined) return undefined;
  const { metadata } = winner;
  return report(
    "policy-conflicted",
    { resource: policy, pointer },
    {
      message: `${policy.kind} ${metadata.namespace}/${metadata.name} applies to ${words} too, and takes precedence; this policy has no effect there.`,
      fix: "Delete one of the two policies, or give them different targets.",
      related: [refOf(winner)],
    },
  );
}

/** What is wrong with the kinds that a policy selects by label. */
export function findSelectorFaults(policy: Policy): readonly Finding[] {
  const selectors = "targetSelectors" in policy.spec ? (policy.spec.targetSelectors ?? []) : [];
  return selectors.flatMap(
    (selector, index) => findKindFault(policy, { ...selector, name: "" }, `/spec/targetSelectors/${index}`) ?? [],
  );
}

function findKindFault(
  policy: Policy,
  target: { readonly group: string; readonly kind: string; readonly name: string },
  pointer: string,
): Finding | undefined {
  const allowed = policyKinds[policy.kind].targets.map(({ group, kind }) => `${group}/${kind}`);
  if (allowed.includes(`${target.group}/${target.kind}`)) return undefined;
  const slip = groupSlip(target, allowed);
  const words = `${target.kind}${target.group === "" ? "" : ` (group ${target.group})`} ${target.name}`.trimEnd();
  return report(
    "policy-target-kind-unsupported",
    { resource: policy, pointer: `${pointer}/${slip === undefined ? "kind" : "group"}` },
    {
      message: `${policy.kind} does not apply to ${words}${slip === undefined ? "" : `: ${slip.reason}`}.`,
      fix: slip?.fix ?? `Target ${allowed.map(renderKind).join(" or ")}.`,
    },
  );
}

function renderKind(groupKind: string): string {
  const [group = "", kind = ""] = groupKind.split("/");
  return `a ${kind} (\`group: ${JSON.stringify(group)}, kind: ${kind}\`)`;
}

const indexes = new Map(
  policyKindNames
    .flatMap((kind) => policyKinds[kind].targets)
    .map(({ kind }) => [kind, { byNamespace: indexByNamespace(kind), byName: indexByName(kind) }] as const),
);

function findMissingTarget(context: CompileContext, claim: TargetClaim): Finding | undefined {
  const { policy, target, pointer } = claim;
  const { snapshot, options } = context;
  const namespace = policy.metadata.namespace;
  const row = policyKinds[policy.kind].targets.find(
    ({ group, kind }) => group === target.group && kind === target.kind,
  );
  if (row === undefined) return undefined;
  if (row.kind === "Namespace") return findForbiddenNamespace(context, claim);
  const object = snapshot.get(row.kind, namespace, target.name);
  if (object === undefined) {
    if (row.kind === "Service" && options.stubBackends) return undefined;
    const { byNamespace, byName } = indexes.get(row.kind)!;
    const named = snapshot.find(byNamespace, namespace);
    const near = nearName(
      target.name,
      named.map((candidate) => candidate.metadata.name),
    );
    const elsewhere = snapshot.find(byName, target.name)[0]?.metadata.namespace;
    return report(
      "policy-target-not-found",
      { resource: policy, pointer: `${pointer}/name` },
      {
        message: `${target.kind} ${namespace}/${target.name} does not exist${near !== undefined ? `; did you mean ${near}?` : elsewhere === undefined ? "." : `, but namespace ${JSON.stringify(elsewhere)} has one of that name.`}`,
        fix:
          near !== undefined
            ? `Write \`name: ${near}\`.`
            : elsewhere === undefined
              ? `Create ${target.kind} ${target.name} in namespace ${JSON.stringify(namespace)}, or correct the name.`
              : `Move the policy to namespace ${JSON.stringify(elsewhere)}: a policy applies only to objects in its own namespace.`,
      },
    );
  }
  return findMissingSection(claim, object, row.section);
}

/** A Namespace need not be in the input: nobody's policy is for another than its own without a grant there. */
function findForbiddenNamespace({ snapshot }: CompileContext, claim: TargetClaim): Finding | undefined {
  const { policy, target, pointer } = claim;
  const { kind } = policy;
  const grant = explainGrant(
    snapshot,
    { group: groupOf(policy.apiVersion), kind, namespace: policy.metadata.namespace },
    { group: target.group, kind: target.kind, namespace: target.name, name: target.name },
  );
  if (grant.answer === "granted") return undefined;
  return report(
    "policy-target-not-permitted",
    { resource: policy, pointer: `${pointer}/name` },
    {
      message: `The policy is not permitted to apply to Namespace ${target.name}: ${grant.detail}.`,
      fix: grant.fix,
      ...(grant.answer === "tooNarrow" ? { related: [grant.grant] } : {}),
    },
  );
}

/** The names that a sectionName may say, and how they are listed. */
const sections: {
  readonly [S in Section]: (object: AnyResource) => { readonly names: readonly string[]; readonly listed: string };
} = {
  none: () => ({ names: [], listed: "no sections" }),
  port: (object) => {
    if (object.kind !== "Service") return { names: [], listed: "no ports" };
    return { names: (object.spec.ports ?? []).map(({ name = "" }) => name), listed: describePorts(object) };
  },
  listener: (object) => {
    const listeners = object.kind === "Gateway" || object.kind === "ListenerSet" ? object.spec.listeners : [];
    const names = listeners.map(({ name }) => name);
    return { names, listed: names.join(", ") || "no listeners" };
  },
  rule: (object) => {
    const rules = object.kind.endsWith("Route") ? ((object as Route).spec.rules ?? []) : [];
    const names = rules.flatMap(({ name }) => name ?? []);
    return { names, listed: names.join(", ") || "no rules with names" };
  },
};

function findMissingSection(claim: TargetClaim, object: AnyResource, section: Section): Finding | undefined {
  const { policy, target, pointer } = claim;
  if (target.sectionName === undefined) return undefined;
  const { names, listed } = sections[section](object);
  if (names.includes(target.sectionName)) return undefined;
  const noun = section === "none" ? "section" : section;
  return report(
    "policy-section-not-found",
    { resource: policy, pointer: `${pointer}/sectionName` },
    {
      message: `${target.kind} ${policy.metadata.namespace}/${target.name} has no ${noun} named ${JSON.stringify(target.sectionName)}; it has ${listed}.`,
      fix: `Write the name of one of its ${noun}s, or remove sectionName to apply to all of them.`,
    },
  );
}
