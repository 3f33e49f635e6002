import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { ObjectStatus } from "../../status/condition.ts";
import type { CompileContext } from "../contract.ts";
import { byName, compareText } from "../order/by-name.ts";
import { nearName } from "../reference/near-name.ts";
import { byFlag } from "../report/by-flag.ts";
import { type ConditionDefault, deriveConditions, isTrue } from "../report/conditions.ts";
import { refOf, report } from "../report/report.ts";
import { type Parameters, readParameters } from "./parameters.ts";

/** What the class of a Gateway makes of it. `waiting`: ours, but its class is not accepted. */
export type ClassAnswer = {
  readonly served: "yes" | "waiting" | "no";
  /** Parameters of the class; empty when it has none. */
  readonly config: Resource<"GatewayConfig">["spec"];
  /** It waits for nothing but a GatewayConfig of the class that cannot be read: what runs goes on. */
  readonly onlyParameters?: true;
  /** About the Gateway; one with a condition when it waits. */
  readonly findings: readonly Finding[];
};

export type CompiledClasses = {
  readonly status: readonly ObjectStatus[];
  readonly findings: readonly Finding[];
  answer(gateway: Resource<"Gateway">): ClassAnswer;
};

type GatewayClass = Resource<"GatewayClass">;

/** The release of the API that Sluice reads; older ones of the same major version hold nothing that it does not know. */
export const supportedRelease = { major: 1, minor: 7 } as const;

const bundleVersionAnnotation = "gateway.networking.k8s.io/bundle-version";
const apiGroups: readonly string[] = ["gateway.networking.k8s.io", "gateway.networking.x-k8s.io"];

const defaults = [
  { type: "Accepted", status: "True", reason: "Accepted", message: "Sluice serves the Gateways of this class." },
  {
    type: "SupportedVersion",
    status: "True",
    reason: "SupportedVersion",
    message: `Gateway API v${supportedRelease.major}.${supportedRelease.minor} and older v${supportedRelease.major} releases are supported.`,
  },
] as const satisfies readonly ConditionDefault[];

/** Decides which Gateways are ours, and the status of our classes. Spec: GatewayClass. */
export function compileGatewayClasses(context: CompileContext): CompiledClasses {
  const { snapshot, options } = context;
  const versionFindings = checkVersions(context);
  const status: ObjectStatus[] = [];
  const findings: Finding[] = [...versionFindings];
  const accepted = new Set<string>();
  const parameters = new Map<string, Parameters>();
  const classes = [...snapshot.list("GatewayClass")].sort(byName);

  for (const gatewayClass of classes) {
    const ours = gatewayClass.spec.controllerName === options.controllerName;
    if (!ours && !options.adoptClasses) continue;
    const own = parametersOf(context, gatewayClass, ours ? "ours" : "adopted");
    parameters.set(gatewayClass.metadata.name, own);
    findings.push(...own.findings);
    const { generation } = gatewayClass.metadata;
    const conditions = deriveConditions(defaults, [...own.findings, ...versionFindings], generation);
    if (isTrue(conditions, "Accepted")) accepted.add(gatewayClass.metadata.name);
    const supportedFeatures = [...options.supportedFeatures].sort(compareText);
    status.push({
      ref: refOf(gatewayClass),
      generation,
      body: { shape: "gatewayClass", conditions, supportedFeatures },
    });
  }
  if (options.adoptClasses) findings.push(...adopted(context, classes));

  return {
    status,
    findings,
    answer(gateway) {
      const name = gateway.spec.gatewayClassName;
      const gatewayClass = snapshot.get("GatewayClass", undefined, name);
      if (!gatewayClass) {
        if (options.adoptClasses) return { served: "yes", config: {}, findings: [] };
        return { served: "no", config: {}, findings: [missingClass(context, gateway, classes)] };
      }
      if (gatewayClass.spec.controllerName !== options.controllerName && !options.adoptClasses) {
        return { served: "no", config: {}, findings: [foreignClass(context, gateway, gatewayClass)] };
      }
      const own = parameters.get(name);
      const config = own?.state === "read" ? own.spec : {};
      if (accepted.has(name)) return { served: "yes", config, findings: [] };
      const waiting = report(
        "gateway-class-not-accepted",
        { resource: gateway, pointer: "/spec/gatewayClassName" },
        {
          message: `GatewayClass ${name} is not accepted, so its Gateways are not served.`,
          fix: `Correct GatewayClass ${name} first.`,
          related: [refOf(gatewayClass)],
        },
      );
      const onlyParameters = own?.state === "invalid" && own.ours;
      return { served: "waiting", config, findings: [waiting], ...(onlyParameters ? { onlyParameters } : {}) };
    },
  };
}

