import { makeFinding } from "../../finding/catalogue.ts";
import type { Finding } from "../../finding/finding.ts";
import { describeRulePlace } from "../../ir/describe.ts";
import type { HttpMatch, ValueMatch } from "../../ir/match.ts";
import type { GatewayModel, HttpEntry, HttpRule, RuleKey, VirtualHost } from "../../ir/routing-model.ts";
import { writtenRule } from "../../ir/rule-key.ts";
import type { Snapshot } from "../../store/snapshot.ts";

/** A match that never serves, and the one that always serves in its place. */
type Shadow = { readonly matchIndex: number; readonly winner: HttpEntry };

/**
 * Finds matches that no request can reach, because an earlier match of the same virtual host takes all of theirs, on every
 * hostname where they stand. One finding per rule; duplicates inside one rule are harmless and not told.
 * Time is linear in the number of entries. The snapshot, when given, tells where the rules stand in their files; `only`, when
 * given, which rules are asked about.
 */
export function findUnreachableRules(
  model: GatewayModel,
  snapshot?: Snapshot,
  only?: ReadonlySet<RuleKey>,
): ReadonlyMap<RuleKey, Finding> {
  const shadows = new Map<RuleKey, Map<number, Shadow | "reachable">>();
  const placed = new Map<RuleKey, RuleKey>();
  if (only?.size === 0) return new Map();
  for (const listener of model.listeners) {
    if (listener.protocol !== "HTTP" && listener.protocol !== "HTTPS") continue;
    for (const host of listener.virtualHosts) {
      const { byRule } = claimsOf(host);
      const asked = only !== undefined && only.size < byRule.size ? only : byRule.keys();
      for (const key of asked) {
        if (only !== undefined && !only.has(key)) continue;
        for (const { entry, winner } of byRule.get(key) ?? []) {
          const ofRule = shadows.get(key) ?? new Map<number, Shadow | "reachable">();
          shadows.set(key, ofRule);
          placed.set(key, entry.rule);
          if (winner === undefined) ofRule.set(entry.matchIndex, "reachable");
          else if (!ofRule.has(entry.matchIndex))
            ofRule.set(entry.matchIndex, { matchIndex: entry.matchIndex, winner });
        }
      }
    }
  }
  const findings = new Map<RuleKey, Finding>();
  for (const [key, matches] of shadows) {
    const rule = model.httpRules[placed.get(key)!];
    const hidden = [...matches.values()].filter((match) => match !== "reachable");
    const first = hidden[0];
    if (rule === undefined || first === undefined) continue;
    findings.set(key, makeUnreachable(rule, hidden, first, { model, snapshot, whole: hidden.length === matches.size }));
  }
  return findings;
}

/** An entry, and the earlier one that always wins over it, if there is one. */
type Claim = { readonly entry: HttpEntry; readonly winner: HttpEntry | undefined };

type HostClaims = {
  /** By {@link writtenRule}. */
  readonly byRule: ReadonlyMap<RuleKey, readonly Claim[]>;
  /** Written rules of which another takes something here. */
  readonly shadowed: ReadonlySet<RuleKey>;
};

const claimsByHost = new WeakMap<VirtualHost, HostClaims>();

/** Worked out once for a virtual host: it stays the same object for as long as its routes do. */
export function claimsOf(host: VirtualHost): HostClaims {
  const known = claimsByHost.get(host);
  if (known !== undefined) return known;
  const winners = new WinnerTable();
  const byRule = new Map<RuleKey, Claim[]>();
  const shadowed = new Set<RuleKey>();
  for (const entry of host.entries) {
    const claim = { entry, winner: winners.claim(entry) };
    const rule = writtenRule(entry.rule);
    if (claim.winner !== undefined) shadowed.add(rule);
    const ofRule = byRule.get(rule);
    if (ofRule) ofRule.push(claim);
    else byRule.set(rule, [claim]);
  }
  const claims = { byRule, shadowed };
  claimsByHost.set(host, claims);
  return claims;
}

