import type { DataPlane } from "../infrastructure/data-plane.ts";
import type { KubeObject } from "../kube/kube-client.ts";
import { type DeploymentOptions, deployment } from "./deployment.ts";
import { apiVersionOf, managedKindNames } from "./managed-kinds.ts";
import { type DesiredObject, desiredObject } from "./managed-object.ts";
import { networkPolicy } from "./network-policy.ts";
import { podSelector } from "./object-labels.ts";
import { objectName } from "./object-name.ts";
import { serviceObject } from "./service-object.ts";
import { planServices } from "./service-plan.ts";

/** PEM text by file name: what a data plane shows to the controller, and whom it trusts. */
export type StreamCertificate = { readonly "tls.crt": string; readonly "tls.key": string; readonly "ca.crt": string };

export type DesiredOptions = DeploymentOptions & { readonly certificate: StreamCertificate };

/**
 * Type of the Secret with the certificate: not `kubernetes.io/tls`, so that no listener can use it, and nothing that watches
 * certificates is told when it is renewed.
 */
export const identitySecretType = "gateway.sluice.dev/identity";

/** Everything that should exist for a data plane, in the order in which it is to be made. Pure. */
export function desiredObjects(plane: DataPlane, options: DesiredOptions): readonly DesiredObject[] {
  const { controllerName, certificate } = options;
  const name = objectName(plane);
  const objects = [
    desiredObject(plane, {
      kind: "ServiceAccount",
      name,
      controllerName,
      fields: { automountServiceAccountToken: false },
    }),
    desiredObject(plane, {
      kind: "Secret",
      name,
      controllerName,
      fields: {
        type: identitySecretType,
        data: Object.fromEntries(
          Object.entries(certificate).map(([file, text]) => [file, Buffer.from(text).toString("base64")]),
        ),
      },
    }),
    ...planServices(plane).map((service) => serviceObject(plane, service, controllerName)),
    ...(options.networkPolicy === undefined ? [] : [networkPolicy(plane, options.networkPolicy, controllerName)]),
    deployment(plane, options),
    ...budget(plane, controllerName),
    ...autoscaler(plane, controllerName),
  ];
  return objects.sort((a, b) => managedKindNames.indexOf(a.kind) - managedKindNames.indexOf(b.kind));
}

/** As configured; otherwise one pod at a time may be taken away, where there is more than one. */
function budget(plane: DataPlane, controllerName: string): readonly DesiredObject[] {
  const { podDisruptionBudget, replicas = 1, autoscaling } = plane.settings;
  const several = (autoscaling?.minReplicas ?? replicas) > 1;
  const allowed: KubeObject | undefined = podDisruptionBudget ?? (several ? { maxUnavailable: 1 } : undefined);
  if (allowed === undefined) return [];
  const fields = { spec: { selector: { matchLabels: podSelector(plane) }, ...allowed } };
  return [desiredObject(plane, { kind: "PodDisruptionBudget", name: objectName(plane), controllerName, fields })];
}

function autoscaler(plane: DataPlane, controllerName: string): readonly DesiredObject[] {
  const { autoscaling } = plane.settings;
  if (autoscaling === undefined) return [];
  const name = objectName(plane);
  const averageUtilization = autoscaling.targetCpuUtilizationPercentage;
  const fields = {
    spec: {
      scaleTargetRef: { apiVersion: apiVersionOf("Deployment"), kind: "Deployment", name },
      minReplicas: autoscaling.minReplicas,
      maxReplicas: autoscaling.maxReplicas,
      metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization } } }],
    },
  };
  return [desiredObject(plane, { kind: "HorizontalPodAutoscaler", name, controllerName, fields })];
}
