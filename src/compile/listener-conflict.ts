/** Which listeners of one Gateway cannot live together on a port. Spec: Gateway.spec.listeners, "Distinct Listeners"; GEP-1713. */
import type { Finding } from "../finding/finding.ts";
import { hostnameCovers } from "./hostname.ts";
import { type ListenerDraft, listenerName } from "./listener.ts";
import { refOf, report } from "./report.ts";

type Conflict = "protocol" | "hostname";

/**
 * Adds a finding to every listener that conflicts with another. `drafts` holds the Gateway's listeners and then those of its
 * ListenerSets, in order of precedence. Inside one object all that conflict lose; between objects the later one does.
 * Listeners whose protocol is not served take no part. `mixedTls`: TLS listeners of both modes may share a port.
 */
export function markConflicts(
  drafts: readonly ListenerDraft[],
  options: { readonly mixedTls: boolean },
): readonly ListenerDraft[] {
  const lost = new Set<ListenerDraft>();
  return drafts.map((draft, place) => {
    const rivals = drafts.filter((other, otherPlace) => {
      if (other === draft || other.spec.port !== draft.spec.port) return false;
      return other.owner === draft.owner || (otherPlace < place && !lost.has(other));
    });
    // A conflict with an object that goes before decides first: it stays when the user puts their own object in order.
    const found = rivals
      .map((other) => ({ other, conflict: conflictOf(draft, other, options) }))
      .filter((pair): pair is { other: ListenerDraft; conflict: Conflict } => pair.conflict !== undefined)
      .sort((a, b) => Number(a.other.owner === draft.owner) - Number(b.other.owner === draft.owner));
    const first = found[0];
    if (!first) return draft;
    if (first.other.owner !== draft.owner) lost.add(draft);
    return { ...draft, findings: [...draft.findings, conflictFinding(draft, first.other, first.conflict)] };
  });
}

/**
 * Adds a finding to listeners that terminate TLS on one port for hostnames that overlap, as a wildcard and a name below it.
 * Spec: ListenerConditionOverlappingTLSConfig.
 */
export function markOverlaps(drafts: readonly ListenerDraft[]): readonly ListenerDraft[] {
  return drafts.map((draft) => {
    if (draft.protocol !== "HTTPS" && draft.protocol !== "TLS") return draft;
    const other = drafts.find(
      (candidate) =>
        candidate !== draft &&
        (candidate.protocol === "HTTPS" || candidate.protocol === "TLS") &&
        candidate.spec.port === draft.spec.port &&
        candidate.hostname !== draft.hostname &&
        (hostnameCovers(candidate.hostname, draft.hostname) || hostnameCovers(draft.hostname, candidate.hostname)),
    );
    if (!other) return draft;
    const finding = report("listener-tls-overlap", at(draft, "hostname"), {
      message: `Listener "${draft.spec.name}" (${shown(draft)}) overlaps ${listenerName(other)} (${shown(other)}) on port ${draft.spec.port}.`,
      fix: "Nothing, when clients cope with 421; otherwise give the listeners ports or hostnames that do not overlap.",
      related: [refOf(other.owner)],
    });
    return { ...draft, findings: [...draft.findings, finding] };
  });
}

function conflictOf(a: ListenerDraft, b: ListenerDraft, options: { readonly mixedTls: boolean }): Conflict | undefined {
  if (a.protocol === undefined || b.protocol === undefined) return undefined;
  // UDP has ports of its own.
  if (a.protocol === "UDP" || b.protocol === "UDP") return a.protocol === b.protocol ? "protocol" : undefined;
  if (a.protocol === "TCP" || b.protocol === "TCP") return "protocol";
  if ((a.protocol === "HTTP") !== (b.protocol === "HTTP")) return "protocol";
  const sameHostname = a.hostname === b.hostname;
  if (a.protocol === b.protocol && sameHostname) return "hostname";
  if (a.protocol !== b.protocol && sameHostname) return "protocol";
  const mixed = (a.spec.tls?.mode === "Passthrough") !== (b.spec.tls?.mode === "Passthrough");
  return mixed && !options.mixedTls ? "protocol" : undefined;
}

function conflictFinding(draft: ListenerDraft, other: ListenerDraft, conflict: Conflict): Finding {
  const { name, port } = draft.spec;
  const loses = draft.owner === other.owner ? "neither is served" : "the other one goes before";
  const rival = draft.owner === other.owner ? `listener "${other.spec.name}"` : listenerName(other);
  if (conflict === "hostname") {
    return report("listener-hostname-conflict", at(draft, "hostname"), {
      message: `Listener "${name}" and ${rival} both claim ${shown(draft)} on port ${port}; ${loses}.`,
      fix: `Give listener "${name}" another hostname or port, or remove one of the two.`,
      related: [refOf(other.owner)],
    });
  }
  return report("listener-protocol-conflict", at(draft, "protocol"), {
    message: `Listener "${name}" (${protocolWords(draft)}) cannot share port ${port} with ${rival} (${protocolWords(other)}); ${loses}.`,
    fix: `Give listener "${name}" another port, or both the same protocol and different hostnames.`,
    related: [refOf(other.owner)],
  });
}

function protocolWords(draft: ListenerDraft): string {
  return draft.protocol === "TLS" ? `TLS ${draft.spec.tls?.mode ?? "Terminate"}` : draft.spec.protocol;
}

function at(draft: ListenerDraft, field: string) {
  return { resource: draft.owner, pointer: `${draft.pointer}/${field}` };
}

function shown(draft: ListenerDraft): string {
  return draft.hostname === "" ? "every hostname" : draft.hostname;
}
