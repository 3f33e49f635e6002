import type { RetriedFailure } from "../../../ir/traffic/retry-triggers.ts";
import type { ProxyErrorKind } from "../../error.ts";
import type { FailureProgress } from "../exchange.ts";

const connectFailures: ReadonlySet<ProxyErrorKind> = new Set([
  "addressRefused",
  "connectFailed",
  "endpointGone",
  "upstreamTls",
]);

/** What a policy calls the failure of an attempt. */
export function failureOf(kind: ProxyErrorKind, progress: FailureProgress): RetriedFailure {
  if (connectFailures.has(kind)) return "connect";
  if (kind === "connectTimeout") return "connectTimeout";
  if (kind === "upstreamGarbage") return "invalidAnswer";
  if (kind === "backendTimeout") return "timeout";
  if (progress === "refused") return "refusedStream";
  return progress === "unsent" ? "resetBeforeRequest" : "reset";
}
