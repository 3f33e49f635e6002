/** Which listeners of one Gateway cannot live together on a port. Spec: Gateway.spec.listeners, "Distinct Listeners"; GEP-1713. */
import type { Finding } from "../../finding/finding.ts";
import { coveringHostnames } from "../hostname-patterns.ts";
import { refOf, report } from "../report/report.ts";
import { type ListenerDraft, listenerName } from "./listener.ts";

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
  const standing = new Standing();
  const owners = [...new Set(drafts.map(({ owner }) => owner))];
  return owners.flatMap((owner) => {
    const own = drafts.filter((draft) => draft.owner === owner);
    // A conflict with an object that goes before decides first: what has lost one is in nobody's way any more.
    const against = own.map((draft) => ({ draft, before: rivalsOf(draft, standing.candidates(draft), options)[0] }));
    const unbeaten = against.filter(({ before }) => !before).map(({ draft }) => draft);
    const judged = against.map(({ draft, before }) => ({
      draft,
      before,
      rival: before ?? rivalsOf(draft, unbeaten, options)[0],
    }));
    for (const { draft, before } of judged) if (!before) standing.add(draft);
    return judged.map(({ draft, rival }) =>
      rival ? { ...draft, findings: [...draft.findings, conflictFinding(draft, rival.other, rival.conflict)] } : draft,
    );
  });
}

type Rival = { readonly other: ListenerDraft; readonly conflict: Conflict };

function rivalsOf(
  draft: ListenerDraft,
  others: readonly ListenerDraft[],
  options: { readonly mixedTls: boolean },
): Rival[] {
  return others.flatMap((other) => {
    if (other === draft || other.spec.port !== draft.spec.port) return [];
    const conflict = conflictOf(draft, other, options);
    return conflict ? [{ other, conflict }] : [];
  });
}

/**
 * The listeners of the objects so far that no earlier object has beaten. Whether two conflict follows from their protocols
 * and modes, or from equal hostnames: so the first of each is enough, and thousands on one port cost no more than a few.
 */
class Standing {
  readonly #first = new Map<string, ListenerDraft[]>();

  add(draft: ListenerDraft): void {
    const family = protocolWords(draft);
    for (const key of [portKey(draft), hostnameKey(draft)]) {
      const known = this.#first.get(key) ?? [];
      if (!known.some((other) => protocolWords(other) === family)) this.#first.set(key, [...known, draft]);
    }
  }

  candidates(draft: ListenerDraft): readonly ListenerDraft[] {
    return [...(this.#first.get(hostnameKey(draft)) ?? []), ...(this.#first.get(portKey(draft)) ?? [])];
  }
}

function portKey({ spec }: ListenerDraft): string {
  return `${spec.port}`;
}

function hostnameKey({ spec, hostname }: ListenerDraft): string {
  return `${spec.port} ${hostname}`;
}

/**
 * Adds a finding to listeners that terminate TLS on one port for hostnames that overlap, as a wildcard and a name below it.
 * Spec: ListenerConditionOverlappingTLSConfig.
 */
export function markOverlaps(drafts: readonly ListenerDraft[]): readonly ListenerDraft[] {
  const byHostname = new Map<string, ListenerDraft>();
  const narrower = new Map<string, ListenerDraft>();
  const tls = drafts.filter(({ protocol }) => protocol === "HTTPS" || protocol === "TLS");
  for (const draft of tls) {
    for (const wider of coveringHostnames(draft.hostname)) {
      const key = `${draft.spec.port} ${wider}`;
      const table = wider === draft.hostname ? byHostname : narrower;
      if (!table.has(key)) table.set(key, draft);
    }
  }
  return drafts.map((draft) => {
    if (draft.protocol !== "HTTPS" && draft.protocol !== "TLS") return draft;
    const { port } = draft.spec;
    const wider = coveringHostnames(draft.hostname).slice(1);
    const other =
      wider.map((hostname) => byHostname.get(`${port} ${hostname}`)).find((found) => found !== undefined) ??
      narrower.get(`${port} ${draft.hostname}`);
    if (!other) return draft;
    const finding = report("listener-tls-overlap", at(draft, "hostname"), {
      message: `Listener "${draft.spec.name}" (${shown(draft)}) overlaps ${listenerName(other)} (${shown(other)}) on port ${draft.spec.port}.`,
      fix: "No action needed if clients handle 421; otherwise give the listeners ports or hostnames that do not overlap.",
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
  const loses = draft.owner === other.owner ? "neither is served" : "the other one takes precedence";
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
