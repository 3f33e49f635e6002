import type { Kind } from "../../resource/kinds.ts";
import type { KindWatch } from "./kind-watch.ts";

/** A cluster could not be read in time; the message says which kinds, and why. */
export class SourceNotReadyError extends Error {
  override readonly name = "SourceNotReadyError";
}

/** A kind that was waited for, and what went wrong with it. */
type MissingKind = { readonly kind: Kind; readonly error: string | undefined };

/** Kinds that are named before the rest is only counted. */
const namedKinds = 5;

/** `discoveryError`: why the server did not even say which kinds it has. Without `deadlineMs` reading was called off before. */
export function notReadyError(
  watches: readonly Pick<KindWatch, "kind" | "health" | "settled">[],
  { discoveryError, deadlineMs }: { readonly discoveryError: unknown; readonly deadlineMs: number | undefined },
): SourceNotReadyError {
  const when = deadlineMs === undefined ? "before it was cancelled" : `within ${deadlineMs / 1000} seconds`;
  const unanswered = discoveryError instanceof Error ? discoveryError.message : "the API server did not answer";
  const isBegun = watches.some(({ health }) => health.length > 0);
  const missing = watches
    .filter(({ settled }) => !settled)
    .map(({ kind, health }) => ({ kind, error: health.find((row) => row.error)?.error?.message }));
  const message = `The cluster could not be read ${when}: ${isBegun ? missingWords(missing) : unanswered}`;
  return new SourceNotReadyError(message.replace(/\.?$/, "."));
}

function missingWords(missing: readonly MissingKind[]): string {
  if (missing.length === 0) return "still missing: Secrets that Gateways refer to";
  const rows = missing
    .slice(0, namedKinds)
    .map(({ kind, error }) => (error === undefined ? kind : `${kind} (${error})`));
  const more = missing.length > namedKinds ? ` and ${missing.length - namedKinds} more kinds` : "";
  return `still missing: ${rows.join("; ")}${more}`;
}
