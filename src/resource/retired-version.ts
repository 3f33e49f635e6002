import { isJsonObject, type JsonObject } from "./json.ts";

/**
 * What to change in a BackendTLSPolicy of before v1alpha3, which had one `targetRef` and kept its certificates under
 * `tls`. The steps name the object's own values. Spec: GEP-1897, history of BackendTLSPolicy.
 */
export function backendTlsPolicySteps(raw: JsonObject): readonly string[] {
  const spec = isJsonObject(raw["spec"]) ? raw["spec"] : {};
  const tls = isJsonObject(spec["tls"]) ? spec["tls"] : undefined;
  const steps = ["Write `apiVersion: gateway.networking.k8s.io/v1`."];
  if (spec["targetRef"] !== undefined || spec["targetRefs"] === undefined) steps.push(targetStep(spec["targetRef"]));
  if (tls !== undefined || spec["validation"] === undefined) steps.push(...validationSteps(tls ?? {}));
  return steps;
}

function targetStep(target: unknown): string {
  const { kind, name } = isJsonObject(target) ? target : {};
  const isService = kind === "Service" && typeof name === "string";
  const shown = isService ? word(name) : "<Service>";
  const why =
    isService || typeof kind !== "string"
      ? ""
      : ` (the Service that ${word(kind)} ${word(name)} sends to: the policy applies to Services, not to routes)`;
  return `Replace targetRef by \`spec.targetRefs: [{ group: "", kind: Service, name: ${shown} }]\`${why}.`;
}

function validationSteps(tls: JsonObject): readonly string[] {
  const refs = Array.isArray(tls["caCertRefs"]) ? tls["caCertRefs"].filter(isJsonObject) : [];
  const entries = refs
    .slice(0, 8)
    .map((ref) => `{ group: "", kind: ${word(ref["kind"] ?? "ConfigMap")}, name: ${word(ref["name"])} }`);
  const steps = [
    typeof tls["wellKnownCACerts"] === "string"
      ? "Replace tls.wellKnownCACerts by `spec.validation.wellKnownCACertificates: System`."
      : `Replace tls.caCertRefs by \`spec.validation.caCertificateRefs: [${entries.join(", ") || '{ group: "", kind: ConfigMap, name: <CA> }'}]\`.`,
    `Write \`spec.validation.hostname: ${typeof tls["hostname"] === "string" ? word(tls["hostname"]) : "<name in the backend's certificate>"}\`.`,
  ];
  const known = ["caCertRefs", "wellKnownCACerts", "hostname"];
  const rest = Object.keys(tls).filter((key) => !known.includes(key));
  if (rest.length > 0)
    steps.push(
      `Remove ${rest
        .slice(0, 5)
        .map((key) => `tls.${word(key)}`)
        .join(", ")}.`,
    );
  return steps;
}

/** A word of the object, for use in a message: cut, and free of control characters. */
function word(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 63).replace(/[^\w.-]/g, "_") : "<name>";
}
