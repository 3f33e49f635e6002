import type { Counter } from "../../telemetry/telemetry.ts";
import type { FilterServices } from "../contract/build.ts";

/** Requests by what became of the credentials that they showed. */
export type CredentialCounters = { readonly allowed: Counter; readonly denied: Counter; readonly failed: Counter };

/** The counters of one filter; `method` is the filter's kind. */
export function credentialCounters(
  { telemetry, from }: Pick<FilterServices, "telemetry" | "from">,
  method: "basicAuth" | "apiKeyAuth",
): CredentialCounters {
  const counter = (result: keyof CredentialCounters): Counter =>
    telemetry.counter("gateway_credential_checks_total", from.kind, from.namespace, from.name, method, result);
  return { allowed: counter("allowed"), denied: counter("denied"), failed: counter("failed") };
}
