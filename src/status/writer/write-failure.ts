import { KubeError } from "../../kube/kube-client.ts";

/** Why a status was not written, and so what to do about it. */
export type WriteFailure =
  /** Somebody changed the object in between: again on top of the newer one. */
  | { readonly kind: "conflict" }
  /** There is no such object any more. */
  | { readonly kind: "gone" }
  /** Our account may not: it takes an administrator to change that. */
  | { readonly kind: "forbidden"; readonly message: string }
  /** The status is not valid to the API server, and will not be the next time. */
  | { readonly kind: "refused"; readonly message: string }
  /** The API server has no time, or is away: nothing at all is asked for a while. */
  | { readonly kind: "unavailable"; readonly message: string; readonly retryAfterMs: number }
  /** Anything else: this object again, later. */
  | { readonly kind: "failed"; readonly message: string };

const refusals: readonly number[] = [400, 405, 406, 413, 414, 415, 422];
const absences: readonly number[] = [0, 429, 503];

/** Sorts what a request was rejected with. */
export function failureOf(error: unknown): WriteFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof KubeError)) return { kind: "failed", message };
  const { status, retryAfterMs = 0 } = error;
  if (status === 409) return { kind: "conflict" };
  if (status === 404 || status === 410) return { kind: "gone" };
  if (status === 403) return { kind: "forbidden", message };
  if (refusals.includes(status)) return { kind: "refused", message };
  if (absences.includes(status)) return { kind: "unavailable", message, retryAfterMs };
  return { kind: "failed", message };
}
