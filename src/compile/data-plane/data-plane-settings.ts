import type { DataPlaneSettings } from "../../infrastructure/data-plane.ts";
import type { Resource } from "../../resource/kinds.ts";

type Spec = Resource<"GatewayConfig">["spec"];

/** Without a word from anyone. Limits of CPU only throttle, so there is none. */
const usual = {
  requests: { cpu: "100m", memory: "128Mi" },
  limits: { memory: "1Gi" },
  minReplicas: 2,
  maxReplicas: 10,
  targetCpuUtilizationPercentage: 80,
  drainSeconds: 25,
} as const;

/** Puts Sluice's defaults under what is configured. */
export function completeSettings(spec: Spec): DataPlaneSettings {
  const { service = {}, logging = {}, autoscaling } = spec;
  const scale = autoscaling && scaleOf(autoscaling);
  return {
    ...(scale === undefined ? { replicas: spec.replicas ?? 1 } : { autoscaling: scale }),
    resources: resourcesOf(spec.resources ?? {}),
    service: {
      type: service.type ?? "LoadBalancer",
      annotations: service.annotations ?? {},
      labels: service.labels ?? {},
      ...(service.externalTrafficPolicy === undefined ? {} : { externalTrafficPolicy: service.externalTrafficPolicy }),
      ...(service.loadBalancerClass === undefined ? {} : { loadBalancerClass: service.loadBalancerClass }),
      loadBalancerSourceRanges: service.loadBalancerSourceRanges ?? [],
      ...(service.ipFamilyPolicy === undefined ? {} : { ipFamilyPolicy: service.ipFamilyPolicy }),
    },
    ...budgetOf(spec.podDisruptionBudget),
    nodeSelector: spec.nodeSelector ?? {},
    tolerations: spec.tolerations ?? [],
    ...(spec.affinity === undefined ? {} : { affinity: spec.affinity }),
    ...(spec.topologySpreadConstraints === undefined
      ? {}
      : { topologySpreadConstraints: spec.topologySpreadConstraints }),
    ...(spec.priorityClassName === undefined ? {} : { priorityClassName: spec.priorityClassName }),
    podLabels: spec.podLabels ?? {},
    podAnnotations: spec.podAnnotations ?? {},
    logging: {
      accessLog: logging.accessLog === "Enabled",
      format: logging.format === "Text" ? "text" : "json",
    },
    drainSeconds: spec.drainSeconds ?? usual.drainSeconds,
  };
}

function scaleOf(autoscaling: NonNullable<Spec["autoscaling"]>): NonNullable<DataPlaneSettings["autoscaling"]> {
  const maxReplicas = autoscaling.maxReplicas ?? Math.max(usual.maxReplicas, autoscaling.minReplicas ?? 0);
  return {
    // The class may say the one and the Gateway the other.
    minReplicas: Math.min(autoscaling.minReplicas ?? usual.minReplicas, maxReplicas),
    maxReplicas,
    targetCpuUtilizationPercentage: autoscaling.targetCPUUtilizationPercentage ?? usual.targetCpuUtilizationPercentage,
  };
}

function budgetOf(budget: Spec["podDisruptionBudget"]): Pick<DataPlaneSettings, "podDisruptionBudget"> {
  if (budget?.minAvailable !== undefined) return { podDisruptionBudget: { minAvailable: budget.minAvailable } };
  if (budget?.maxUnavailable !== undefined) return { podDisruptionBudget: { maxUnavailable: budget.maxUnavailable } };
  return {};
}

type Quantities = NonNullable<NonNullable<Spec["resources"]>["requests"]>;

/** A default that contradicts what is configured would make the pod invalid, so it is left out beside a figure for the same resource. */
function resourcesOf({ requests = {}, limits = {} }: NonNullable<Spec["resources"]>): DataPlaneSettings["resources"] {
  const free = ([name]: [string, unknown]) =>
    requests[name as keyof Quantities] === undefined && limits[name as keyof Quantities] === undefined;
  const fill = (defaults: Readonly<Record<string, string>>, given: Quantities) => ({
    ...Object.fromEntries(Object.entries(defaults).filter(free)),
    ...Object.fromEntries(Object.entries(given).map(([name, quantity]) => [name, String(quantity)])),
  });
  return { requests: fill(usual.requests, requests), limits: fill(usual.limits, limits) };
}
