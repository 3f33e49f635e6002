import type { PlacedFilter } from "../../ir/filter.ts";
import type { PolicyInForce } from "../../ir/policy.ts";
import type { CompileContext, GatewayContext } from "../contract.ts";
import type { ListenerDraft } from "../listener/listener.ts";
import {
  findKindLevels,
  isUnsafe,
  keyOf,
  type ListenerOfGateway,
  partsOf,
  refusal,
  targetsOfListener,
} from "../policy/attach-policies.ts";
import { effectivePolicy } from "../policy/effective-policy.ts";
import { type FeatureYield, PolicyReferences } from "../policy/feature-scope.ts";
import { effectsOfLevels, effectsOfPolicy, type PolicyEffect } from "../policy/policy-effect.ts";
import { inheritedKindNames, inheritedKinds } from "../policy/policy-kinds.ts";
import { sourceOf } from "../report/report.ts";
import { clientFilters } from "./client-filters.ts";
import { type ClientTraffic, clientSettings } from "./client-settings.ts";
import { clientTls } from "./client-tls.ts";
import { type SharingListener, sharePorts } from "./shared-port.ts";

/** A listener with what its policies make of it. */
export type ListenerPolicies = {
  readonly draft: ListenerDraft;
  /** Those of the listener as a whole. */
  readonly policies: readonly PolicyInForce[];
};

/** The listeners of a Gateway with what their policies make of them, by the draft without. */
export type GatewayPolicies = {
  readonly listeners: ReadonlyMap<ListenerDraft, ListenerPolicies>;
  /** What becomes of all policies that are attached to the listeners. */
  readonly effects: readonly PolicyEffect[];
};

/**
 * Finds the policies that are attached to the listeners of a Gateway, themselves or through it or a ListenerSet, and applies
 * those for listeners. `drafts`: in order of precedence on each port.
 */
export function findListenerPolicies(
  context: CompileContext,
  gateway: ListenerOfGateway["gateway"],
  of: { readonly drafts: readonly ListenerDraft[]; readonly context: GatewayContext },
): GatewayPolicies {
  const found = of.drafts.map((draft) => applyPolicies(context, { gateway, draft }, of.context));
  const drafts = sharePorts(found.map(({ sharing }) => sharing));
  return {
    listeners: new Map(
      found.map(({ policies }, index) => [of.drafts[index]!, { draft: drafts[index]!, policies }] as const),
    ),
    effects: found.flatMap(({ effects, collect }) => [...effects, ...(collect?.().effects ?? [])]),
  };
}

type Applied = {
  readonly sharing: SharingListener;
  readonly policies: readonly PolicyInForce[];
  readonly effects: readonly PolicyEffect[];
  /** What applying them has brought up; `undefined`: nothing was applied. */
  readonly collect: (() => FeatureYield) | undefined;
};

function applyPolicies(context: CompileContext, at: ListenerOfGateway, gateway: GatewayContext): Applied {
  const effects: PolicyEffect[] = [];
  const targets = targetsOfListener(at);
  let applied: Omit<Applied, "effects"> = {
    sharing: { draft: at.draft, report: undefined },
    policies: [],
    collect: undefined,
  };
  for (const kind of inheritedKindNames) {
    if (context.snapshot.isEmpty(kind)) continue;
    const { appliesTo, listKeys } = inheritedKinds[kind];
    const levels = findKindLevels(context, kind, targets);
    effects.push(...effectsOfLevels(keyOf(at), levels));
    // Policies for rules are in force where there are rules.
    const effective = appliesTo === "listener" ? effectivePolicy(levels, listKeys) : undefined;
    if (effective === undefined) continue;
    effects.push(...effectsOfPolicy(keyOf(at), effective, `listener ${at.draft.key}`));
    const references = new PolicyReferences(context, gateway, effective.traced, at.draft.owner);
    const scopeOf = (pointer: string) => references.scope(pointer);
    const spec = effective.traced.spec as ClientTraffic;
    const unsafe = effective.inForce.find(isUnsafe);
    const refused: readonly PlacedFilter[] =
      unsafe === undefined
        ? []
        : [
            {
              from: sourceOf(unsafe, "/spec"),
              filter: { kind: "directResponse", status: 500, reason: refusal(unsafe) },
            },
          ];
    const tls = spec.tls === undefined ? at.draft.tls : clientTls(at.draft, spec.tls, references);
    const draft: ListenerDraft = {
      ...at.draft,
      ...(tls === undefined ? {} : { tls }),
      settings: clientSettings(spec, at.draft.settings, scopeOf("")),
      filters: [...refused, ...clientFilters(spec, scopeOf), ...at.draft.filters],
    };
    applied = {
      sharing: { draft, report: (name, text) => scopeOf("").report(name, "", text) },
      policies: partsOf(effective),
      collect: () => references.collect(),
    };
  }
  return { ...applied, effects };
}
