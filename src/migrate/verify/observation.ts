/** What a request came to when it was sent. */
import type { DifferenceKindName } from "./difference-kinds.ts";
import type { Probe } from "./probe.ts";

export type Observation =
  | {
      readonly kind: "answer";
      readonly status: number;
      /** By lower-case name, without those that say nothing of the configuration; several values joined. */
      readonly headers: Readonly<Record<string, string>>;
      /** Of the body; compared where a backend gave it. */
      readonly digest: string;
      /** What reached a backend; `undefined`: the gateway answered by itself. */
      readonly seen:
        | { readonly target: string; readonly host: string; readonly headers: Readonly<Record<string, string>> }
        | undefined;
    }
  /** No answer: the handshake or the connection failed. */
  | { readonly kind: "none"; readonly reason: string };

/** Sends requests to both sides, and gives what came of each. */
export type Observe = (
  probes: readonly Probe[],
) => Promise<readonly { readonly old: Observation; readonly new: Observation }[]>;

export type ObservedDifference = { readonly kind: DifferenceKindName; readonly old: string; readonly new: string };

const clientHeaders = /^(x-forwarded-|x-real-ip$|x-scheme$|x-original-forwarded-|x-request-id$|forwarded$)/;

/** In which ways two answers to the same request differ; the first is of the shape of the request where the decision differs. */
export function compareObservations(probe: Probe, old: Observation, fresh: Observation): readonly ObservedDifference[] {
  const [before, after] = [decisionText(old), decisionText(fresh)];
  if (before !== after || old.kind === "none" || fresh.kind === "none")
    return before === after ? [] : [{ kind: probe.shape, old: before, new: after }];
  const differences: ObservedDifference[] = [];
  for (const [name, a, b] of changes(old.headers, fresh.headers))
    differences.push({ kind: kindOfAnswerHeader(name), old: header(name, a), new: header(name, b) });
  if (old.status < 300 && old.digest !== fresh.digest)
    differences.push({ kind: "answer-body", old: `sha256 ${old.digest}…`, new: `sha256 ${fresh.digest}…` });
  if (old.seen === undefined || fresh.seen === undefined) return differences;
  if (old.seen.target !== fresh.seen.target)
    differences.push({ kind: "backend-path", old: old.seen.target, new: fresh.seen.target });
  if (old.seen.host !== fresh.seen.host)
    differences.push({ kind: "backend-host", old: old.seen.host, new: fresh.seen.host });
  for (const [name, a, b] of changes(old.seen.headers, fresh.seen.headers)) {
    const kind = clientHeaders.test(name) ? "forwarded-headers" : "backend-headers";
    differences.push({ kind, old: header(name, a), new: header(name, b) });
  }
  return differences;
}

/** Status, and who gave it. */
function decisionText(observation: Observation): string {
  if (observation.kind === "none") return `no answer (${observation.reason})`;
  const { status, headers, seen } = observation;
  const by = seen === undefined ? "" : " from a backend";
  const to =
    status >= 300 && status < 400 && headers["location"] !== undefined && seen === undefined ? " (redirect)" : "";
  return `${status}${by}${to}`;
}

function kindOfAnswerHeader(name: string): DifferenceKindName {
  if (name === "location") return "location";
  if (name === "strict-transport-security") return "hsts";
  return name.startsWith("access-control-") ? "cors" : "answer-headers";
}

function header(name: string, value: string | undefined): string {
  return value === undefined ? `no ${name}` : `${name}: ${value}`;
}

function changes(
  old: Readonly<Record<string, string>>,
  fresh: Readonly<Record<string, string>>,
): readonly (readonly [name: string, old: string | undefined, fresh: string | undefined])[] {
  return [...new Set([...Object.keys(old), ...Object.keys(fresh)])]
    .sort()
    .filter((name) => old[name] !== fresh[name])
    .map((name) => [name, old[name], fresh[name]]);
}
