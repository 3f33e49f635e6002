/** What can be chosen about an installation, in one table: `sluice install`, the chart's values and their schema, and the docs are made from it. */
import type { JsonObject } from "../resource/json.ts";

/** Every option and its type. A dot stands for a level of the chart's values. */
export type InstallOptions = {
  readonly namespace: string;
  readonly createNamespace: boolean;
  readonly "image.repository": string;
  readonly "image.tag": string;
  readonly "image.digest": string;
  readonly "image.pullPolicy": string;
  readonly imagePullSecrets: readonly string[];
  readonly plane: string;
  readonly replicas: number;
  readonly watchNamespaces: readonly string[];
  readonly dataPlaneNamespaces: readonly string[];
  readonly controllerName: string;
  readonly "gatewayClass.create": boolean;
  readonly "gatewayClass.name": string;
  readonly "ingress.classes": readonly string[];
  readonly "ingress.withoutClass": boolean;
  readonly "ingress.status": boolean;
  readonly "ingress.config": string;
  readonly "ingress.arguments": readonly string[];
  readonly "service.type": string;
  readonly "service.ports": readonly number[];
  readonly "service.annotations": JsonObject;
  readonly publishAddresses: readonly string[];
  readonly logLevel: string;
  readonly logFormat: string;
  readonly resources: JsonObject;
  readonly nodeSelector: JsonObject;
  readonly tolerations: readonly JsonObject[];
  readonly priorityClassName: string;
  readonly podLabels: JsonObject;
  readonly podAnnotations: JsonObject;
  readonly "admissionPolicy.create": boolean;
  readonly "networkPolicy.create": boolean;
  readonly "networkPolicy.metricsNamespaces": readonly string[];
};

export type OptionName = keyof InstallOptions;

/** The part of JSON Schema in which values are limited. */
export type OptionSchema = {
  readonly type: "string" | "integer" | "boolean" | "array" | "object";
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: OptionSchema;
  /** Of each member of a map. */
  readonly additionalProperties?: OptionSchema;
};

export type OptionRow<T> = {
  readonly initial: T;
  /** The chart's default where it differs, and why in the comment beside it. */
  readonly chartInitial?: T;
  /** No value of the chart: Helm has a flag of its own for it. The expression that has the value. */
  readonly helmBuiltin?: string;
  readonly schema: OptionSchema;
  /** One or two sentences. */
  readonly help: string;
};

const dnsLabel = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";
const name: OptionSchema = { type: "string", pattern: dnsLabel, maxLength: 63 };
const names: OptionSchema = { type: "array", items: name, maxItems: 256 };
const textMap: OptionSchema = { type: "object", additionalProperties: { type: "string", maxLength: 4096 } };

