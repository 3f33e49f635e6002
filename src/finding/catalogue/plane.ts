import type { FindingRow } from "../finding.ts";

/** SL7xxx. */
export const planeFindings = {
  "listener-port-in-use": {
    code: "SL7001",
    severity: "error",
    title: "The port of a listener is taken by another process",
    why: "A port serves one process at a time. The other listeners serve; this one is tried again when its configuration changes.",
    condition: { type: "Programmed", status: "False", reason: "PortUnavailable" },
  },
  "listener-port-forbidden": {
    code: "SL7002",
    severity: "error",
    title: "The process may not bind the port of a listener",
    why: "Systems keep ports below 1024 for privileged processes.",
    condition: { type: "Programmed", status: "False", reason: "PortUnavailable" },
  },
  "listener-address-unavailable": {
    code: "SL7003",
    severity: "error",
    title: "This machine does not have the address that a listener should bind",
    why: "A socket can only be bound to an address of a network interface of the machine. (Gateway.spec.addresses, --bind, --gateway-addresses)",
    condition: { type: "Programmed", status: "False", reason: "AddressNotUsable" },
  },
  "listener-failed": {
    code: "SL7004",
    severity: "error",
    title: "A listener could not be brought into service",
    why: "The configuration is valid, but the system refused it. The other listeners serve.",
    condition: { type: "Programmed", status: "False", reason: "PortUnavailable" },
  },
  "listener-not-served": {
    code: "SL7005",
    severity: "error",
    title: "The data plane does not serve the protocol of a listener",
    why: "The listener and its routes are valid and have their status, but nothing accepts connections for them.",
    condition: { type: "Programmed", status: "False", reason: "Invalid" },
  },
  "data-plane-not-made": {
    code: "SL7006",
    severity: "error",
    title: "What serves a Gateway could not be made",
    why: "A Gateway is served by a Deployment and Services that Sluice makes for it. What is there already goes on serving; the rest is tried again.",
    condition: { type: "Programmed", status: "False", reason: "NoResources" },
  },
  "data-plane-name-taken": {
    code: "SL7007",
    severity: "error",
    title: "Another object has the name that a Gateway's needs",
    why: "Objects that Sluice did not make for the Gateway are never changed, whatever their name.",
    condition: { type: "Programmed", status: "False", reason: "NoResources" },
  },
  "gateway-address-unusable": {
    code: "SL7008",
    severity: "error",
    title: "Gateway cannot use an address that it asks for",
    why: "Only the load balancer, or the API server for addresses inside the cluster, can give an address, and each to one Service only. (Gateway.spec.addresses)",
    condition: { type: "Programmed", status: "False", reason: "AddressNotUsable" },
  },
  "gateway-address-unassigned": {
    code: "SL7009",
    severity: "warning",
    title: "Gateway has no address yet",
    why: "Clients reach a Gateway at the address of its Service, which a load balancer has to assign.",
    condition: { type: "Programmed", status: "False", reason: "AddressNotAssigned" },
  },
  "proxy-not-following": {
    code: "SL7010",
    severity: "warning",
    title: "A proxy of a Gateway does not take in its configuration",
    why: "It serves an older configuration, or hangs. The other proxies count without it, so that one that hangs does not hold back the Gateway's status.",
  },
} as const satisfies Record<string, FindingRow>;
