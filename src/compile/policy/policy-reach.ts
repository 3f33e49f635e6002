import type { CompileContext } from "../contract.ts";
import type { TargetClaim } from "./claim-targets.ts";
import { type DirectKind, type DirectRow, directKinds } from "./policy-kinds.ts";
import { type GatewayName, gatewaysOf, type PolicyUsage } from "./policy-usage.ts";

/** The Gateways that a claim concerns; `foreign`: the target is another controller's to judge. */
type Reach = readonly GatewayName[] | "foreign";

type FindReach = (context: CompileContext, usage: PolicyUsage, claim: TargetClaim) => Reach;

const reachOf: { readonly [A in DirectRow["appliesTo"]]: FindReach } = {
  cluster: (_context, usage, { policy, target }) =>
    gatewaysOf(usage, `${target.kind}/${policy.metadata.namespace}/${target.name}`),
  tracing: ({ snapshot }, usage, { policy, target }) => {
    const { namespace } = policy.metadata;
    const isOurs = usage.gateways.some((one) => one.namespace === namespace && one.name === target.name);
    if (isOurs && target.kind === "Gateway") return [{ namespace, name: target.name }];
    return snapshot.get("Gateway", namespace, target.name) === undefined ? [] : "foreign";
  },
};

/** Whom a policy's claim on a target concerns, by where policies of its kind apply; nobody while nothing uses the target. */
export function findReach(context: CompileContext, usage: PolicyUsage, kind: DirectKind, claim: TargetClaim): Reach {
  return reachOf[directKinds[kind].appliesTo](context, usage, claim);
}
