/** Statuses in the API's own shape, for writers and for `status -o yaml`. Pure. */
import { isIP } from "node:net";
import { unreachable } from "../base/unreachable.ts";
import { listOf, recordOf } from "../base/untrusted-json.ts";
import { groupKindOf, type Resource } from "../resource/kinds.ts";
import { ancestorLimit } from "./ancestor-limit.ts";
import type { Condition, ListenerStatus, ObjectStatus, ParentRef, TimedCondition } from "./condition.ts";
import { sameRef } from "./merge.ts";

type Json = Readonly<Record<string, unknown>>;

/** What `mergeStatus` made of an object, or (without a data plane) what the compiler did. */
export type StatusSource = ObjectStatus<Condition & Partial<TimedCondition>>;

export type RenderOptions = {
  /** Status that the object has now: anything, as it comes from outside. */
  readonly previous: unknown;
  readonly controllerName: string;
};

/** List sizes that the API takes. Spec: maxItems of the CRDs. */
const limits = { conditions: 8, listeners: 64, addresses: 16, parents: 32, features: 64 } as const;

/**
 * The status to write over `previous`. Conditions of types that are not ours, and entries of other controllers, stay as they
 * are; entries of ours for parents that are gone are dropped; lists are cut to what the API takes. Never throws.
 */
export function renderStatus(source: StatusSource, options: RenderOptions): Json {
  const previous = recordOf(options.previous);
  const { body } = source;
  switch (body.shape) {
    case "gatewayClass":
      return {
        ...previous,
        conditions: renderConditions(body.conditions, previous["conditions"]),
        supportedFeatures: body.supportedFeatures.slice(0, limits.features).map((name) => ({ name })),
      };
    case "gateway":
      return {
        ...previous,
        addresses: body.addresses.slice(0, limits.addresses),
        conditions: renderConditions(body.conditions, previous["conditions"]),
        listeners: renderListeners(body.listeners, previous["listeners"]),
        attachedListenerSets: body.attachedListenerSets,
      };
    case "ingress":
      // As long as no address is known, what stands there stays: DNS follows it.
      return body.addresses.length === 0
        ? previous
        : {
            ...previous,
            loadBalancer: { ingress: body.addresses.slice(0, limits.addresses).map(loadBalancerOf) },
          };
    case "backend":
      return { ...previous, conditions: renderConditions(body.conditions, previous["conditions"]) };
    case "listenerSet":
      return {
        ...previous,
        conditions: renderConditions(body.conditions, previous["conditions"]),
        listeners: renderListeners(body.listeners, previous["listeners"]),
      };
    case "route": {
      const ours = body.parents.map(({ parentRef, conditions }) => ({ ref: parentRef, conditions }));
      const parents = renderEntries("parentRef", ours, {
        ...options,
        before: previous["parents"],
        limit: limits.parents,
      });
      return { ...previous, parents };
    }
    case "policy": {
      const ours = body.ancestors.map(({ ancestorRef, conditions }) => ({ ref: ancestorRef, conditions }));
      const list = { ...options, before: previous["ancestors"], limit: ancestorLimit(source.ref.kind) };
      return { ...previous, ancestors: renderEntries("ancestorRef", ours, list) };
    }
    default:
      return unreachable(body);
  }
}

/** Spec: IngressLoadBalancerIngress. */
function loadBalancerOf(address: string): Json {
  return isIP(address) === 0 ? { hostname: address } : { ip: address };
}

/**
 * The status of an object that nothing of ours concerns any more: this controller's entries are taken out of `parents` and
 * `ancestors`. `undefined` when there are none.
 */
export function clearStatus(options: RenderOptions): Json | undefined {
  const previous = recordOf(options.previous);
  const cleared: Record<string, unknown> = { ...previous };
  let changed = false;
  for (const field of ["parents", "ancestors"]) {
    const before = listOf(previous[field]);
    const others = before.filter((entry) => recordOf(entry)["controllerName"] !== options.controllerName);
    if (others.length === before.length) continue;
    changed = true;
    cleared[field] = others;
  }
  return changed ? cleared : undefined;
}

/** An object as `kubectl get -o yaml` shows it: with its status, without what only Sluice keeps. */
export function renderObjectWithStatus(
  resource: Resource,
  status: StatusSource | undefined,
  controllerName: string,
): Json {
  const { origin: _, status: previous, ...fields } = resource as Resource & { readonly status?: unknown };
  const { apiVersion, kind: _kind, metadata, ...rest } = fields;
  const { kind } = groupKindOf(resource);
  const own = status
    ? renderStatus(status, { previous, controllerName })
    : (clearStatus({ previous, controllerName }) ?? previous);
  return { apiVersion, kind, metadata: withoutEmpty(metadata), ...rest, ...(own === undefined ? {} : { status: own }) };
}

/** Types that we set; one of ours that no longer holds is taken away, others' stay. */
const ourTypes: readonly unknown[] = [
  "Accepted",
  "Programmed",
  "ResolvedRefs",
  "Conflicted",
  "OverlappingTLSConfig",
  "PartiallyInvalid",
  "SupportedVersion",
  "InsecureFrontendValidationMode",
  "DefaultGateway",
  "AddressesAssigned",
  "Merged",
  "Overridden",
];

function renderConditions(ours: readonly (Condition & Partial<TimedCondition>)[], before: unknown): readonly unknown[] {
  const known = listOf(before).map(recordOf);
  const merged = ours.map((condition) => {
    const same = known.find(({ type, status }) => type === condition.type && status === condition.status);
    const lastTransitionTime = same?.["lastTransitionTime"] ?? condition.lastTransitionTime;
    return { ...condition, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) };
  });
  const foreign = known.filter(({ type }) => typeof type === "string" && !ourTypes.includes(type));
  return [...merged, ...foreign].slice(0, limits.conditions);
}

function renderListeners(
  ours: readonly ListenerStatus<Condition & Partial<TimedCondition>>[],
  before: unknown,
): readonly Json[] {
  const known = listOf(before).map(recordOf);
  return ours.slice(0, limits.listeners).map(({ name, supportedKinds, attachedRoutes, conditions }) => ({
    name,
    supportedKinds,
    attachedRoutes,
    conditions: renderConditions(conditions, known.find((entry) => entry["name"] === name)?.["conditions"]),
  }));
}

/** Others' entries come first: ours must not push theirs over the limit. */
function renderEntries(
  field: "parentRef" | "ancestorRef",
  ours: readonly { readonly ref: ParentRef; readonly conditions: readonly Condition[] }[],
  list: RenderOptions & { readonly before: unknown; readonly limit: number },
): readonly Json[] {
  const before = listOf(list.before).map(recordOf);
  const others = before.filter((entry) => entry["controllerName"] !== list.controllerName);
  const known = before.filter((entry) => entry["controllerName"] === list.controllerName);
  const merged = ours.map(({ ref, conditions }) => {
    const old = known.find((entry) => sameRef(recordOf(entry[field]) as Partial<ParentRef>, ref));
    return {
      [field]: ref,
      controllerName: list.controllerName,
      conditions: renderConditions(conditions, old?.["conditions"]),
    };
  });
  return [...others, ...merged].slice(0, list.limit);
}

function withoutEmpty(metadata: Json): Json {
  const filled = ([, value]: [string, unknown]): boolean =>
    Object.keys(recordOf(value)).length > 0 || typeof value !== "object";
  return Object.fromEntries(Object.entries(metadata).filter(filled));
}
