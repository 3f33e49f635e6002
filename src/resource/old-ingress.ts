import { isJsonObject, type JsonObject } from "./json.ts";

/**
 * An Ingress of `extensions/v1beta1` or `networking.k8s.io/v1beta1` with the fields of v1: backends name their Service in an object, and
 * every path has a type. What is not as those versions have it comes back as it is. Spec: the conversion of Kubernetes 1.19 to 1.21.
 */
export function withCurrentBackends(raw: JsonObject): JsonObject {
  const spec = raw["spec"];
  if (!isJsonObject(spec)) return raw;
  const { backend, rules, ...rest } = spec;
  return {
    ...raw,
    spec: {
      ...rest,
      ...(backend === undefined ? {} : { defaultBackend: currentBackend(backend) }),
      ...(rules === undefined ? {} : { rules: Array.isArray(rules) ? rules.map(currentRule) : rules }),
    },
  };
}

function currentRule(rule: unknown): unknown {
  if (!isJsonObject(rule) || !isJsonObject(rule["http"]) || !Array.isArray(rule["http"]["paths"])) return rule;
  const paths = rule["http"]["paths"].map((path: unknown) =>
    isJsonObject(path)
      ? { pathType: "ImplementationSpecific", ...path, backend: currentBackend(path["backend"]) }
      : path,
  );
  return { ...rule, http: { ...rule["http"], paths } };
}

function currentBackend(backend: unknown): unknown {
  if (!isJsonObject(backend) || backend["serviceName"] === undefined) return backend;
  const { serviceName, servicePort, ...rest } = backend;
  const port = typeof servicePort === "number" ? { number: servicePort } : portOf(servicePort);
  return { ...rest, service: { name: serviceName, ...(servicePort === undefined ? {} : { port }) } };
}

/** IntOrString: digits in quotation marks are a number there too. */
function portOf(port: unknown): JsonObject {
  return typeof port === "string" && /^\d{1,5}$/.test(port) ? { number: Number(port) } : { name: port };
}
