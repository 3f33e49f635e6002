/** The one place where statuses with ancestors are made. */
import type { Finding } from "../../finding/finding.ts";
import { ancestorLimit } from "../../status/ancestor-limit.ts";
import type { ObjectStatus, ParentRef } from "../../status/condition.ts";
import { type ConditionDefault, deriveConditions } from "../report/conditions.ts";
import { type AnyResource, refOf } from "../report/report.ts";
import { compareGateways, type GatewayName } from "./policy-usage.ts";

/** A Gateway that an object has to do with. */
export type Ancestor = {
  readonly gateway: GatewayName;
  /** What is wrong with the object there. */
  readonly findings: readonly Finding[];
  /** Conditions that hold there, after those that hold for all. */
  readonly conditions: readonly ConditionDefault[];
};

/**
 * The status of a policy, or of another object whose status has ancestors. A Gateway may come several times, once for each
 * target through which it is concerned: it is one ancestor, with everything that is wrong there. `own`: what is wrong with the
 * object whatever Gateway it is about. In order of the Gateways, cut to as many as the API takes. Spec: PolicyStatus.
 */
export function ancestorStatus(
  resource: AnyResource,
  parts: {
    readonly defaults: readonly ConditionDefault[];
    readonly own: readonly Finding[];
    readonly ancestors: readonly Ancestor[];
  },
): ObjectStatus {
  const { generation } = resource.metadata;
  const byGateway = new Map<string, Ancestor>();
  for (const { gateway, findings, conditions } of parts.ancestors) {
    const key = `${gateway.namespace}/${gateway.name}`;
    const known = byGateway.get(key) ?? { gateway, findings: parts.own, conditions: parts.defaults };
    byGateway.set(key, {
      gateway,
      findings: [...known.findings, ...findings],
      conditions: [...known.conditions, ...conditions],
    });
  }
  const ancestors = [...byGateway.values()]
    .sort((a, b) => compareGateways(a.gateway, b.gateway))
    .slice(0, ancestorLimit(resource.kind))
    .map(({ gateway, findings, conditions }) => ({
      ancestorRef: ancestorRef(gateway),
      conditions: deriveConditions(conditions, findings, generation),
    }));
  return { ref: refOf(resource), generation, body: { shape: "policy", ancestors } };
}

function ancestorRef({ namespace, name }: GatewayName): ParentRef {
  return { group: "gateway.networking.k8s.io", kind: "Gateway", namespace, name };
}
