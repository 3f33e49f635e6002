/** Compares what two sides do with the requests that could tell them apart. */
import { hashText } from "../../base/hash.ts";
import { sameElements } from "../../base/same-elements.ts";
import type { AskedHost } from "./derive-probes.ts";
import { type DifferenceKindName, differenceKinds, type SettingKind, settingKinds } from "./difference-kinds.ts";
import { compareObservations, type Observe, type ObservedDifference } from "./observation.ts";
import { curlOf, hostnameOf, type Probe, pathOf } from "./probe.ts";
import { choosesByPath, type Decision, decide, narrow, requestOf, type Side, withPort } from "./side.ts";
import { type Treatment, treatmentOf } from "./treatment.ts";

/** A difference of one kind at one host. */
export type Difference = {
  readonly kind: DifferenceKindName;
  /** As its owners write it; `*`: hosts that nobody has. */
  readonly host: string;
  /** Requests that show it. */
  readonly requests: number;
  /** One of them, and what both sides do with it. */
  readonly example: { readonly curl: string; readonly old: string; readonly new: string };
  readonly explains: string;
};

export type Verification = {
  /** Hostnames as their owners write them. */
  readonly hosts: number;
  /** Requests for which both sides were asked. */
  readonly requests: number;
  /** Those of them that are treated differently in any way. */
  readonly differing: number;
  /** Requests that had to be sent, because the settings alone did not tell. */
  readonly sent: number;
  /** By host, then by kind. */
  readonly differences: readonly Difference[];
};

type Open = { readonly probe: Probe; readonly askedFor: { readonly hostname: string; readonly probe: Probe }[] };

export type VerifyOptions = {
  readonly asked: readonly AskedHost[];
  /** Which requests are sent: those that the settings leave open, or all, or all with methods that change nothing. */
  readonly send: "where settings differ" | "safe" | "all";
};

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Where the settings of both sides are the same, so is the answer. Where they are not, the request is sent to both (`observe`), once
 * for all requests of that shape that meet the same two settings.
 */
export async function verify(
  old: Side,
  fresh: Side,
  observe: Observe,
  { asked, send }: VerifyOptions,
): Promise<Verification> {
  const ledger = new Ledger();
  const open = new Map<string, Open>();
  let requests = 0;
  for (const { hostname, host, probes } of asked) {
    const sides = [narrow(old, [host]), narrow(fresh, [host])] as const;
    const known = new Map<string, Pair>();
    const knownByPath = sides.every(choosesByPath) ? new Map<string, Pair>() : undefined;
    for (const probe of probes(sides)) {
      if (send === "safe" && !safeMethods.has(probe.method)) continue;
      requests += probe.times;
      if (send !== "where settings differ") {
        // Whoever has this address is not us.
        if (probe.shape !== "client") open.set(String(open.size), { probe, askedFor: [{ hostname, probe }] });
        continue;
      }
      const path = `${probe.scheme} ${pathOf(probe)}`;
      const pair = knownByPath?.get(path) ?? pairFor(probe, sides, known);
      knownByPath?.set(path, pair);
      for (const difference of pair.settings) ledger.add(difference.kind, hostname, probe, difference, host);
      if (pair.visible === undefined) continue;
      const id = [
        pair.visible,
        probe.shape,
        probe.scheme,
        probe.method,
        probe.headers.flat().join(" "),
        probe.client,
        // Those of a log differ in more than their shape tells.
        probe.shape === "logged" ? `${probe.host} ${probe.target}` : "",
      ].join("\n");
      const one = open.get(id) ?? { probe, askedFor: [] };
      one.askedFor.push({ hostname, probe });
      open.set(id, one);
    }
  }
  const sent = [...open.values()];
  const observed = await observe(sent.map(({ probe }) => probe));
  addObserved(ledger, sent, observed);
  const hosts = new Set(asked.map(({ hostname }) => hostname)).size;
  return { hosts, requests, differing: ledger.differing(), sent: sent.length, differences: ledger.differences() };
}

/** How both sides treat the request; pairs are kept in `known` by the decisions that lead to them. */
function pairFor(probe: Probe, [old, fresh]: readonly [Side, Side], known: Map<string, Pair>): Pair {
  const request = requestOf(old, probe);
  const [a, b] = [decide(old, request), decide(fresh, withPort(request, fresh, probe))];
  const key = `${decisionKey(a)} ${decisionKey(b)}`;
  const pair = known.get(key) ?? pairOf(treatmentOf(old, a), treatmentOf(fresh, b));
  known.set(key, pair);
  return pair;
}

