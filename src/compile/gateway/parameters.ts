import type { Finding } from "../../finding/finding.ts";
import { kinds, type Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { groupSlip } from "../reference/group-slip.ts";
import { nameOf, report } from "../report/report.ts";

type Spec = Resource<"GatewayConfig">["spec"];

/** What parametersRef leads to. */
export type Parameters =
  | { readonly state: "none" | "ignored"; readonly findings: readonly Finding[] }
  | { readonly state: "read"; readonly spec: Spec; readonly findings: readonly Finding[] }
  | {
      readonly state: "invalid";
      /** A GatewayConfig that cannot be read now: a slip that must not take down what runs. */
      readonly ours: boolean;
      readonly findings: readonly Finding[];
    };

/** A `parametersRef` and where it stands. */
export type ParametersReference = {
  readonly owner: Resource<"Gateway"> | Resource<"GatewayClass">;
  readonly pointer: string;
  readonly ref: { readonly group: string; readonly kind: string; readonly name: string } | undefined;
  /** Where the object is looked for; `undefined`: the reference should have said it. */
  readonly namespace: string | undefined;
  /** Whether parameters of others do no harm, because the class is another controller's (`--adopt-classes`). */
  readonly foreign: boolean;
};

/** Reads the GatewayConfig that a class or a Gateway refers to. Spec: GatewayClassSpec.parametersRef, GatewayInfrastructure.parametersRef. */
export function readParameters(context: CompileContext, reference: ParametersReference): Parameters {
  const { ref, namespace } = reference;
  if (ref === undefined) return { state: "none", findings: [] };
  const { group } = kinds.GatewayConfig;
  const ours = ref.group === group && ref.kind === "GatewayConfig";
  const core = ref.group === "" && ref.kind === "ConfigMap";
  const configMap =
    core && namespace !== undefined && context.snapshot.get("ConfigMap", namespace, ref.name) !== undefined;
  if (configMap || (reference.foreign && !ours)) return ignored(reference, ref);
  const invalid = (reason: string, fix: string): Parameters => ({
    state: "invalid",
    ours,
    findings: [unusable(reference, ref, { reason, fix })],
  });
  if (!ours && !core) {
    const slip = groupSlip(ref, [`${group}/GatewayConfig`, "/ConfigMap"]);
    if (slip !== undefined) return invalid(slip.reason, slip.fix);
    return invalid(
      `a ${ref.kind}${ref.group === "" ? "" : ` of group ${ref.group}`} is not a kind that Sluice reads`,
      `Remove parametersRef, or refer to a GatewayConfig of group ${group}.`,
    );
  }
  if (namespace === undefined) return invalid("the reference has no namespace", "Add namespace to parametersRef.");
  if (core) {
    return invalid(
      `it does not exist in namespace ${namespace}`,
      `Remove parametersRef, or refer to a GatewayConfig of group ${group}.`,
    );
  }
  const config = context.snapshot.get("GatewayConfig", namespace, ref.name);
  if (config === undefined) {
    return invalid(
      `namespace ${namespace} has no valid GatewayConfig of this name`,
      "Create it, or correct it if it has a finding of its own.",
    );
  }
  if (config.spec.plane === "Envoy") {
    return invalid(
      "its plane is Envoy, but only Embedded is supported",
      `Write \`plane: Embedded\` in GatewayConfig ${namespace}/${ref.name}, or remove plane.`,
    );
  }
  return { state: "read", spec: config.spec, findings: [] };
}

type Ref = NonNullable<ParametersReference["ref"]>;

function ignored({ owner, pointer, namespace }: ParametersReference, ref: Ref): Parameters {
  const finding = report(
    "parameters-ignored",
    { resource: owner, pointer },
    {
      message: `Parameters of ${subject(owner)} (${title(ref, owner.kind === "Gateway" ? undefined : namespace)}) are not read.`,
      fix: `No action needed; remove parametersRef if only Sluice ${owner.kind === "Gateway" ? "serves the Gateway" : "uses the class"}.`,
    },
  );
  return { state: "ignored", findings: [finding] };
}

function unusable(
  { owner, pointer, namespace }: ParametersReference,
  ref: Ref,
  { reason, fix }: { readonly reason: string; readonly fix: string },
): Finding {
  return report(
    owner.kind === "Gateway" ? "gateway-parameters-invalid" : "gateway-class-parameters-invalid",
    { resource: owner, pointer },
    {
      message: `Parameters of ${subject(owner)} (${title(ref, owner.kind === "Gateway" ? undefined : namespace)}) cannot be used: ${reason}.`,
      fix,
    },
  );
}

function subject(owner: ParametersReference["owner"]): string {
  const { namespace, name } = owner.metadata;
  return nameOf({ kind: owner.kind, name, ...(namespace === undefined ? {} : { namespace }) });
}

function title({ kind, name }: Ref, namespace: string | undefined): string {
  return nameOf({ kind, name, ...(namespace === undefined ? {} : { namespace }) });
}
