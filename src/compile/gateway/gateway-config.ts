import type { Resource } from "../../resource/kinds.ts";

type Spec = Resource<"GatewayConfig">["spec"];

/** The GatewayConfigs that apply to a Gateway; empty where there is none. */
export type GatewayParameters = { readonly classConfig: Spec; readonly ownConfig: Spec };

/** The shared data plane that a Gateway asks for by name; `undefined`: it has one of its own. */
export function sharedDataPlane({ classConfig, ownConfig }: GatewayParameters): string | undefined {
  const { dataPlane } = mergeConfigs(classConfig, ownConfig);
  return dataPlane?.mode === "Shared" ? dataPlane.name : undefined;
}

/** What counts of both. On a shared data plane that is the class's: what one Gateway wants would be forced upon the others. */
export function effectiveConfig(parameters: GatewayParameters): Spec {
  const { classConfig, ownConfig } = parameters;
  return sharedDataPlane(parameters) === undefined ? mergeConfigs(classConfig, ownConfig) : classConfig;
}

/**
 * A Gateway's GatewayConfig over that of its class. Every field counts by itself, and so do the keys of maps; a list is taken
 * as a whole, and so are fields of which one excludes the other: the budget, the kind of data plane, and how many replicas.
 */
function mergeConfigs(under: Spec, over: Spec): Spec {
  const merged = mergeFields(under, over) as Spec;
  const { replicas, autoscaling, ...rest } = merged;
  return {
    ...rest,
    ...(replicas === undefined || over.autoscaling !== undefined ? {} : { replicas }),
    ...(autoscaling === undefined || over.replicas !== undefined ? {} : { autoscaling }),
    ...(over.podDisruptionBudget === undefined ? {} : { podDisruptionBudget: over.podDisruptionBudget }),
    ...(over.dataPlane === undefined ? {} : { dataPlane: over.dataPlane }),
    ...(over.affinity === undefined ? {} : { affinity: over.affinity }),
  };
}

function mergeFields(under: unknown, over: unknown): unknown {
  if (over === undefined) return under;
  if (!isRecord(under) || !isRecord(over)) return over;
  const keys = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, mergeFields(under[key], over[key])]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
