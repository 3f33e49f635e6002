import { gatewayGroup } from "../listener/listener.ts";
import type { PolicyTarget } from "./policy-target.ts";

/** An object by its name, with its labels. */
export type Labelled = {
  readonly namespace: string;
  readonly name: string;
  readonly labels: PolicyTarget["labels"];
};

/** A listener of a Gateway, its own or that of a ListenerSet. */
export type ListenerPlace = {
  readonly gateway: Labelled;
  readonly listenerSet: Labelled | undefined;
  readonly listener: string;
};

/** A route, and the labels of its namespace. */
export type RoutePlace = {
  readonly kind: string;
  readonly route: Labelled;
  readonly namespaceLabels: PolicyTarget["labels"];
};

/** What policies for everything on a listener may be attached to, from the least specific to the most. */
export function listenerLevels({ gateway, listenerSet, listener }: ListenerPlace): readonly PolicyTarget[] {
  const section = { kind: "listener", name: listener } as const;
  const whole: PolicyTarget = { group: gatewayGroup, kind: "Gateway", ...gateway, section: undefined };
  if (listenerSet === undefined) return [whole, { ...whole, section }];
  const set: PolicyTarget = { group: gatewayGroup, kind: "ListenerSet", ...listenerSet, section: undefined };
  return [whole, set, { ...set, section }];
}

/**
 * What policies for a route may be attached to, from the least specific to the most, after the levels of its listener: the
 * route's namespace, the route, and its rule when the rule has a name.
 */
export function routeLevels(place: RoutePlace, rule: string | undefined): readonly PolicyTarget[] {
  const { kind, route, namespaceLabels } = place;
  const { namespace } = route;
  const whole: PolicyTarget = { group: gatewayGroup, kind, ...route, section: undefined };
  return [
    { group: "", kind: "Namespace", namespace, name: namespace, section: undefined, labels: namespaceLabels },
    whole,
    ...(rule === undefined ? [] : [{ ...whole, section: { kind: "rule", name: rule } as const }]),
  ];
}
