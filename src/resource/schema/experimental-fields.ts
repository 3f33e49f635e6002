import type { Kind } from "../kinds.ts";

/**
 * Fields that only the experimental channel of Gateway API v1.7.0 has, with all below them. Of kinds that only that channel
 * has, see `channel` in the table of kinds. Held to the CRDs by `tools/crd-agreement.ts`.
 */
export const experimentalFields: Partial<Record<Kind, readonly string[]>> = {
  Gateway: ["spec.addresses[].routability", "spec.defaultScope", "spec.listeners[].filters"],
  ListenerSet: ["spec.listeners[].filters"],
  HTTPRoute: [
    "spec.rules[].backendRefs[].filters[].externalAuth",
    "spec.rules[].filters[].externalAuth",
    "spec.rules[].sessionPersistence",
    "spec.useDefaultGateways",
  ],
  GRPCRoute: ["spec.rules[].sessionPersistence", "spec.useDefaultGateways"],
  TLSRoute: ["spec.useDefaultGateways"],
  TCPRoute: ["spec.useDefaultGateways"],
  UDPRoute: ["spec.useDefaultGateways"],
};

/** Whether a field, named as in `spec.rules[].filters`, or one above it, is in the experimental channel alone. */
export function isExperimental(kind: Kind, path: string): boolean {
  return (experimentalFields[kind] ?? []).some(
    (field) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[]`),
  );
}
