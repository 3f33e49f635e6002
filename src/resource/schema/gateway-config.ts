import { z } from "zod";
import { addressFamily, parseCidr } from "../../base/cidr.ts";
import type { DeepReadonly } from "../deep-readonly.ts";
import { cel } from "./agreed-rules.ts";
import { labelSelector } from "./label-selector.ts";
import { listOf, mapBy, setOf } from "./list.ts";
import { bounded, qualifiedKeys } from "./map.ts";
import { type Report, rule } from "./rule.ts";
import { annotationValue, labelValue, quote, text } from "./text.ts";

const quantity = z.union([
  z.int().min(0),
  text({
    min: 1,
    max: 32,
    pattern: /^[0-9]+(\.[0-9]+)?([mkMGTPE]|[KMGTPE]i)?$/,
    words: "a quantity such as `250m`, `1.5` or `128Mi`",
  }),
]);

const quantities = z.object({
  cpu: z.exactOptional(quantity).describe("The same field of a container's resources."),
  memory: z.exactOptional(quantity).describe("The same field of a container's resources."),
  "ephemeral-storage": z.exactOptional(quantity).describe("The same field of a container's resources."),
});

const countOrPercent = z.union([
  z.int().min(0),
  text({ max: 4, pattern: /^(100|[1-9]?[0-9])%$/, words: "a number, or a percentage such as `50%`" }),
]);

/** Prefixes of labels that say what an object belongs to: selectors and other tools rely on them. */
const reservedLabels = ["gateway.sluice.dev/", "gateway.networking.k8s.io/", "app.kubernetes.io/"] as const;

/** What {@link qualifiedKeys} says, in CEL. */
const keysCel = {
  rule: "self.all(key, key.split('/')[0].size() < 253 && key.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$'))",
  message: "every key must be a name such as team or example.com/team",
};

const ownLabels = z
  .record(z.string(), labelValue)
  .check(
    bounded(32),
    qualifiedKeys,
    rule((labels, report) => {
      for (const key of Object.keys(labels)) {
        const prefix = reservedLabels.find((reserved) => key.startsWith(reserved));
        if (prefix !== undefined) report([key], `begins with ${prefix}, which Sluice sets itself`, "Remove it.");
      }
    }),
  )
  .meta({
    maxProperties: 32,
    "x-kubernetes-validations": [
      keysCel,
      {
        rule: `self.all(key, !${JSON.stringify(reservedLabels)}.exists(prefix, key.startsWith(prefix)))`,
        message: `labels that begin with ${reservedLabels.join(" or ")} are set by Sluice itself`,
      },
    ],
  });

const ownAnnotations = z
  .record(z.string(), annotationValue)
  .check(bounded(32), qualifiedKeys)
  .meta({ maxProperties: 32, "x-kubernetes-validations": [keysCel] });

/** Largest affinity. Characters of JSON. */
const affinityLimit = 16_384;

const anything = z.exactOptional(z.record(z.string(), z.unknown()));

/** As Pod.spec.affinity; the API server checks it with the pod. */
const affinity = z.object({ nodeAffinity: anything, podAffinity: anything, podAntiAffinity: anything }).check(
  rule((value, report) => {
    if (JSON.stringify(value).length > affinityLimit) {
      report([], `is larger than ${affinityLimit} characters of JSON`, "Shorten it.");
    }
  }),
);

const toleration = z.object({
  key: z.exactOptional(text({ max: 317 })),
  operator: z.exactOptional(z.enum(["Exists", "Equal"])),
  value: z.exactOptional(text({ max: 63 })),
  effect: z.exactOptional(z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])),
  tolerationSeconds: z.exactOptional(z.int()),
});

const spread = z.object({
  maxSkew: z.int32().min(1),
  topologyKey: text({ min: 1, max: 317 }),
  whenUnsatisfiable: z.enum(["DoNotSchedule", "ScheduleAnyway"]),
  minDomains: z.exactOptional(z.int32().min(1)),
  labelSelector: z.exactOptional(labelSelector),
  nodeAffinityPolicy: z.exactOptional(z.enum(["Honor", "Ignore"])),
  nodeTaintsPolicy: z.exactOptional(z.enum(["Honor", "Ignore"])),
});

const cidr = text({ min: 1, max: 43 })
  .check(
    rule((value, report) => {
      const [address = "", length] = value.split("/");
      // An IPv4-mapped address is of one family when written and of the other when used.
      const network = length === undefined ? undefined : parseCidr(value);
      if (network === undefined || network.family !== addressFamily(address)) {
        report([], `must be a network such as \`10.0.0.0/8\`, but it is ${quote(value)}`, "Write address and length.");
      }
    }, "invalid"),
  )
  .meta(cel("isCIDR(self)", "must be a network such as 10.0.0.0/8"));

