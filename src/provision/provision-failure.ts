import type { DataPlane } from "../infrastructure/data-plane.ts";
import { KubeError } from "../kube/kube-client.ts";
import type { DesiredObject } from "./managed-object.ts";

/** Why an object of a data plane could not be made as it should be, for users. */
export type ProvisionFailure = {
  readonly kind: "foreign" | "elsewhere" | "forbidden" | "quota" | "invalid" | "other";
  readonly message: string;
  readonly fix: string;
};

/** Another's object has the name. */
export function foreignFailure(desired: DesiredObject): ProvisionFailure {
  const title = `${desired.kind} ${desired.namespace}/${desired.name}`;
  return {
    kind: "foreign",
    message: `${title} exists, but Sluice did not create it for this Gateway and does not change it.`,
    fix: `Rename or delete that object, or give the Gateway another name: kubectl get ${desired.kind.toLowerCase()} ${desired.name} -n ${desired.namespace} -o yaml`,
  };
}

/** Data planes are made in other namespaces alone. */
export function elsewhereFailure(plane: DataPlane, namespaces: readonly string[]): ProvisionFailure {
  return {
    kind: "elsewhere",
    message: `This Sluice creates data planes only in ${namespaces.length === 1 ? "namespace" : "the namespaces"} ${namespaces.join(", ")}, but the Gateway is in ${plane.namespace}.`,
    fix: `Move the Gateway, or add ${plane.namespace} to the option dataPlaneNamespaces of the installation.`,
  };
}

/**
 * What a refusal of the API server means; `undefined` for what passes by itself: a conflict, a server that is busy or cannot be
 * reached, a namespace that is being deleted.
 */
export function failureOf(error: unknown, desired: DesiredObject): ProvisionFailure | undefined {
  if (!(error instanceof KubeError)) return undefined;
  const { status } = error;
  // The error's own message says where the server is and what was asked of it, which is no business of the Gateway's users.
  const message = error.serverMessage || error.reason || `status ${status}`;
  const title = `${desired.kind} ${desired.namespace}/${desired.name}`;
  // Server-side apply says so of a field that there is not.
  const isUnknownField = status === 500 && /^failed to create typed patch object/.test(message);
  if (isUnknownField) return invalidFailure(title, message);
  if (status === 0 || status === 409 || status === 404 || status === 429 || status >= 500) return undefined;
  if (status === 403 && /being terminated/.test(message)) return undefined;
  if (status === 403 && /exceeded quota/.test(message)) {
    return {
      kind: "quota",
      message: `${title} exceeds the quota of its namespace: ${message}`,
      fix: `Raise the quota, or lower the requests in a GatewayConfig: kubectl describe quota -n ${desired.namespace}`,
    };
  }
  if (status === 401 || status === 403) {
    return {
      kind: "forbidden",
      message: `Sluice has no permission to write ${title}: ${message}`,
      fix: "Give the controller's service account the permissions that `sluice install --dry-run` lists, or check which admission policy denies it.",
    };
  }
  if (status === 400 || status === 422) return invalidFailure(title, message);
  return {
    kind: "other",
    message: `${title} could not be written: ${message}`,
    fix: "Sluice retries. The controller's log has details.",
  };
}

function invalidFailure(title: string, message: string): ProvisionFailure {
  return {
    kind: "invalid",
    message: `The API server refuses ${title}: ${message}`,
    fix: "Correct the field that the message names, in the GatewayConfig or in infrastructure or addresses of the Gateway.",
  };
}