/** What was seen, for every request that it holds for. */
function addObserved(ledger: Ledger, sent: readonly Open[], observed: Awaited<ReturnType<Observe>>): void {
  const found = sent.map(({ probe }, at) => {
    const pair = observed[at];
    return pair ? compareObservations(probe, pair.old, pair.new) : [];
  });
  // A variation that is decided as differently as the written path itself tells nothing new.
  const plain = new Set<string>();
  for (const [at, { askedFor }] of sent.entries())
    for (const difference of found[at] ?? [])
      if (difference.kind === "path") for (const one of askedFor) plain.add(placeOf(one, difference));
  for (const [at, { probe, askedFor }] of sent.entries())
    for (const difference of found[at] ?? [])
      for (const one of askedFor) {
        const isPlain = difference.kind === one.probe.shape && plain.has(placeOf(one, difference));
        ledger.add(isPlain ? "path" : difference.kind, one.hostname, one.probe, difference, hostnameOf(probe));
      }
}

function placeOf({ hostname, probe }: Open["askedFor"][number], { old, new: fresh }: ObservedDifference): string {
  return `${hostname} ${hostnameOf(probe)} ${probe.scheme} ${probe.written} ${old} ${fresh}`;
}

type Pair = {
  readonly settings: readonly { readonly kind: DifferenceKindName; readonly old: string; readonly new: string }[];
  /** Names what is visible of both; `undefined`: it is the same. */
  readonly visible: string | undefined;
};

function pairOf(old: Treatment, fresh: Treatment): Pair {
  // Where one side answers by itself, its backends are never asked, and the answers tell.
  const comparable = !old.answersItself && !fresh.answersItself;
  const settings = comparable ? settingKinds.flatMap((kind) => settingDifference(kind, old, fresh)) : [];
  return {
    settings,
    visible: old.visible === fresh.visible ? undefined : hashText(`${old.visible}\n\n${fresh.visible}`),
  };
}

/** Only what is not the same on both sides. */
function settingDifference(kind: SettingKind, old: Treatment, fresh: Treatment): Pair["settings"] {
  const [before, after] = [old.settings[kind], fresh.settings[kind]];
  const only = (these: readonly string[], those: readonly string[]): string =>
    these.filter((part) => !those.includes(part)).join(", ") || (these.length === 0 ? "none" : "no more than that");
  return sameElements(before, after) ? [] : [{ kind, old: only(before, after), new: only(after, before) }];
}

function decisionKey(decision: Decision): string {
  if (decision.kind === "none") return `none ${decision.reason} ${decision.listener?.key ?? ""}`;
  return `${decision.listener.key} ${decision.rule.key} ${decision.entry.matchIndex}`;
}

type LedgerRow = { readonly difference: Omit<Difference, "requests">; requests: number };

/** Collects differences by host and kind. */
class Ledger {
  readonly #rows = new Map<string, Map<DifferenceKindName, LedgerRow>>();
  readonly #probes = new Set<Probe>();

  /** `sentTo`: the host that showed it, in place of which the example names its own. */
  add(
    kind: DifferenceKindName,
    host: string,
    probe: Probe,
    { old, new: fresh }: Pick<ObservedDifference, "old" | "new">,
    sentTo: string,
  ): void {
    this.#probes.add(probe);
    let rows = this.#rows.get(host);
    if (rows === undefined) {
      rows = new Map();
      this.#rows.set(host, rows);
    }
    let row = rows.get(kind);
    if (row === undefined) {
      const named = (text: string): string => text.replaceAll(sentTo, hostnameOf(probe));
      const example = { curl: curlOf(probe), old: named(old), new: named(fresh) };
      row = { difference: { kind, host, example, explains: differenceKinds[kind].explains }, requests: 0 };
      rows.set(kind, row);
    }
    row.requests += probe.times;
  }

  differing(): number {
    return [...this.#probes].reduce((sum, { times }) => sum + times, 0);
  }

  differences(): readonly Difference[] {
    const order = new Map(Object.keys(differenceKinds).map((kind, at) => [kind, at]));
    const place = ({ kind }: Difference): number => order.get(kind) ?? 0;
    return [...this.#rows.values()]
      .flatMap((rows) => [...rows.values()])
      .map(({ difference, requests }): Difference => ({ ...difference, requests }))
      .sort((a, b) => compare(a.host, b.host) || place(a) - place(b));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
