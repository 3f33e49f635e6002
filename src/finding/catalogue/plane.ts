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
} as const satisfies Record<string, FindingRow>;
