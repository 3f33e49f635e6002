/** The whole installation, as one template: `sluice install`, `deploy/install.yaml` and the Helm chart are made from it. */
import type { JsonObject } from "../resource/json.ts";
import { type Kind, kinds } from "../resource/kinds.ts";
import { admissionPolicies } from "./admission-policy.ts";
import { controllerDeployment } from "./controller-deployment.ts";
import { type CrdOptions, customResourceDefinition, ownKinds } from "./crd.ts";
import { controllerLabels, controllerName, objectMeta, ports } from "./names.ts";
import { networkPolicy } from "./network-policy.ts";
import type { InstallOptions } from "./options.ts";
import { roles } from "./roles.ts";
import { each, isAbove, isOn, isSet, isValue, itemOf, type Node, option, resolve, when } from "./template.ts";

/** Objects that belong together; a file of the chart. */
export type Part = { readonly name: string; readonly documents: readonly Node[] };

/** What `kubectl get` and `kubectl explain` say of our kinds. */
const shown: Partial<Record<Kind, CrdOptions>> = {
  GatewayConfig: {
    description: "How the data planes of a GatewayClass, or of one Gateway, are run.",
    columns: [
      { name: "Plane", type: "string", jsonPath: ".spec.plane" },
      { name: "Replicas", type: "integer", jsonPath: ".spec.replicas" },
      { name: "Service", type: "string", jsonPath: ".spec.service.type" },
    ],
  },
  ClientTrafficPolicy: { description: "How clients connect to a Gateway, and what is taken from them." },
  BackendTrafficPolicy: { description: "How requests go to backends, and what becomes of their answers." },
  SecurityPolicy: { description: "Who may come in." },
  ExtensionPolicy: { description: "Services that look into requests and answers." },
  HTTPRouteFilter: { description: "A filter that rules of HTTPRoutes refer to by extensionRef." },
  Backend: {
    description: "Endpoints outside of the cluster, which routes refer to like a Service.",
    columns: [{ name: "Type", type: "string", jsonPath: ".spec.type" }],
  },
};

/** The definitions of our kinds, which have no holes. */
export function ownDefinitions(): readonly JsonObject[] {
  return ownKinds.map((kind) => customResourceDefinition(kind, shown[kind]));
}

/** Everything but the definitions, in the order in which it is applied. `version` is written into labels. */
export function installParts(version: string): readonly Part[] {
  return [
    { name: "namespace", documents: [when(isOn("createNamespace"), namespace(version))] },
    { name: "serviceaccount", documents: [serviceAccount(version)] },
    { name: "rbac", documents: roles(version) },
    { name: "admissionpolicy", documents: admissionPolicies(version) },
    { name: "service", documents: services(version) },
    { name: "deployment", documents: [controllerDeployment(version)] },
    { name: "poddisruptionbudget", documents: [when(isAbove("replicas", 1), disruptionBudget(version))] },
    { name: "networkpolicy", documents: [when(isOn("networkPolicy.create"), networkPolicy(version))] },
    { name: "gatewayclass", documents: [when(isOn("gatewayClass.create"), gatewayClass(version))] },
  ];
}

/** The objects of an installation, the definitions of our kinds behind the namespace. */
export function installObjects(options: InstallOptions, version: string): readonly JsonObject[] {
  const objects = installParts(version).map(({ documents }) => resolve(documents, options) as readonly JsonObject[]);
  const [namespaces = [], ...rest] = objects;
  return [...namespaces, ...ownDefinitions(), ...rest.flat()];
}

function namespace(version: string): Node {
  const enforce = "pod-security.kubernetes.io/enforce";
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: objectMeta(version, { name: option("namespace"), labels: { [enforce]: "restricted" } }),
  };
}

function serviceAccount(version: string): Node {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: objectMeta(version, { name: controllerName, namespace: option("namespace") }),
    automountServiceAccountToken: false,
    imagePullSecrets: when(isSet("imagePullSecrets"), [each("imagePullSecrets", { name: itemOf("imagePullSecrets") })]),
  };
}

function services(version: string): readonly Node[] {
  const metadata = (name: string, annotations?: Node) =>
    objectMeta(version, {
      name,
      namespace: option("namespace"),
      ...(annotations === undefined ? {} : { annotations }),
    });
  const port = itemOf("service.ports");
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata(controllerName),
      spec: {
        selector: controllerLabels,
        ports: [{ name: "stream", port: ports.stream, targetPort: "stream", protocol: "TCP" }],
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata(`${controllerName}-metrics`, {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": String(ports.admin),
        "prometheus.io/path": "/metrics",
      }),
      spec: {
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector: controllerLabels,
        ports: [{ name: "metrics", port: ports.admin, targetPort: "admin", protocol: "TCP" }],
      },
    },
    when(isValue("plane", "embedded"), {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata("sluice-gateways", option("service.annotations")),
      spec: {
        type: option("service.type"),
        selector: controllerLabels,
        ports: [
          each("service.ports", {
            name: { hole: "text", parts: ["port-", port] },
            port,
            targetPort: port,
            protocol: "TCP",
          }),
        ],
      },
    }),
  ];
}

function disruptionBudget(version: string): Node {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: objectMeta(version, { name: controllerName, namespace: option("namespace") }),
    spec: {
      maxUnavailable: 1,
      // A pod that is not ready protects nobody, and must not keep a node from being drained.
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: controllerLabels },
    },
  };
}

function gatewayClass(version: string): Node {
  const { group, version: apiVersion } = kinds.GatewayClass;
  return {
    apiVersion: `${group}/${apiVersion}`,
    kind: "GatewayClass",
    metadata: objectMeta(version, { name: option("gatewayClass.name") }),
    spec: { controllerName: option("controllerName"), description: "Gateways served by Sluice" },
  };
}
