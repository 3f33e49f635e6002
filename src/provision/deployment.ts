import type { DataPlane } from "../infrastructure/data-plane.ts";
import { targetPorts } from "../ir/target-port.ts";
import type { KubeObject } from "../kube/kube-client.ts";
import { type DesiredObject, desiredObject } from "./managed-object.ts";
import type { NetworkPolicyOptions } from "./network-policy.ts";
import { objectAnnotations, objectLabels, podSelector } from "./object-labels.ts";
import { objectName } from "./object-name.ts";
import { certificatesFolder, proxyArguments, stateFolder } from "./proxy-arguments.ts";

/** What does not follow from the Gateways. */
export type DeploymentOptions = {
  readonly controllerName: string;
  /** Of the proxies. A flag of the controller, never a field that users write: it decides which program runs. */
  readonly image: string;
  /** `undefined`: what Kubernetes takes for the image's tag. */
  readonly imagePullPolicy: "Always" | "IfNotPresent" | "Never" | undefined;
  /** Names of Secrets in the data plane's namespace. */
  readonly imagePullSecrets: readonly string[];
  /** `undefined`: data planes have no NetworkPolicy. */
  readonly networkPolicy: NetworkPolicyOptions | undefined;
  /** `host:port` of the configuration stream. */
  readonly controllerAddress: string;
};

/** User and group of the image; any other than 0 would do. */
const userId = 65_532;
/** Until load balancers and kube-proxy have heard that a pod is going, it goes on accepting. Seconds. */
const leaveSeconds = 5;
/** After the drain's deadline, before the pod is killed. Seconds. */
const slackSeconds = 10;
/** Admin port unless a listener needs it. */
const usualAdminPort = 9900;

/**
 * The proxies' Deployment. Pods meet the restricted pod security standard, write nowhere but to the folder of their state, and
 * hold no credentials of the API. Listeners are not in it: opening one must not restart the pods.
 */
export function deployment(plane: DataPlane, options: DeploymentOptions): DesiredObject {
  const { settings } = plane;
  const { autoscaling } = settings;
  return desiredObject(plane, {
    kind: "Deployment",
    name: objectName(plane),
    controllerName: options.controllerName,
    fields: {
      spec: {
        ...(autoscaling === undefined ? { replicas: settings.replicas ?? 1 } : {}),
        revisionHistoryLimit: 3,
        selector: { matchLabels: podSelector(plane) },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: "25%" } },
        template: {
          metadata: {
            labels: objectLabels(plane, settings.podLabels),
            annotations: objectAnnotations(plane, settings.podAnnotations),
          },
          spec: podSpec(plane, options),
        },
      },
    },
    ...(autoscaling === undefined ? {} : { scaled: autoscaling }),
  });
}

function podSpec(plane: DataPlane, options: DeploymentOptions): KubeObject {
  const { settings } = plane;
  const name = objectName(plane);
  const pullSecrets = options.imagePullSecrets;
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: leaveSeconds + settings.drainSeconds + slackSeconds,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [container(plane, options)],
    volumes: [
      // Readable for the group, which fsGroup makes the process's.
      { name: "identity", secret: { secretName: name, defaultMode: 0o440 } },
      // It holds private keys, which do not belong on a node's disk. What is in it counts towards the container's memory.
      { name: "state", emptyDir: { medium: "Memory", sizeLimit: "128Mi" } },
    ],
    ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map((secret) => ({ name: secret })) }),
    ...(Object.keys(settings.nodeSelector).length === 0 ? {} : { nodeSelector: settings.nodeSelector }),
    ...(settings.tolerations.length === 0 ? {} : { tolerations: settings.tolerations }),
    ...(settings.affinity === undefined ? {} : { affinity: settings.affinity }),
    ...(settings.priorityClassName === undefined ? {} : { priorityClassName: settings.priorityClassName }),
    topologySpreadConstraints: spread(plane),
  };
}

function container(plane: DataPlane, options: DeploymentOptions): KubeObject {
  const { settings } = plane;
  const adminPort = adminPortOf(plane);
  const probe = (path: string) => ({ httpGet: { path, port: "admin", scheme: "HTTP" } });
  return {
    name: "proxy",
    image: options.image,
    ...(options.imagePullPolicy === undefined ? {} : { imagePullPolicy: options.imagePullPolicy }),
    args: proxyArguments(plane, { controllerAddress: options.controllerAddress, adminPort }),
    // Kubernetes 1.35 and later put the node's zone on its pods; before, there is none to be told.
    env: [
      {
        name: "POD_ZONE",
        valueFrom: { fieldRef: { fieldPath: "metadata.labels['topology.kubernetes.io/zone']" } },
      },
    ],
    ports: [{ name: "admin", containerPort: adminPort, protocol: "TCP" }],
    livenessProbe: { ...probe("/livez"), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    readinessProbe: { ...probe("/readyz"), periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
    lifecycle: { preStop: { sleep: { seconds: leaveSeconds } } },
    resources: settings.resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: [
      { name: "identity", mountPath: certificatesFolder, readOnly: true },
      { name: "state", mountPath: stateFolder },
    ],
  };
}

/** Spread over nodes and zones where that can be had, unless it is said how. */
function spread(plane: DataPlane): readonly KubeObject[] {
  const labelSelector = { matchLabels: podSelector(plane) };
  const asked = plane.settings.topologySpreadConstraints;
  if (asked !== undefined) return asked.map((constraint) => ({ labelSelector, ...constraint }));
  return ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector,
  }));
}

/** Where the admin endpoint of a data plane's pods listens: no listener of it needs that port. */
export function adminPortOf(plane: DataPlane): number {
  const taken = new Set(
    targetPorts(plane.gateways.flatMap((gateway) => gateway.ports.map(({ port }) => port))).values(),
  );
  let port = usualAdminPort;
  while (taken.has(port)) port++;
  return port;
}