const loadBalancerFields = ["loadBalancerClass", "loadBalancerSourceRanges"] as const;

const service = z
  .object({
    type: z.exactOptional(z.enum(["LoadBalancer", "NodePort", "ClusterIP"])).describe("Default: LoadBalancer."),
    annotations: z
      .exactOptional(ownAnnotations)
      .describe("Extra annotations of the Service, such as settings of the cloud's load balancer."),
    labels: z.exactOptional(ownLabels).describe("Extra labels of the Service."),
    externalTrafficPolicy: z.exactOptional(z.enum(["Cluster", "Local"])).describe("The same field of Service.spec."),
    loadBalancerClass: z.exactOptional(text({ min: 1, max: 317 })).describe("The same field of Service.spec."),
    loadBalancerSourceRanges: z
      .exactOptional(setOf(cidr, { max: 64 }))
      .describe("Client networks that the load balancer accepts. Default: all."),
    ipFamilyPolicy: z
      .exactOptional(z.enum(["SingleStack", "PreferDualStack", "RequireDualStack"]))
      .describe("The same field of Service.spec."),
  })
  .check(
    rule((value, report) => {
      if (value.type === undefined || value.type === "LoadBalancer") return;
      for (const field of loadBalancerFields) {
        if (value[field] === undefined) continue;
        report([field], `is set, but type is ${value.type}`, `Write \`type: LoadBalancer\`, or remove ${field}.`);
      }
      if (value.type === "ClusterIP" && value.externalTrafficPolicy !== undefined) {
        report(["externalTrafficPolicy"], "is set, but type is ClusterIP", "Remove externalTrafficPolicy.");
      }
    }),
  );

const serviceCel = cel(
  "!has(self.type) || self.type == 'LoadBalancer' || (!has(self.loadBalancerClass) && !has(self.loadBalancerSourceRanges) && (self.type != 'ClusterIP' || !has(self.externalTrafficPolicy)))",
  "fields for load balancers need type LoadBalancer, and externalTrafficPolicy another type than ClusterIP",
);

const exactlyOne = (value: Readonly<Record<string, unknown>>, fields: readonly [string, string], report: Report) => {
  const set = fields.filter((field) => value[field] !== undefined);
  if (set.length === 1) return;
  const [one, two] = fields;
  if (set.length === 0) report([], `has neither ${one} nor ${two}`, `Add ${one} or ${two}.`);
  else report([two], `is set, and so is ${one}`, "Remove one of the two.");
};

/**
 * How the data plane of a Gateway is run. No field has a default here: what is left out comes from the class's GatewayConfig,
 * and then from Sluice. There is no field for the image: whoever may write a GatewayConfig could run any program with it.
 */
