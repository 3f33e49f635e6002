import { compileStreamAdmission } from "../../filter/authorization/compile-stream.ts";
import type { StreamAdmission } from "../../ir/authorization.ts";
import type { PlacedFilter } from "../../ir/filter.ts";
import type { PolicyInForce } from "../../ir/policy.ts";
import type { HttpRule, StreamRule } from "../../ir/routing-model.ts";
import { ruleKeyOn } from "../../ir/rule-key.ts";
import { clusterKeysOfRule, clusterKeysOfStreamRule } from "../../ir/used-clusters.ts";
import type { Resource } from "../../resource/kinds.ts";
import { unservedFields } from "../../served/unserved-fields.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { CompileContext, CompiledRoute, GatewayContext, Route } from "../contract.ts";
import type { ListenerDraft } from "../listener/listener.ts";
import { namespaceAllowed } from "../listener/namespace-selector.ts";
import { isReferenceGranted } from "../reference/grant.ts";
import { nameOf, refOf, sourceOf } from "../report/report.ts";
import { applyToHttpRule, applyToStreamRule, type Clusters } from "../traffic/apply-traffic.ts";
import type { BackendSettings } from "../traffic/backend-settings.ts";
import { findCandidates } from "./claim-targets.ts";
import { type EffectivePolicy, effectivePolicy, findLevels, type PolicyLevel } from "./effective-policy.ts";
import { type FeatureYield, PolicyReferences } from "./feature-scope.ts";
import { fieldSources } from "./merge-specs.ts";
import { effectsOfLevels, effectsOfPolicy, type PolicyEffect, policyName } from "./policy-effect.ts";
import { compileFeatures, type PolicyOnRule, type RulePolicyKind } from "./policy-features.ts";
import { type InheritedKind, type InheritedRow, inheritedKindNames, inheritedKinds } from "./policy-kinds.ts";
import { type Labelled, listenerLevels, routeLevels } from "./policy-levels.ts";
import type { AttachmentRules, PolicyTarget } from "./policy-target.ts";

type Inherited = Resource<InheritedKind>;

/** A listener with the Gateway that it belongs to. */
export type ListenerOfGateway = { readonly gateway: Resource<"Gateway">; readonly draft: ListenerDraft };

/** A listener of a Gateway that routes are compiled for. */
export type ListenerOfRoutes = ListenerOfGateway & { readonly context: GatewayContext };

/** A route with the policies on its rules. */
export type RoutePolicies = {
  readonly compiled: CompiledRoute;
  readonly effects: readonly PolicyEffect[];
  /** A policy of the listener, or of its ListenerSet, has a part in it: on other listeners the route may be another. */
  readonly isOfListener: boolean;
};

/**
 * Puts the policies for rules on a route that has been compiled for a listener's Gateway. The same compiled route when there
 * are none. Where a policy of the listener's own may have a part in it, the rules get keys of their own.
 */
export function attachPolicies(
  context: CompileContext,
  at: ListenerOfRoutes,
  route: Route,
  compiled: CompiledRoute,
): RoutePolicies {
  const kinds = ruleKinds.filter((kind) => !context.snapshot.isEmpty(kind));
  const { namespace } = route.metadata;
  const namespaceLabels = () => context.snapshot.get("Namespace", undefined, namespace)?.metadata.labels ?? {};
  const place = { kind: route.kind, route: labelled(route), namespaceLabels };
  const ofListener = targetsOfListener(at);
  const byName = new Map<string, RulePolicies>();
  const find = (name: string): RulePolicies => {
    const known = byName.get(name);
    if (known !== undefined) return known;
    const targets = [...ofListener, ...routeLevels(place, name === "" ? undefined : name)];
    const found = findRulePolicies(context, at, { kinds, targets, route });
    byName.set(name, found);
    return found;
  };
  const clusters: Clusters = new Map(compiled.clusters);
  const rules = new Map<HttpRule, HttpRule>();
  const entries = compiled.entries.map((entry) => {
    const rule = rules.get(entry.rule) ?? putOnHttp(entry.rule, find(entry.rule.ruleName), { at, clusters });
    rules.set(entry.rule, rule);
    return { ...entry, rule };
  });
  const streamRules = compiled.streamRules.map((rule) => putOnStream(rule, find(rule.ruleName), clusters));
  const found = [...byName.values()];
  const effects = found.flatMap((one) => [...one.effects, ...one.made.flatMap(({ effects }) => effects)]);
  const isOfListener = found.some((one) => one.isOfListener);
  if (effects.length === 0) return { compiled, effects, isOfListener };
  const made = found.flatMap((one) => one.made);
  // Clusters that are named no more are those of rules whose policies want others.
  const used = new Set([
    ...[...rules.values()].flatMap(clusterKeysOfRule),
    ...streamRules.flatMap(clusterKeysOfStreamRule),
  ]);
  for (const key of clusters.keys()) if (!used.has(key)) clusters.delete(key);
  for (const one of made) for (const [key, cluster] of one.clusters) clusters.set(key, cluster);
  const backends = new Set([...compiled.backends, ...made.flatMap((one) => [...one.backends])]);
  return { compiled: { ...compiled, entries, streamRules, clusters, backends }, effects, isOfListener };
}

