import { controllerLabels, controllerName, objectMeta, ports, userId } from "./names.ts";
import { each, type Hole, isOn, isSet, isValue, itemOf, type Node, not, option, text, when } from "./template.ts";

const embedded = isValue("plane", "embedded");

const image: Hole = {
  hole: "text",
  parts: [
    option("image.repository"),
    when(isSet("image.digest"), text`@${option("image.digest")}`, text`:${option("image.tag")}`),
  ],
};

/** The controller: two replicas, one of which leads. */
export function controllerDeployment(version: string): Node {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: objectMeta(version, { name: controllerName, namespace: option("namespace") }),
    spec: {
      replicas: option("replicas"),
      revisionHistoryLimit: 3,
      selector: { matchLabels: controllerLabels },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: { metadata: podMeta(version), spec: podSpec() },
    },
  };
}

/** A user's labels and annotations cannot replace those that the Deployment selects by. */
function podMeta(version: string): Node {
  return {
    labels: {
      hole: "merged",
      option: "podLabels",
      fields: { ...controllerLabels, "app.kubernetes.io/version": version },
    },
    annotations: option("podAnnotations"),
  };
}

function podSpec(): Node {
  return {
    serviceAccountName: controllerName,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    priorityClassName: when(isSet("priorityClassName"), option("priorityClassName")),
    // As long as requests in flight and the handover of leadership may take.
    terminationGracePeriodSeconds: 40,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      seccompProfile: { type: "RuntimeDefault" },
      // Ports below 1024 without a capability: one of the settings that the restricted standard allows.
      sysctls: when(embedded, [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }]),
    },
    nodeSelector: when(isSet("nodeSelector"), option("nodeSelector")),
    tolerations: when(isSet("tolerations"), option("tolerations")),
    topologySpreadConstraints: ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: controllerLabels },
    })),
    containers: [container()],
  };
}

function container(): Node {
  return {
    name: "controller",
    image,
    imagePullPolicy: option("image.pullPolicy"),
    args: [
      "controller",
      text`--admin=*:${String(ports.admin)}`,
      text`--stream=*:${String(ports.stream)}`,
      text`--controller-name=${option("controllerName")}`,
      text`--log-format=${option("logFormat")}`,
      when(isValue("logLevel", "error"), "--quiet"),
      when(isValue("logLevel", "debug"), "--verbose"),
      each("watchNamespaces", text`--watch-namespace=${itemOf("watchNamespaces")}`),
      each("ingress.classes", text`--ingress-class=${itemOf("ingress.classes")}`),
      when(isSet("ingress.classes"), when(isOn("ingress.withoutClass"), "--ingress-without-class")),
      when(isSet("ingress.classes"), when(isOn("ingress.status"), "--ingress-status")),
      when(isSet("ingress.classes"), text`--ingress-config=${option("ingress.config")}`),
      when(
        isSet("ingress.classes"),
        each("ingress.arguments", text`--ingress-argument=${itemOf("ingress.arguments")}`),
      ),
      when(embedded, "--plane=embedded"),
      when(embedded, "--bind=*"),
      each("publishAddresses", text`--publish-address=${itemOf("publishAddresses")}`),
      when(not(embedded), { hole: "text", parts: ["--data-plane-image=", image] }),
      when(not(embedded), text`--data-plane-pull-policy=${option("image.pullPolicy")}`),
      when(not(embedded), each("imagePullSecrets", text`--data-plane-pull-secret=${itemOf("imagePullSecrets")}`)),
      when(not(embedded), each("dataPlaneNamespaces", text`--data-plane-namespace=${itemOf("dataPlaneNamespaces")}`)),
      when(not(embedded), when(isOn("networkPolicy.create"), "--data-plane-network-policy")),
      when(
        not(embedded),
        when(
          isOn("networkPolicy.create"),
          each(
            "networkPolicy.metricsNamespaces",
            text`--metrics-namespace=${itemOf("networkPolicy.metricsNamespaces")}`,
          ),
        ),
      ),
    ],
    env: [
      { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
      // For proxies, which the other replicas send to the one that leads.
      { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
    ],
    ports: [
      { name: "stream", containerPort: ports.stream, protocol: "TCP" },
      { name: "admin", containerPort: ports.admin, protocol: "TCP" },
    ],
    startupProbe: { httpGet: { path: "/livez", port: "admin" }, periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: {
      httpGet: { path: "/livez", port: "admin" },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    readinessProbe: {
      httpGet: { path: "/readyz", port: "admin" },
      periodSeconds: 5,
      timeoutSeconds: 5,
      failureThreshold: 2,
    },
    resources: option("resources"),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
}
