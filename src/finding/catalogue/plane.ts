import type { FindingRow } from "../finding.ts";

/** SL7xxx. */
export const planeFindings = {
  "listener-port-in-use": {
    code: "SL7001",
    severity: "error",
    title: "A listener's port is in use by another process",
    why: "Only one process can listen on a port. The other listeners serve; this one is tried again when its configuration changes.",
    condition: { type: "Programmed", status: "False", reason: "PortUnavailable" },
  },
  "listener-port-forbidden": {
    code: "SL7002",
    severity: "error",
    title: "No permission to bind a listener's port",
    why: "Ports below 1024 are reserved for privileged processes.",
    condition: { type: "Programmed", status: "False", reason: "PortUnavailable" },
  },
  "listener-address-unavailable": {
    code: "SL7003",
    severity: "error",
    title: "A listener's address does not exist on this machine",
    why: "A socket can only be bound to an address of a network interface of the machine. (Gateway.spec.addresses)",
    condition: { type: "Programmed", status: "False", reason: "AddressNotUsable" },
  },
  "listener-failed": {
    code: "SL7004",
    severity: "error",
    title: "A listener could not be started",
    why: "The configuration is valid, but the operating system refused it. The other listeners serve.",
    condition: { type: "Programmed", status: "False", reason: "PortUnavailable" },
  },
  "data-plane-not-made": {
    code: "SL7006",
    severity: "error",
    title: "A Gateway's data plane could not be created",
    why: "Sluice creates a Deployment and Services for each Gateway. What already exists keeps serving; the rest is retried.",
    condition: { type: "Programmed", status: "False", reason: "NoResources" },
  },
  "data-plane-name-taken": {
    code: "SL7007",
    severity: "error",
    title: "A name that a Gateway's data plane needs is taken",
    why: "Sluice never changes objects that it did not create for the Gateway.",
    condition: { type: "Programmed", status: "False", reason: "NoResources" },
  },
  "gateway-address-unusable": {
    code: "SL7008",
    severity: "error",
    title: "Gateway cannot use a requested address",
    why: "Only the load balancer, or the API server for addresses inside the cluster, can give an address, and each to one Service only. (Gateway.spec.addresses)",
    condition: { type: "Programmed", status: "False", reason: "AddressNotUsable" },
  },
  "gateway-address-unassigned": {
    code: "SL7009",
    severity: "warning",
    title: "Gateway has no address yet",
    why: "Clients reach a Gateway at the address of its Service, which a load balancer must assign.",
    condition: { type: "Programmed", status: "False", reason: "AddressNotAssigned" },
  },
  "proxy-not-following": {
    code: "SL7010",
    severity: "warning",
    title: "A proxy does not apply its new configuration",
    why: "It serves an older configuration, or hangs. It no longer counts towards the Gateway's status, so that one stuck proxy does not hold it back.",
  },
} as const satisfies Record<string, FindingRow>;