const ruleKinds = inheritedKindNames.filter(
  (kind): kind is RulePolicyKind => inheritedKinds[kind].appliesTo === "rule",
);

/** Whether there is any policy for rules. */
export function hasRulePolicies(snapshot: Snapshot): boolean {
  return ruleKinds.some((kind) => !snapshot.isEmpty(kind));
}

/** The policies on one rule. */
type RulePolicies = {
  readonly policies: readonly PolicyInForce[];
  readonly effects: readonly PolicyEffect[];
  /** Of HTTP rules: the filters of the policies, and what making them has brought up. */
  readonly filters: readonly PlacedFilter[];
  readonly made: readonly FeatureYield[];
  /** Of stream rules: who may have a stream. `refused`: nobody. */
  readonly admission: StreamAdmission | "refused" | undefined;
  /** What a BackendTrafficPolicy says, or several that are merged; `undefined`: there is none. */
  readonly traffic: BackendSettings | undefined;
  /** A policy in force that cannot be left out and has a field that is not served: nothing may pass. */
  readonly refusedBy: Inherited | undefined;
  /** A policy of the listener, or of its ListenerSet, is among them. */
  readonly isOfListener: boolean;
};

function findRulePolicies(
  context: CompileContext,
  at: ListenerOfRoutes,
  of: { readonly kinds: readonly RulePolicyKind[]; readonly targets: readonly PolicyTarget[]; readonly route: Route },
): RulePolicies {
  const policies: PolicyInForce[] = [];
  const effects: PolicyEffect[] = [];
  const onRule: PolicyOnRule[] = [];
  const made: FeatureYield[] = [];
  let admission: RulePolicies["admission"];
  const subject = nameOf(refOf(of.route));
  let traffic: BackendSettings | undefined;
  let refusedBy: Inherited | undefined;
  let isOfListener = false;
  for (const kind of of.kinds) {
    const row: InheritedRow = inheritedKinds[kind];
    const levels = findKindLevels(context, kind, of.targets);
    const effective = effectivePolicy(levels, row.listKeys);
    if (effective === undefined) continue;
    effects.push(...effectsOfLevels(keyOf(at), levels), ...effectsOfPolicy(keyOf(at), effective, subject));
    policies.push(...partsOf(effective));
    const references = new PolicyReferences(context, at.context, effective.traced, of.route);
    if (isHttp(of.route)) onRule.push({ kind, traced: effective.traced, references });
    else if (kind === "SecurityPolicy") {
      const use = of.route.kind === "UDPRoute" ? "datagrams" : "connections";
      // What is merged from specs of a kind has the shape of one.
      const spec = effective.traced.spec as Resource<"SecurityPolicy">["spec"];
      admission = compileStreamAdmission(spec, use, (field) => references.scope(field));
      made.push(references.collect());
    }
    if (kind === "BackendTrafficPolicy" && !effective.inForce.some(isUnsafe)) {
      // What is merged from specs of a kind has the shape of one.
      traffic = effective.traced.spec as BackendSettings;
    }
    isOfListener ||= levels.some(({ target }) => target.section?.kind === "listener" || target.kind === "ListenerSet");
    if (row.unserved === "refused") refusedBy ??= effective.inForce.find(isUnsafe);
  }
  const filters = compileFeatures(onRule);
  made.push(...onRule.map(({ references }) => references.collect()));
  return { policies, effects, filters, made, admission, traffic, refusedBy, isOfListener };
}

