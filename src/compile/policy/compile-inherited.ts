import type { Finding } from "../../finding/finding.ts";
import { dotted } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import { type UnservedField, unservedFields } from "../../served/unserved-fields.ts";
import type { CompileContext } from "../contract.ts";
import { compareText } from "../order/by-name.ts";
import type { ConditionDefault } from "../report/conditions.ts";
import { report } from "../report/report.ts";
import type { Report } from "../report/report-table.ts";
import { findIdleSettings, type IdleSetting } from "../traffic/find-idle-settings.ts";
import { type Ancestor, ancestorStatus } from "./ancestor-status.ts";
import { namedTargets } from "./claim-targets.ts";
import { accepted } from "./policy-compilers.ts";
import { type PolicyEffect, policyKey, policyName } from "./policy-effect.ts";
import type { InheritedKind } from "./policy-kinds.ts";
import type { PolicyUsage } from "./policy-usage.ts";
import { findSelectorFaults, findTargetFault } from "./target-finding.ts";

type Inherited = Resource<InheritedKind>;

/** Most routes that a condition names. */
const namedRoutes = 10;

/** Statuses and findings of the policies of a kind that is inherited. What they do has happened in `attachPolicies`. */
export function compileInherited(context: CompileContext, usage: PolicyUsage, kind: InheritedKind): readonly Report[] {
  return context.snapshot.list(kind).map((policy) => compilePolicy(context, usage, policy));
}

function compilePolicy(context: CompileContext, usage: PolicyUsage, policy: Inherited): Report {
  const effects = usage.effectsOf(policyKey(policy));
  const faults = [
    ...namedTargets(policy).flatMap(({ target, pointer }) =>
      isForeign(context, usage, policy, target)
        ? []
        : (findTargetFault(context, { policy, target, pointer, winner: undefined }) ?? []),
    ),
    ...findSelectorFaults(policy),
  ];
  const own = [
    ...faults,
    ...unservedFields(policy.kind, policy.spec).map((field) => unserved(policy, field)),
    ...(policy.kind === "BackendTrafficPolicy" ? findIdleSettings(policy.spec) : []).map((setting) =>
      idleSetting(policy, setting),
    ),
  ];
  /** Each finding once, whatever rules and Gateways it was made for. */
  const inForce = new Map<string, Finding>();
  const ancestors = [...Map.groupBy(effects, ({ gateway }) => gateway)].map(([gateway, ofGateway]): Ancestor => {
    const [namespace = "", name = ""] = gateway.split("/");
    const findings = ofGateway.flatMap((effect) =>
      effect.role === "conflicted" ? [conflicted(policy, effect)] : effect.findings,
    );
    for (const finding of findings) inForce.set(finding.pointer + finding.message, finding);
    return { gateway: { namespace, name }, findings, conditions: conditionsOf(policy, ofGateway) };
  });
  const idle = findIdle(policy, effects);
  return {
    status: [ancestorStatus(policy, { defaults: [accepted], own, ancestors })],
    findings: [...own, ...inForce.values(), ...(faults.length === 0 && idle !== undefined ? [idle] : [])],
  };
}

/** A Gateway of another controller is that controller's to judge. */
function isForeign(
  { snapshot }: CompileContext,
  { gateways }: PolicyUsage,
  { metadata: { namespace } }: Inherited,
  target: { readonly kind: string; readonly name: string },
): boolean {
  if (target.kind !== "Gateway" || snapshot.get("Gateway", namespace, target.name) === undefined) return false;
  return !gateways.some((one) => one.namespace === namespace && one.name === target.name);
}

/** Spec: conditions `Merged` and `Overridden` of Envoy Gateway. */
function conditionsOf(policy: Inherited, effects: readonly PolicyEffect[]): readonly ConditionDefault[] {
  const others = (wanted: PolicyEffect["role"]): readonly string[] => [
    ...new Set(effects.filter(({ role }) => role === wanted).map(({ other }) => other)),
  ];
  const [over, into, overridden] = [others("mergedOver"), others("mergedInto"), others("overridden")];
  const merged = [
    ...(over.length === 0 ? [] : [`Merged over ${list(over)}.`]),
    ...(into.length === 0 ? [] : [`More specific policies are merged over this one for ${list(into)}.`]),
  ];
  return [
    ...(merged.length === 0 ? [] : [condition("Merged", merged.join(" "))]),
    ...(overridden.length === 0
      ? []
      : [condition("Overridden", `A more specific ${policy.kind} is in force instead for ${list(overridden)}.`)]),
  ];
}

function condition(type: string, message: string): ConditionDefault {
  return { type, status: "True", reason: type, message };
}

function list(names: readonly string[]): string {
  const sorted = [...names].sort(compareText);
  const rest = sorted.length - namedRoutes;
  return sorted.slice(0, namedRoutes).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function unserved(policy: Inherited, { pointer, path, safe, reason }: UnservedField): Finding {
  return report(
    safe === "yes" ? "policy-field-unserved" : "policy-field-unsafe",
    { resource: policy, pointer },
    { message: `${dotted(path)} is set. ${reason}`, fix: `Remove ${dotted(path)}.` },
  );
}

function idleSetting(policy: Inherited, { pointer, message, fix }: IdleSetting): Finding {
  return report("policy-setting-idle", { resource: policy, pointer: `/spec${pointer}` }, { message, fix });
}

function conflicted(policy: Inherited, { other, pointer }: PolicyEffect): Finding {
  return report(
    "policy-conflicted",
    { resource: policy, pointer },
    {
      message: `${other} has the same target and takes precedence; this policy has no effect there.`,
      fix: "Delete one of the two policies, or give them different targets.",
    },
  );
}

/** That a policy is in force nowhere, and nothing else says why. */
function findIdle(policy: Inherited, effects: readonly PolicyEffect[]): Finding | undefined {
  const has = (wanted: PolicyEffect["role"]): boolean => effects.some(({ role }) => role === wanted);
  const at = { resource: policy, pointer: "/spec" };
  if (has("inForce") || has("conflicted")) return undefined;
  return has("overridden")
    ? report("policy-shadowed", at, {
        message: `More specific policies are in force instead of ${policyName(policy)} wherever it applies.`,
        fix: "Write `mergeType: StrategicMerge` in the more specific policies to merge them with this one, or delete it.",
      })
    : report("policy-unused", at, {
        message: `No route is attached where ${policyName(policy)} applies, so the policy has no effect.`,
        fix: "No action needed if the routes will be added later; otherwise delete the policy or correct its targets.",
      });
}