export const gatewayConfigSpec = z
  .object({
    plane: z
      .exactOptional(z.enum(["Embedded", "Envoy"]))
      .describe("Data plane implementation. Default: Embedded, Sluice's own proxy. Envoy is not supported yet."),
    dataPlane: z
      .exactOptional(
        z
          .object({
            mode: z
              .enum(["Own", "Shared"])
              .default("Own")
              .describe(
                "Own: in the Gateway's namespace. Shared: in the controller's namespace, configured only by the class.",
              ),
            name: z
              .exactOptional(
                text({
                  min: 1,
                  max: 40,
                  pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
                  words: "a lower-case name of letters, digits and `-`",
                }),
              )
              .describe("Gateways of a class with the same name here share a data plane. Required with Shared."),
          })
          .check(
            rule(({ mode, name }, report) => {
              if (mode === "Shared" && name === undefined) {
                report(["name"], "is missing, but mode is Shared", "Add the name that the Gateways share.");
              }
              if (mode === "Own" && name !== undefined) {
                report(["name"], "is set, but mode is Own", "Write `mode: Shared`, or remove name.");
              }
            }),
          )
          .meta(cel("(self.mode == 'Shared') == has(self.name)", "name is required with mode Shared, and only there")),
      )
      .describe("Whether a Gateway gets its own data plane or shares one with others of its class."),
    replicas: z.exactOptional(z.int32().min(1).max(1000)).describe("Number of pods. Default: 1."),
    autoscaling: z
      .exactOptional(
        z
          .object({
            minReplicas: z.exactOptional(z.int32().min(1).max(1000)).describe("Minimum number of pods. Default: 2."),
            maxReplicas: z
              .exactOptional(z.int32().min(1).max(1000))
              .describe("Maximum number of pods. Default: 10, or minReplicas if that is higher."),
            targetCPUUtilizationPercentage: z
              .exactOptional(z.int32().min(1).max(1000))
              .describe("Target for the average CPU utilization, in percent of the CPU requests. Default: 80."),
          })
          .check(
            rule(({ minReplicas, maxReplicas }, report) => {
              if (minReplicas !== undefined && maxReplicas !== undefined && minReplicas > maxReplicas) {
                report(["minReplicas"], `is above maxReplicas (${maxReplicas})`, "Lower it, or raise maxReplicas.");
              }
            }),
          )
          .meta(
            cel(
              "!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
              "minReplicas must not be above maxReplicas",
            ),
          ),
      )
      .describe("Creates a HorizontalPodAutoscaler. Excludes replicas."),
    resources: z
      .exactOptional(
        z.object({
          requests: z.exactOptional(quantities).describe("Default: 100m of CPU and 128Mi of memory."),
          limits: z.exactOptional(quantities).describe("Default: 1Gi of memory; no CPU limit."),
        }),
      )
      .describe(
        "Resource requests and limits of each pod. If you set one of them for a resource, the other has no default for it.",
      ),
    service: z.exactOptional(service.meta(serviceCel)).describe("The Service in front of the pods."),
    podDisruptionBudget: z
      .exactOptional(
        z
          .object({
            minAvailable: z
              .exactOptional(countOrPercent)
              .describe("Pods that must stay available. Excludes maxUnavailable."),
            maxUnavailable: z
              .exactOptional(countOrPercent)
              .describe("Pods that may be unavailable. Excludes minAvailable."),
          })
          .check(rule((value, report) => exactlyOne(value, ["minAvailable", "maxUnavailable"], report)))
          .meta(cel("has(self.minAvailable) != has(self.maxUnavailable)", "exactly one of the two must be set")),
      )
      .describe("The PodDisruptionBudget. Default: maxUnavailable: 1 if there can be several pods."),
    nodeSelector: z
      .exactOptional(
        z
          .record(z.string(), labelValue)
          .check(bounded(32), qualifiedKeys)
          .meta({ maxProperties: 32, "x-kubernetes-validations": [keysCel] }),
      )
      .describe("Node selector of the pods."),
    tolerations: z.exactOptional(listOf(toleration, { max: 32 })).describe("Tolerations of the pods."),
    affinity: z.exactOptional(affinity).describe("The same field of a pod's spec."),
    topologySpreadConstraints: z
      .exactOptional(mapBy(spread, ["topologyKey", "whenUnsatisfiable"], { max: 8 }))
      .describe("How pods are spread. Default: over nodes and zones where possible."),
    priorityClassName: z.exactOptional(text({ min: 1, max: 253 })).describe("PriorityClass of the pods."),
    podLabels: z.exactOptional(ownLabels).describe("Extra labels of the pods."),
    podAnnotations: z.exactOptional(ownAnnotations).describe("Extra annotations of the pods."),
    logging: z
      .exactOptional(
        // Enabled and Disabled rather than On and Off, which YAML 1.1 takes for true and false.
        z.object({
          accessLog: z
            .exactOptional(z.enum(["Enabled", "Disabled"]))
            .describe("One line per request. Default: Disabled."),
          format: z.exactOptional(z.enum(["JSON", "Text"])).describe("Log format. Default: JSON."),
        }),
      )
      .describe("What the data plane logs to standard output."),
    trustedHops: z
      .exactOptional(z.int32().min(0).max(32))
      .describe("Number of proxies in front of the data plane whose forwarding headers are trusted. Default: 0."),
    trustedHeader: z
      .exactOptional(z.enum(["XForwardedFor", "Forwarded"]))
      .describe("The list that these proxies keep; the other one is dropped. Default: XForwardedFor."),
    forwardClientCertificate: z
      .exactOptional(z.enum(["Disabled", "Sanitize", "Append"]))
      .describe(
        "Whether backends receive client certificates in X-Forwarded-Client-Cert. Sanitize: only what Sluice saw itself. Append: after what trusted proxies sent. Default: Disabled.",
      ),
    drainSeconds: z
      .exactOptional(z.int32().min(0).max(3600))
      .describe("Seconds that requests in flight may take to finish when a pod stops. Default: 25."),
  })
  .check(
    rule((spec, report) => {
      if (spec.replicas !== undefined && spec.autoscaling !== undefined) {
        report(["replicas"], "is set, and so is autoscaling, which decides the number", "Remove one of the two.");
      }
    }),
  )
  .meta(cel("!has(self.replicas) || !has(self.autoscaling)", "replicas and autoscaling exclude each other"));

export type GatewayConfigSpec = DeepReadonly<z.output<typeof gatewayConfigSpec>>;
