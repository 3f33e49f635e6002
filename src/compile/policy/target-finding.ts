import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import { indexByName, indexByNamespace } from "../../store/snapshot-index.ts";
import { describePorts } from "../backend/service-port.ts";
import type { CompileContext } from "../contract.ts";
import { groupSlip } from "../reference/group-slip.ts";
import { nearName } from "../reference/near-name.ts";
import { refOf, report } from "../report/report.ts";
import { describeTarget, type TargetClaim } from "./claim-targets.ts";

type Policy = Resource<"BackendTLSPolicy"> | Resource<"XBackendTrafficPolicy"> | Resource<"XTelemetryPolicy">;

/** Kinds that a policy may apply to, as `group/kind`. */
export const targetKinds = {
  BackendTLSPolicy: ["/Service"],
  XBackendTrafficPolicy: ["/Service", "gateway.networking.x-k8s.io/XBackend"],
  XTelemetryPolicy: ["gateway.networking.k8s.io/Gateway"],
} as const satisfies Record<Policy["kind"], readonly string[]>;

/** What keeps a policy from applying to one target, or `undefined`. Spec: PolicyConditionAccepted and its reasons. */
export function findTargetFault(context: CompileContext, claim: TargetClaim<Policy>): Finding | undefined {
  const { policy, target, index, winner } = claim;
  const namespace = policy.metadata.namespace;
  const pointer = `/spec/targetRefs/${index}`;
  const words = describeTarget(target, namespace);
  const allowed: readonly string[] = targetKinds[policy.kind];
  if (!allowed.includes(`${target.group}/${target.kind}`)) {
    const slip = groupSlip(target, allowed);
    return report(
      "policy-target-kind-unsupported",
      { resource: policy, pointer: `${pointer}/${slip === undefined ? "kind" : "group"}` },
      {
        message: `${policy.kind} does not apply to ${target.kind}${target.group === "" ? "" : ` (group ${target.group})`} ${target.name}${slip === undefined ? "" : `: ${slip.reason}`}.`,
        fix: slip?.fix ?? `Target ${allowed.map(renderKind).join(" or ")}.`,
      },
    );
  }
  const missing = findMissingTarget(context, claim);
  if (missing !== undefined) return missing;
  if (winner === undefined) return undefined;
  const { metadata } = winner;
  return report(
    "policy-conflicted",
    { resource: policy, pointer },
    {
      message: `${policy.kind} ${metadata.namespace}/${metadata.name} applies to ${words} too, and takes precedence; this policy has no effect there.`,
      fix: "Delete one of the two policies, or give them different targets.",
      related: [refOf(winner)],
    },
  );
}

function renderKind(groupKind: string): string {
  const [group = "", kind = ""] = groupKind.split("/");
  return `a ${kind} (\`group: ${JSON.stringify(group)}, kind: ${kind}\`)`;
}

const indexes = {
  Service: { byNamespace: indexByNamespace("Service"), byName: indexByName("Service") },
  XBackend: { byNamespace: indexByNamespace("XBackend"), byName: indexByName("XBackend") },
  Gateway: { byNamespace: indexByNamespace("Gateway"), byName: indexByName("Gateway") },
} as const;

function findMissingTarget(context: CompileContext, claim: TargetClaim<Policy>): Finding | undefined {
  const { policy, target, index } = claim;
  const { snapshot, options } = context;
  const namespace = policy.metadata.namespace;
  const pointer = `/spec/targetRefs/${index}`;
  // The kinds are those of the table above: the caller has checked.
  const kind = target.kind as "Service" | "XBackend" | "Gateway";
  const object = snapshot.get(kind, namespace, target.name);
  if (object === undefined) {
    if (kind === "Service" && options.stubBackends) return undefined;
    const { byNamespace, byName } = indexes[kind];
    const named = snapshot.find<typeof kind>(byNamespace, namespace);
    const near = nearName(
      target.name,
      named.map((candidate) => candidate.metadata.name),
    );
    const elsewhere = snapshot.find<typeof kind>(byName, target.name)[0]?.metadata.namespace;
    return report(
      "policy-target-not-found",
      { resource: policy, pointer: `${pointer}/name` },
      {
        message: `${target.kind} ${namespace}/${target.name} does not exist${near !== undefined ? `; did you mean ${near}?` : elsewhere === undefined ? "." : `, but namespace ${JSON.stringify(elsewhere)} has one of that name.`}`,
        fix:
          near !== undefined
            ? `Write \`name: ${near}\`.`
            : elsewhere === undefined
              ? `Create ${target.kind} ${target.name} in namespace ${JSON.stringify(namespace)}, or correct the name.`
              : `Move the policy to namespace ${JSON.stringify(elsewhere)}: a policy applies only to objects in its own namespace.`,
      },
    );
  }
  if (target.sectionName === undefined || object.kind !== "Service") return undefined;
  if ((object.spec.ports ?? []).some((port) => port.name === target.sectionName)) return undefined;
  return report(
    "policy-section-not-found",
    { resource: policy, pointer: `${pointer}/sectionName` },
    {
      message: `Service ${namespace}/${target.name} has no port named ${JSON.stringify(target.sectionName)}; it has ${describePorts(object)}.`,
      fix: "Write the name of one of its ports, or remove sectionName to apply to all of them.",
    },
  );
}
