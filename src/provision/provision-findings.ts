import { type FindingName, makeFinding } from "../finding/catalogue.ts";
import type { Finding } from "../finding/finding.ts";
import type { DataPlaneGateway, GatewayProvision } from "../infrastructure/data-plane.ts";
import type { LiveRefusal } from "./live-objects.ts";
import { managedKinds } from "./managed-kinds.ts";
import type { ProvisionFailure } from "./provision-failure.ts";

const byFailure = {
  foreign: "data-plane-name-taken",
  elsewhere: "data-plane-not-made",
  forbidden: "data-plane-not-made",
  quota: "data-plane-not-made",
  invalid: "data-plane-not-made",
  other: "data-plane-not-made",
} as const satisfies Record<ProvisionFailure["kind"], FindingName>;

/** What a user should know of how a Gateway's data plane and addresses came out. */
export function provisionFindings(
  gateway: DataPlaneGateway,
  provision: GatewayProvision,
  failures: Iterable<ProvisionFailure>,
): readonly Finding[] {
  const { object } = gateway;
  const subject = `${object.kind} ${object.kind === "Gateway" ? gateway.key : gateway.name}`;
  const findings = [...failures].map(({ kind, message, fix }) =>
    makeFinding(byFailure[kind], { object, message, fix }),
  );
  const { problem } = provision;
  if (problem === undefined || problem.isEarly) return findings;
  const address =
    problem.reason === "AddressNotUsable"
      ? makeFinding("gateway-address-unusable", {
          object,
          pointer: "/spec/addresses",
          message: `${subject} cannot use a requested address. ${problem.message}`,
          fix: "Request an address that the load balancer can assign and no other Service uses, or remove it from spec.addresses.",
        })
      : makeFinding("gateway-address-unassigned", {
          object,
          pointer: "/spec/addresses",
          message: `${subject} has no address. ${problem.message}`,
          fix: "Wait. If the cluster has no load balancer for Services, install one, or write `service: {type: ClusterIP}` or NodePort in a GatewayConfig.",
        });
  return [...findings, address];
}

/** About kinds that data planes consist of and that may not be read: before they can be, nothing is made. */
export function refusalFindings(refusals: readonly LiveRefusal[]): readonly Finding[] {
  return refusals.map(({ kind, namespace, message }) => {
    const { group, plural } = managedKinds[kind];
    const role = namespace === undefined ? { kind: "ClusterRole" } : { kind: "Role", namespace };
    const where = namespace === undefined ? "" : ` in namespace ${namespace}`;
    return makeFinding("kind-forbidden", {
      object: { ...role, group: "rbac.authorization.k8s.io", name: "sluice-controller-planes" },
      message:
        `Sluice has no permission to read ${kind} objects${where}, so it cannot create data planes: ${message}`.replace(
          /\.?$/,
          ".",
        ),
      fix: `Grant get, list and watch on ${group === "" ? plural : `${plural}.${group}`} in a ${role.kind} that is bound to Sluice's ServiceAccount; sluice install writes it.`,
    });
  });
}
