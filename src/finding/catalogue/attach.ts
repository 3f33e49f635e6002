import type { FindingRow } from "../finding.ts";

/** SL3xxx. */
export const attachFindings = {
  "parent-missing": {
    code: "SL3001",
    severity: "error",
    title: "Route names a parent that does not exist",
    why: "A route serves only through the Gateways and ListenerSets in its parentRefs. Without its parent it is never reached.",
  },
  "parent-no-match": {
    code: "SL3002",
    severity: "error",
    title: "Route names a listener or port that its parent does not have",
    why: "sectionName is the name of a listener and port its port; both must fit one listener of that very parent (ParentReference).",
    condition: { type: "Accepted", status: "False", reason: "NoMatchingParent" },
  },
  "parent-not-served": {
    code: "SL3003",
    severity: "error",
    title: "Route's ListenerSet is not attached to a Gateway",
    why: "A ListenerSet that its Gateway does not accept serves no routes.",
    condition: { type: "Accepted", status: "False", reason: "NoMatchingParent" },
  },
  "namespace-not-allowed": {
    code: "SL3004",
    severity: "error",
    title: "Listener does not admit the route's namespace",
    why: "allowedRoutes.namespaces of a listener says from where routes may attach; the default is the Gateway's own namespace.",
    condition: { type: "Accepted", status: "False", reason: "NotAllowedByListeners" },
  },
  "namespace-label-assumed": {
    code: "SL3005",
    severity: "warning",
    title: "Namespace is taken to have the label that a listener wants",
    why: "The input has no Namespace object, so its labels are unknown. A cluster looks at the real ones and would refuse the route without them.",
  },
  "route-kind-not-allowed": {
    code: "SL3006",
    severity: "error",
    title: "Listener does not take routes of this kind",
    why: "A listener takes the kinds that its protocol can serve, or fewer when allowedRoutes.kinds says so.",
    condition: { type: "Accepted", status: "False", reason: "NotAllowedByListeners" },
  },
  "hostname-no-match": {
    code: "SL3007",
    severity: "error",
    title: "Hostnames of route and listener have nothing in common",
    why: "A route serves the hostnames that both it and the listener stand for. *.example.com stands for every name below example.com, not for example.com itself.",
    condition: { type: "Accepted", status: "False", reason: "NoMatchingListenerHostname" },
  },
  "hostname-partly-outside": {
    code: "SL3008",
    severity: "warning",
    title: "Hostname of a route is served by none of its listeners",
    why: "Hostnames that no listener stands for are ignored; requests for them are answered with 404 (HTTPRouteSpec.hostnames).",
  },
  "hostname-other-listener": {
    code: "SL3009",
    severity: "warning",
    title: "Another listener takes the hostname of this route",
    why: "A request belongs to the listener with the most specific hostname on its port, and sees only the routes attached to that one (Listener Isolation).",
  },
  "stream-route-superseded": {
    code: "SL3010",
    severity: "warning",
    title: "Another route already takes everything on this listener",
    why: "TCP and UDP listeners cannot tell routes apart: the oldest route serves, then the first by namespace/name.",
  },
  "parent-kind-unsupported": {
    code: "SL3011",
    severity: "info",
    title: "Parent of a route is not a Gateway",
    why: "Routes with a Service as parent are for service meshes. Sluice serves routes of Gateways and ListenerSets.",
  },
  "route-without-parent": {
    code: "SL3012",
    severity: "warning",
    title: "Route has no parent",
    why: "Without parentRefs, and without a default Gateway that takes it, a route is never reached.",
  },
} as const satisfies Record<string, FindingRow>;
