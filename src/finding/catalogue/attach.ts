import type { FindingRow } from "../finding.ts";

/** SL3xxx. */
export const attachFindings = {
  "parent-missing": {
    code: "SL3001",
    severity: "error",
    title: "parentRef names a parent that does not exist",
    why: "A route is served only by the Gateways and ListenerSets in its parentRefs.",
  },
  "parent-no-match": {
    code: "SL3002",
    severity: "error",
    title: "parentRef names a listener or port that the parent does not have",
    why: "sectionName must name a listener of the parent, and port must be its port (ParentReference).",
    condition: { type: "Accepted", status: "False", reason: "NoMatchingParent" },
  },
  "parent-not-served": {
    code: "SL3003",
    severity: "error",
    title: "Route's ListenerSet is not attached to a Gateway",
    why: "A ListenerSet that is not accepted by its Gateway serves no routes.",
    condition: { type: "Accepted", status: "False", reason: "NoMatchingParent" },
  },
  "namespace-not-allowed": {
    code: "SL3004",
    severity: "error",
    title: "Listener does not allow routes from this namespace",
    why: "A listener's allowedRoutes.namespaces controls which namespaces may attach routes; the default is the Gateway's own namespace.",
    condition: { type: "Accepted", status: "False", reason: "NotAllowedByListeners" },
  },
  "namespace-label-assumed": {
    code: "SL3005",
    severity: "warning",
    title: "Namespace is assumed to have the label that a listener selects",
    why: "The manifests contain no Namespace object, so its labels are unknown. In a cluster the route is refused unless the real Namespace has them.",
  },
  "route-kind-not-allowed": {
    code: "SL3006",
    severity: "error",
    title: "Listener does not allow this kind of route",
    why: "A listener allows the kinds that its protocol can serve, or those listed in allowedRoutes.kinds.",
    condition: { type: "Accepted", status: "False", reason: "NotAllowedByListeners" },
  },
  "hostname-no-match": {
    code: "SL3007",
    severity: "error",
    title: "Hostnames of route and listener do not intersect",
    why: "A route serves the hostnames that both the route and the listener match. *.example.com matches every name below example.com, but not example.com itself.",
    condition: { type: "Accepted", status: "False", reason: "NoMatchingListenerHostname" },
  },
  "hostname-partly-outside": {
    code: "SL3008",
    severity: "warning",
    title: "Hostname of a route matches none of its listeners",
    why: "Hostnames that match no listener are ignored: requests for them get 404 (HTTPRouteSpec.hostnames).",
  },
  "hostname-other-listener": {
    code: "SL3009",
    severity: "warning",
    title: "Another listener receives the traffic for this hostname",
    why: "A request is handled by the listener with the most specific matching hostname on its port, and only by routes attached to it (listener isolation).",
  },
  "stream-route-superseded": {
    code: "SL3010",
    severity: "warning",
    title: "Another route already receives all traffic of this listener",
    why: "TCP and UDP listeners cannot tell routes apart: the oldest route wins, then the first by namespace/name.",
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
    why: "A route without parentRefs, and without a default Gateway, receives no traffic.",
  },
  "route-hostname-address": {
    code: "SL3013",
    severity: "error",
    title: "Hostname of a route is an IP address",
    why: "Hostnames are DNS names; IP addresses are not allowed (Hostname).",
    condition: { type: "Accepted", status: "False", reason: "UnsupportedValue" },
  },
} as const satisfies Record<string, FindingRow>;
