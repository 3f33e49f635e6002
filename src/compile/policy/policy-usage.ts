import type { ParentRef } from "../../status/condition.ts";
import type { BackendKey } from "../contract.ts";
import { compareText } from "../order/by-name.ts";

/** Which Gateways send requests to which backends, through the routes that are attached to them. */
export type PolicyUsage = {
  /** Every Gateway that is ours, also those without routes. */
  readonly gateways: readonly {
    readonly namespace: string;
    readonly name: string;
    /** Union of {@link CompiledRoute.backends} of the attached routes. */
    readonly backends: Pick<ReadonlySet<BackendKey>, "has">;
  }[];
};

/** A Gateway as statuses of policies name it. */
export type GatewayName = { readonly namespace: string; readonly name: string };

/** Most ancestors that a status may have. Spec: PolicyStatus.ancestors, XBackend status.ancestors. */
export const maxAncestors = { policy: 16, xbackend: 32 } as const;

/** The Gateways that send requests to a backend, in order of namespace and name. */
export function gatewaysOf({ gateways }: PolicyUsage, backend: BackendKey): readonly GatewayName[] {
  return gateways.filter(({ backends }) => backends.has(backend)).sort(compareGateways);
}

/** As an ancestor is named in a status. */
export function ancestorRef(gateway: GatewayName): ParentRef {
  return { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: gateway.namespace, name: gateway.name };
}

/** By namespace, then name. */
export function compareGateways(a: GatewayName, b: GatewayName): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}
