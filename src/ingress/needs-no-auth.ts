import type { ControllerConfig } from "./controller-config.ts";

/**
 * Whether a path, as an Ingress has it, is served without password and permission: it begins as one of `no-auth-locations` of the
 * ConfigMap. Requests for such a path under another path of the Ingress are not exempt.
 */
export function needsNoAuth(controller: ControllerConfig, path: string): boolean {
  const beginnings = controller.value("no-auth-locations") ?? "/.well-known/acme-challenge";
  return beginnings
    .split(",")
    .map((beginning) => beginning.trim())
    .some((beginning) => beginning !== "" && path.startsWith(beginning));
}