function isHttp({ kind }: Route): boolean {
  return kind === "HTTPRoute" || kind === "GRPCRoute";
}

function putOnHttp(
  rule: HttpRule,
  { policies, filters, traffic, refusedBy, isOfListener }: RulePolicies,
  { at, clusters }: { readonly at: ListenerOfGateway; readonly clusters: Clusters },
): HttpRule {
  if (policies.length === 0) return rule;
  return {
    ...(traffic === undefined ? rule : applyToHttpRule(rule, traffic, clusters)),
    ...(isOfListener ? { key: ruleKeyOn(rule.key, at.draft.key) } : {}),
    policies,
    filters:
      refusedBy === undefined
        ? [...filters, ...rule.filters]
        : [
            {
              from: sourceOf(refusedBy, "/spec"),
              filter: { kind: "directResponse", status: 500, reason: refusal(refusedBy) },
            },
          ],
  };
}

function putOnStream(
  rule: StreamRule,
  { policies, admission, traffic, refusedBy }: RulePolicies,
  clusters: Clusters,
): StreamRule {
  if (policies.length === 0) return rule;
  if (refusedBy === undefined && admission !== "refused") {
    return {
      ...(traffic === undefined ? rule : applyToStreamRule(rule, traffic, clusters)),
      policies,
      ...(admission === undefined ? {} : { admission }),
    };
  }
  const reason =
    refusedBy === undefined ? "a policy on it is not for streams, so nothing may pass" : refusal(refusedBy);
  const target = { kind: "invalid", status: 500, reason } as const;
  return { ...rule, policies, backends: rule.backends.map((backend) => ({ ...backend, target })) };
}

export function isUnsafe({ kind, spec }: Inherited): boolean {
  return unservedFields(kind, spec).some(({ safe }) => safe === "no");
}

export function refusal(policy: Inherited): string {
  return `${policyName(policy)} has settings that are not served, so nothing may pass`;
}

/** The policies in force, each with the fields that it gives. */
export function partsOf({ inForce, traced }: EffectivePolicy<Inherited>): readonly PolicyInForce[] {
  const fields = fieldSources(traced).map(({ from }) => from);
  return inForce.map((policy) => ({
    from: sourceOf(policy, "/spec"),
    fields: fields.filter((from) => from.policy === policy).map(({ pointer }) => pointer.slice("/spec".length)),
  }));
}

export function findKindLevels(
  context: CompileContext,
  kind: InheritedKind,
  targets: readonly PolicyTarget[],
): readonly PolicyLevel<Inherited>[] {
  const row: InheritedRow = inheritedKinds[kind];
  const own = targets.filter((target) =>
    row.targets.some((one) => one.group === target.group && one.kind === target.kind),
  );
  const rules: AttachmentRules = {
    allows: (rule, ends) => namespaceAllowed(context, rule, ends).answer !== "refused",
    grants: (from, to) => isReferenceGranted(context.snapshot, from, to),
  };
  return findLevels(own, (target) => findCandidates(context.snapshot, kind, target), rules);
}

export function targetsOfListener({ gateway, draft }: ListenerOfGateway): readonly PolicyTarget[] {
  return listenerLevels({
    gateway: labelled(gateway),
    listenerSet: draft.owner.kind === "ListenerSet" ? labelled(draft.owner) : undefined,
    listener: draft.spec.name,
  });
}

function labelled({ metadata }: Route | ListenerDraft["owner"]): Labelled {
  return { namespace: metadata.namespace, name: metadata.name, labels: () => metadata.labels };
}

export function keyOf({ gateway }: ListenerOfGateway): string {
  return `${gateway.metadata.namespace}/${gateway.metadata.name}`;
}