/**
 * The matches seen so far in one virtual host, in order of precedence. That order makes the search short: whatever comes
 * earlier is at least as narrow (longer path, more headers), so it can only cover a later match when the two are equal.
 * The one exception is a regular expression that matches every path: it stands before all prefixes.
 */
class WinnerTable {
  readonly #equal = new Map<string, HttpEntry>();
  /** Conditionless expressions for every path, by method; `""` is any method. */
  readonly #catchAll = new Map<string, HttpEntry>();

  /** The earlier entry that always wins over this one, if there is one. */
  claim(entry: HttpEntry): HttpEntry | undefined {
    const key = matchKey(entry.match);
    const equal = this.#equal.get(key);
    if (equal !== undefined) return equal.rule === entry.rule ? undefined : equal;
    this.#equal.set(key, entry);
    const catchAll = this.#catchAll.get("") ?? this.#catchAll.get(entry.match.method ?? "");
    if (catchAll !== undefined && catchAll.rule !== entry.rule) return catchAll;
    if (isCatchAll(entry.match) && catchAll === undefined) this.#catchAll.set(entry.match.method ?? "", entry);
    return undefined;
  }
}

/** Patterns that people write for "every path". */
const everyPath = new Set([".*", ".+", "/.*", "^.*", "^/.*", ".*$", "/.*$", "^.*$", "^/.*$", "^.+$", "/(.*)", "(.*)"]);

function isCatchAll(match: HttpMatch): boolean {
  return (
    match.path.kind === "regex" &&
    everyPath.has(match.path.value) &&
    match.headers.length === 0 &&
    match.query.length === 0 &&
    match.cookies === undefined
  );
}

/** Equal for matches that ask the same, in whatever order their headers and parameters are listed. */
function matchKey({ path, method = "", headers, query, cookies = [] }: HttpMatch): string {
  // Most matches have a path alone, and this runs for every match of every route: JSON would be half of the step's time.
  const start = `${path.kind} ${method} ${path.value}`;
  if (headers.length === 0 && query.length === 0 && cookies.length === 0) return start;
  return JSON.stringify([start, ...[headers, query, cookies].map((values) => values.map(valueKey).sort())]);
}

function valueKey(value: ValueMatch): string {
  return JSON.stringify([value.name, value.kind, value.value]);
}

function makeUnreachable(
  rule: HttpRule,
  hidden: readonly Shadow[],
  first: Shadow,
  scope: { readonly model: GatewayModel; readonly snapshot: Snapshot | undefined; readonly whole: boolean },
): Finding {
  const winner = scope.model.httpRules[first.winner.rule] ?? rule;
  const pointer = scope.whole ? rule.from.pointer : `${rule.from.pointer}/matches/${first.matchIndex}`;
  const subject = scope.whole
    ? describeRulePlace(rule)
    : `${hidden.map((match) => `matches[${match.matchIndex}]`).join(", ")} of ${describeRulePlace(rule)}`;
  const origin = scope.snapshot?.get(rule.routeKind, rule.namespace, rule.name)?.origin;
  const own = winner.namespace === rule.namespace && winner.name === rule.name && winner.routeKind === rule.routeKind;
  const winnerWords = `${describeRulePlace(winner)}${own ? " of the same route" : ` of ${winner.routeKind} ${winner.namespace}/${winner.name}`}`;
  return makeFinding("rule-unreachable", {
    object: routeRef(rule),
    pointer,
    ...(origin === undefined ? {} : { position: origin.at(pointer) }),
    message: `${subject} never matches on Gateway ${scope.model.key}: ${winnerWords} matches every such request and takes precedence.`,
    fix: `Narrow one of the two (path, method, headers or query parameters), or delete ${subject}.`,
    related: [routeRef(winner)],
  });
}

function routeRef(rule: HttpRule) {
  return { kind: rule.routeKind, group: "gateway.networking.k8s.io", namespace: rule.namespace, name: rule.name };
}