/** THE table of options. `version` is the release whose image is run unless another is chosen. */
export function installOptionRows(version: string): { readonly [K in OptionName]: OptionRow<InstallOptions[K]> } {
  return {
    namespace: {
      initial: "sluice-system",
      helmBuiltin: "$.Release.Namespace",
      schema: name,
      help: "Namespace of the controller.",
    },
    createNamespace: {
      initial: true,
      // Helm wants the namespace to be there before it installs, or makes one without labels.
      chartInitial: false,
      schema: { type: "boolean" },
      help: "Create the namespace, with labels that enforce the restricted pod security standard.",
    },
    "image.repository": {
      initial: "sluice",
      schema: { type: "string", pattern: "^[a-z0-9]+([._/:-][a-z0-9]+)*$", maxLength: 255 },
      help: "Image of the controller and the data planes, without its tag.",
    },
    "image.tag": {
      initial: version,
      schema: { type: "string", pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$" },
      help: "Tag of the image.",
    },
    "image.digest": {
      initial: "",
      schema: { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" },
      help: "Digest of the image, `sha256:…`, instead of the tag.",
    },
    "image.pullPolicy": {
      initial: "IfNotPresent",
      schema: { type: "string", enum: ["Always", "IfNotPresent", "Never"] },
      help: "When nodes pull the image of the controller and the data planes.",
    },
    imagePullSecrets: {
      initial: [],
      schema: names,
      help: "Secrets for pulling the image. They must exist in the controller's namespace and in every namespace with data planes; Sluice does not copy them.",
    },
    plane: {
      initial: "provisioned",
      schema: { type: "string", enum: ["provisioned", "embedded"] },
      help: "`provisioned`: every Gateway gets its own Deployment and Service. `embedded`: the controller's pods serve all Gateways, behind one Service; for small clusters.",
    },
    replicas: {
      initial: 2,
      schema: { type: "integer", minimum: 1, maximum: 100 },
      help: "Number of controller pods. One leads; with `plane: embedded`, all of them serve.",
    },
    watchNamespaces: {
      initial: [],
      schema: names,
      help: "Watch only these namespaces, with a Role in each instead of a ClusterRole. Empty: the whole cluster.",
    },
    dataPlaneNamespaces: {
      initial: [],
      schema: names,
      help: "With `plane: provisioned`, serve Gateways only in these namespaces, with a Role in each instead of a ClusterRole; routes may be anywhere. Empty: all watched namespaces.",
    },
    controllerName: {
      initial: "sluice.dev/gateway-controller",
      schema: {
        type: "string",
        pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/[A-Za-z0-9/._~-]+$",
        maxLength: 253,
      },
      help: "The controllerName of the GatewayClasses to serve. Every installation in a cluster needs its own.",
    },
    "gatewayClass.create": {
      initial: true,
      schema: { type: "boolean" },
      help: "Create a GatewayClass.",
    },
    "gatewayClass.name": { initial: "sluice", schema: name, help: "The name of that GatewayClass." },
    "ingress.classes": {
      initial: [],
      schema: { type: "array", items: { type: "string", pattern: "^[a-z0-9.-]+$", maxLength: 253 }, maxItems: 16 },
      help: "Serve the Ingresses of these classes, whosever they are: `nginx` takes over what ingress-nginx serves. Empty: Ingresses are not read.",
    },
    "ingress.withoutClass": {
      initial: false,
      schema: { type: "boolean" },
      help: "With `ingress.classes`, serve Ingresses that name no class, too, unless another class is the default.",
    },
    "ingress.status": {
      initial: false,
      schema: { type: "boolean" },
      help: "With `ingress.classes`, write addresses into the status of Ingresses whose class names another controller, too. That one must not write them any more.",
    },
    "ingress.config": {
      initial: "ingress-nginx/ingress-nginx-controller",
      schema: { type: "string", pattern: "^[a-z0-9.-]+/[a-z0-9.-]+$", maxLength: 507 },
      help: "With `ingress.classes`, the ConfigMap of the ingress-nginx controller that is replaced, as `namespace/name`.",
    },
    "ingress.arguments": {
      initial: [],
      schema: {
        type: "array",
        items: { type: "string", pattern: "^--[a-z0-9-]+(=[^\\s]*)?$", maxLength: 1024 },
        maxItems: 64,
      },
      help: "With `ingress.classes`, arguments of that controller, such as `--enable-ssl-passthrough`.",
    },
    "service.type": {
      initial: "LoadBalancer",
      schema: { type: "string", enum: ["LoadBalancer", "NodePort", "ClusterIP"] },
      help: "With `plane: embedded`, the type of the Service in front of the listeners. Otherwise GatewayConfig sets it.",
    },
    "service.ports": {
      initial: [80, 443],
      schema: { type: "array", items: { type: "integer", minimum: 1, maximum: 65535 }, minItems: 1, maxItems: 64 },
      help: "With `plane: embedded`, the TCP ports of this Service.",
    },
    "service.annotations": {
      initial: {},
      schema: textMap,
      help: "With `plane: embedded`, annotations of this Service, such as settings of the cloud's load balancer.",
    },
    publishAddresses: {
      initial: [],
      schema: { type: "array", items: { type: "string", pattern: "^[0-9A-Za-z.:-]+$", maxLength: 253 }, maxItems: 16 },
      help: "With `plane: embedded`, the addresses or host names of this Service to report in the status of Gateways.",
    },
    logLevel: {
      initial: "info",
      schema: { type: "string", enum: ["error", "info", "debug"] },
      help: "Log level of the controller.",
    },
    logFormat: {
      initial: "json",
      schema: { type: "string", enum: ["json", "text"] },
      help: "Log format of the controller.",
    },
    resources: {
      initial: { requests: { cpu: "100m", memory: "192Mi" }, limits: { memory: "768Mi" } },
      schema: { type: "object" },
      help: "Resource requests and limits of the controller's container.",
    },
    nodeSelector: { initial: {}, schema: textMap, help: "Node selector of the controller's pods." },
    tolerations: {
      initial: [],
      schema: { type: "array", items: { type: "object" }, maxItems: 64 },
      help: "Tolerations of the controller's pods.",
    },
    priorityClassName: {
      initial: "",
      schema: { type: "string", pattern: "^[a-z0-9.-]*$", maxLength: 253 },
      help: "PriorityClass of the controller's pods, such as `system-cluster-critical`.",
    },
    podLabels: { initial: {}, schema: textMap, help: "Extra labels of the controller's pods." },
    podAnnotations: { initial: {}, schema: textMap, help: "Extra annotations of the controller's pods." },
    "admissionPolicy.create": {
      initial: true,
      schema: { type: "boolean" },
      help: "With `plane: provisioned`, create ValidatingAdmissionPolicies that limit the controller's account to objects of Sluice.",
    },
    "networkPolicy.create": {
      initial: false,
      schema: { type: "boolean" },
      help: "Create NetworkPolicies: only data planes reach the controller's configuration stream, and only `networkPolicy.metricsNamespaces` the admin ports of the controller and the data planes.",
    },
    "networkPolicy.metricsNamespaces": {
      initial: [],
      schema: names,
      help: "Namespaces whose pods may reach the admin ports.",
    },
  };
}

export const optionNames = Object.keys(installOptionRows("")) as readonly OptionName[];

/** The defaults of `sluice install`. */
export function initialOptions(version: string): InstallOptions {
  const rows = Object.entries(installOptionRows(version)).map(([option, row]) => [option, row.initial]);
  return Object.fromEntries(rows) as InstallOptions;
}

export function isOptionName(text: string): text is OptionName {
  return (optionNames as readonly string[]).includes(text);
}

/** What is wrong with a value, as a sentence that begins behind the option's name; `undefined` when nothing is. */
export function optionProblem(schema: OptionSchema, value: unknown): string | undefined {
  const type = Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;
  if (value === null || type !== schema.type) return `must be ${typeWords[schema.type]}`;
  if (typeof value === "string") return textProblem(schema, value);
  if (typeof value === "number") {
    const { minimum = value, maximum = value } = schema;
    return value < minimum || value > maximum ? `must be from ${minimum} to ${maximum}` : undefined;
  }
  const [members, inner] = Array.isArray(value)
    ? [value, schema.items]
    : [Object.values(value as object), schema.additionalProperties];
  if (members.length > (schema.maxItems ?? members.length)) return `has more than ${schema.maxItems} entries`;
  if (members.length < (schema.minItems ?? 0)) return "is empty";
  if (inner === undefined) return undefined;
  const problem = members.map((member) => optionProblem(inner, member)).find((text) => text !== undefined);
  return problem === undefined ? undefined : `has an entry that ${problem}`;
}

function textProblem(schema: OptionSchema, value: string): string | undefined {
  if (schema.enum !== undefined && !schema.enum.includes(value)) return `must be one of ${schema.enum.join(", ")}`;
  if (value.length > (schema.maxLength ?? value.length)) return `is longer than ${schema.maxLength} characters`;
  return schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)
    ? `must match ${schema.pattern}`
    : undefined;
}

const typeWords: Readonly<Record<OptionSchema["type"], string>> = {
  string: "text",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
};