function missingClass(
  context: CompileContext,
  gateway: Resource<"Gateway">,
  classes: readonly GatewayClass[],
): Finding {
  const wanted = gateway.spec.gatewayClassName;
  const ours = classes.filter((entry) => entry.spec.controllerName === context.options.controllerName);
  const near =
    nearName(
      wanted,
      classes.map((entry) => entry.metadata.name),
    ) ?? ours[0]?.metadata.name;
  return report(
    "gateway-class-missing",
    { resource: gateway, pointer: "/spec/gatewayClassName" },
    {
      message: `Gateway ${gateway.metadata.namespace}/${gateway.metadata.name} names GatewayClass ${wanted}, which does not exist${near ? `; there is ${near}` : ""}.`,
      fix: near
        ? `Write gatewayClassName: ${near}.`
        : `Add a GatewayClass ${wanted} with controllerName: ${context.options.controllerName}${byFlag(context.options, "--adopt-classes", ", or run with --adopt-classes")}.`,
    },
  );
}

function foreignClass(context: CompileContext, gateway: Resource<"Gateway">, gatewayClass: GatewayClass): Finding {
  return report(
    "gateway-class-foreign",
    { resource: gateway, pointer: "/spec/gatewayClassName" },
    {
      message: `Gateway ${gateway.metadata.namespace}/${gateway.metadata.name} belongs to ${gatewayClass.spec.controllerName}, the controller of GatewayClass ${gatewayClass.metadata.name}.`,
      fix: `No action needed if that controller serves it.${byFlag(context.options, "--adopt-classes", " To serve it with Sluice anyway, run with --adopt-classes.")}`,
      related: [refOf(gatewayClass)],
    },
  );
}

/** One finding for each class that is not ours and has Gateways, at the class or, when it is missing, its first Gateway. */
function adopted(context: CompileContext, classes: readonly GatewayClass[]): Finding[] {
  const byClassName = new Map<string, Resource<"Gateway">[]>();
  for (const gateway of [...context.snapshot.list("Gateway")].sort(byName)) {
    const known = byClassName.get(gateway.spec.gatewayClassName);
    if (known) known.push(gateway);
    else byClassName.set(gateway.spec.gatewayClassName, [gateway]);
  }
  return [...byClassName].flatMap(([name, gateways]) => {
    const gatewayClass = classes.find((entry) => entry.metadata.name === name);
    const first = gateways[0];
    if (!first || gatewayClass?.spec.controllerName === context.options.controllerName) return [];
    const names = gateways.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(", ");
    const fix = "No action needed to try out the manifests. In a cluster, use a GatewayClass of Sluice.";
    return gatewayClass
      ? report(
          "gateway-class-adopted",
          { resource: gatewayClass, pointer: "/spec/controllerName" },
          {
            message: `GatewayClass ${name} belongs to ${gatewayClass.spec.controllerName}; its Gateways (${names}) are served anyway.`,
            fix,
          },
        )
      : report(
          "gateway-class-adopted",
          { resource: first, pointer: "/spec/gatewayClassName" },
          {
            message: `GatewayClass ${name} does not exist; its Gateways (${names}) are served anyway.`,
            fix,
          },
        );
  });
}

function parametersOf(context: CompileContext, gatewayClass: GatewayClass, owner: "ours" | "adopted"): Parameters {
  const ref = gatewayClass.spec.parametersRef;
  return readParameters(context, {
    owner: gatewayClass,
    pointer: "/spec/parametersRef",
    ref,
    namespace: ref?.namespace,
    foreign: owner === "adopted",
  });
}

/** One finding for each release that is installed and not known. Without CRDs in the input there is nothing to doubt. */
function checkVersions(context: CompileContext): Finding[] {
  const crds = context.snapshot.list("CustomResourceDefinition").filter(({ spec }) => apiGroups.includes(spec.group));
  const byVersion = new Map<string, Resource<"CustomResourceDefinition">>();
  for (const crd of [...crds].sort(byName)) {
    const version = crd.metadata.annotations[bundleVersionAnnotation] ?? "";
    if (!isSupported(version) && !byVersion.has(version)) byVersion.set(version, crd);
  }
  const supported = `v${supportedRelease.major}.${supportedRelease.minor}`;
  return [...byVersion].map(([version, crd]) =>
    report(
      "api-version-unsupported",
      { resource: crd, pointer: "/metadata/annotations" },
      {
        message:
          version === ""
            ? `CRD ${crd.metadata.name} does not say which release of Gateway API it is from; up to ${supported} is supported.`
            : `CRD ${crd.metadata.name} is from Gateway API ${version}; up to ${supported} is supported.`,
        fix: `Install the CRDs of Gateway API ${supported}, or a version of Sluice that supports this release.`,
      },
    ),
  );
}

function isSupported(version: string): boolean {
  const match = /^v(\d+)\.(\d+)\.\d+/.exec(version);
  return match !== null && Number(match[1]) === supportedRelease.major && Number(match[2]) <= supportedRelease.minor;
}
