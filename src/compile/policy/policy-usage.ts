import type { BackendKey } from "../contract.ts";
import { compareText } from "../order/by-name.ts";
import type { PolicyEffect } from "./policy-effect.ts";

/** What the routes that are attached to Gateways make of policies. */
export type PolicyUsage = {
  /** Every Gateway that is ours, also those without routes. */
  readonly gateways: readonly {
    readonly namespace: string;
    readonly name: string;
    /** Union of {@link CompiledRoute.backends} of the attached routes. */
    readonly backends: Pick<ReadonlySet<BackendKey>, "has">;
  }[];
  /** What becomes of a policy of an inherited kind, by {@link PolicyEffect.policy}; in any order. */
  readonly effectsOf: (policy: string) => readonly PolicyEffect[];
};

/** A Gateway as statuses of policies name it. */
export type GatewayName = { readonly namespace: string; readonly name: string };

/** The Gateways that send requests to a backend, in order of namespace and name. */
export function gatewaysOf({ gateways }: PolicyUsage, backend: BackendKey): readonly GatewayName[] {
  return gateways.filter(({ backends }) => backends.has(backend)).sort(compareGateways);
}

/** By namespace, then name. */
export function compareGateways(a: GatewayName, b: GatewayName): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}
