/**
 * Why a request goes where it goes, as plain data with its words. It agrees with {@link select} by construction: the winner
 * is what `select` says, the rest is what the others lacked. Rendering is the reader's.
 */
import { editDistance } from "../base/nearest-name.ts";
import { type Action, type ActionOptions, describeAction } from "./action.ts";
import { describeMatch, describeRule } from "./describe.ts";
import { describePrecedence, type RankedEntry } from "./describe-precedence.ts";
import { explainListeners, type ListenerVerdict } from "./explain-listeners.ts";
import { explainNoRoute } from "./explain-no-route.ts";
import { hostnameCovers } from "./hostname.ts";
import { matchLacks, sharedElements } from "./match-lacks.ts";
import type { HttpListener, Listener, RoutingModel } from "./routing-model.ts";
import {
  asCompared,
  asMatched,
  type BoundListener,
  httpListeners,
  mostSpecificListeners,
  type Selection,
  type SelectRequest,
  select,
  virtualHostsOf,
} from "./select.ts";
import type { SourceRef } from "./source-ref.ts";

export type Explanation = {
  readonly request: SelectRequest;
  /** Every listener of the port and what became of it; the chosen one first. */
  readonly listeners: readonly ListenerVerdict[];
  /** Hostnames of the virtual hosts that cover the Host, in the order in which they are tried. */
  readonly virtualHosts: readonly string[];
  readonly outcome:
    | (CandidateRoute & {
        readonly kind: "rule";
        /** Why it came before the next one that matches too; absent when no other matches. */
        readonly before?: { readonly route: string; readonly because: string };
        readonly action: Action;
      })
    | {
        readonly kind: "none";
        readonly reason: Extract<Selection, { kind: "none" }>["reason"];
        /** Status that the client gets; absent when the TLS handshake is refused. */
        readonly status?: number;
        /** One or more whole sentences that name the nearest misses. */
        readonly sentence: string;
      };
  /** Other matches of the same host: first those that match too and come later, then the nearest misses. */
  readonly others: readonly CandidateRoute[];
  /** Other matches of the same host that are not listed. */
  readonly othersLeftOut: number;
  /** Routes of other hosts or listeners whose conditions the request meets. */
  readonly elsewhere: readonly CandidateRoute[];
};

/** One match of one rule, and how it fared. */
export type CandidateRoute = {
  /** Such as `HTTPRoute shop/cart, rules[0]`. */
  readonly route: string;
  readonly from: SourceRef;
  readonly listener: string;
  readonly hostname: string;
  readonly match: string;
  /** Index in the rule's matches. */
  readonly matchIndex: number;
  /** Conditions that do not hold; empty for the winner and for those that only come later. */
  readonly lacks: readonly string[];
  /** Why the winner comes first, for those that match too. */
  readonly later?: string;
};

export type ExplainOptions = ActionOptions & {
  /** Most candidates listed in {@link Explanation.others}. Default 10. */
  readonly limit?: number;
};

/** Most routes of other hosts that are listed. */
const elsewhereLimit = 3;
/** Most of them compared, so that a model of thousands is explained in no time. */
const elsewhereSearched = 500;

type Candidate = RankedEntry & BoundListener<HttpListener> & { readonly lacks: readonly string[] };

/** Explains a request; never throws, whatever the request. */
export function explain(model: RoutingModel, request: SelectRequest, options: ExplainOptions = {}): Explanation {
  const selection = select(model, request);
  const byHost = mostSpecificListeners(httpListeners(model, request), request.host);
  const own = candidatesOf(byHost, asMatched(byHost, request) ?? request).filter(({ hostname }) =>
    hostnameCovers(hostname, request.host),
  );
  const reached = selection.kind === "rule" || selection.reason === "noMatch" || selection.reason === "noVirtualHost";
  const others = reached ? own.filter((candidate) => !isWinner(candidate, selection)) : [];
  const winner = own.find((candidate) => isWinner(candidate, selection));
  const limit = options.limit ?? 10;
  return {
    request,
    listeners: explainListeners(model, request, selection),
    virtualHosts: reached ? [...new Set(own.map(({ hostname }) => hostname))] : [],
    outcome:
      selection.kind === "rule"
        ? explainWinner(model, request, { selection, others, options })
        : {
            kind: "none",
            reason: selection.reason,
            ...noRouteStatus[selection.reason],
            sentence: explainNoRoute(model, request, selection),
          },
    others: nearestFirst(others, request)
      .slice(0, limit)
      .map((candidate) => describeCandidate(candidate, winner)),
    othersLeftOut: Math.max(0, others.length - limit),
    elsewhere: routesElsewhere(model, request, new Set(own.map(candidateKey))),
  };
}

const noRouteStatus = {
  noListener: { status: 404 },
  noTlsListener: {},
  misdirected: { status: 421 },
  noVirtualHost: { status: 404 },
  noMatch: { status: 404 },
  ambiguousPath: { status: 400 },
} as const;

function explainWinner(
  model: RoutingModel,
  request: SelectRequest,
  {
    selection,
    others,
    options,
  }: {
    readonly selection: Extract<Selection, { kind: "rule" }>;
    readonly others: readonly Candidate[];
    readonly options: ExplainOptions;
  },
): Explanation["outcome"] {
  const { gateway, listener, virtualHost, entry, rule } = selection;
  const winner: Candidate = { gateway, listener, hostname: virtualHost.hostname, entry, rule, lacks: [] };
  const path = entry.match.path;
  const next = others.find(({ lacks }) => lacks.length === 0);
  return {
    kind: "rule",
    ...describeCandidate(winner, undefined),
    ...(next ? { before: { route: describeRule(next.rule), because: describePrecedence(winner, next) } } : {}),
    action: describeAction(
      rule,
      { model, request, listener, matchedPrefix: path.kind === "prefix" ? path.value : undefined },
      options,
    ),
  };
}

/** Every entry of the listeners, in the order in which requests try them. */
function candidatesOf(listeners: readonly BoundListener<HttpListener>[], request: SelectRequest): readonly Candidate[] {
  return virtualHostsOf(listeners).flatMap(({ gateway, listener, virtualHost }) =>
    virtualHost.entries.flatMap((entry) => {
      const rule = gateway.httpRules[entry.rule];
      if (!rule) return [];
      return [
        {
          gateway,
          listener,
          hostname: virtualHost.hostname,
          entry,
          rule,
          lacks: matchLacks(entry.match, rule, asCompared(virtualHost, request)),
        },
      ];
    }),
  );
}

function isWinner(candidate: Candidate, selection: Selection): boolean {
  return (
    selection.kind === "rule" &&
    candidate.entry === selection.entry &&
    candidate.listener === selection.listener &&
    candidate.hostname === selection.virtualHost.hostname
  );
}

/** Fewest lacks first, then the longest common path, then the order of precedence. */
function nearestFirst(candidates: readonly Candidate[], request: SelectRequest): readonly Candidate[] {
  return candidates
    .map((candidate) => ({ candidate, shared: sharedElements(candidate.entry.match.path, request.path) }))
    .sort((a, b) => a.candidate.lacks.length - b.candidate.lacks.length || b.shared - a.shared)
    .map(({ candidate }) => candidate);
}

function describeCandidate(candidate: Candidate, winner: Candidate | undefined): CandidateRoute {
  const later = winner && candidate.lacks.length === 0 ? describePrecedence(winner, candidate) : undefined;
  return {
    route: describeRule(candidate.rule),
    from: candidate.rule.from,
    listener: candidate.listener.key,
    hostname: candidate.hostname,
    match: describeMatch(candidate.entry.match),
    matchIndex: candidate.entry.matchIndex,
    lacks: candidate.lacks,
    ...(later === undefined ? {} : { later }),
  };
}

/** Matches of other hosts, listeners or ports that the request would meet: in the fewest ways misplaced, then of the most similar host. */
function routesElsewhere(
  model: RoutingModel,
  request: SelectRequest,
  own: ReadonlySet<string>,
): readonly CandidateRoute[] {
  const found = new Map<string, { readonly candidate: Candidate; readonly distance: number }>();
  for (const gateway of model.gateways) {
    for (const listener of gateway.listeners.filter(isHttp)) {
      for (const candidate of candidatesOf([{ gateway, listener }], request)) {
        const key = candidateKey(candidate);
        if (candidate.lacks.length > 0 || own.has(key) || found.size >= elsewhereSearched) continue;
        const lacks = placeLacks(candidate, request);
        const distance = editDistance(candidate.hostname.slice(0, 64), request.host.slice(0, 64));
        const known = found.get(key);
        if (known && known.candidate.lacks.length <= lacks.length) continue;
        found.set(key, { candidate: { ...candidate, lacks }, distance });
      }
    }
  }
  return [...found.values()]
    .sort((a, b) => a.candidate.lacks.length - b.candidate.lacks.length || a.distance - b.distance)
    .slice(0, elsewhereLimit)
    .map(({ candidate }) => describeCandidate(candidate, undefined));
}

function isHttp(listener: Listener): listener is HttpListener {
  return listener.protocol === "HTTP" || listener.protocol === "HTTPS";
}

function candidateKey({ entry }: Candidate): string {
  return `${entry.rule}#${entry.matchIndex}`;
}

function placeLacks({ listener, hostname }: Candidate, request: SelectRequest): readonly string[] {
  const protocol = request.scheme === "https" ? "HTTPS" : "HTTP";
  const lacks = [
    ...(hostnameCovers(hostname, request.host) ? [] : [`it is for host ${hostname}`]),
    ...(listener.port === request.port ? [] : [`it is on port ${listener.port}`]),
    ...(listener.protocol === protocol ? [] : [`it is served over ${listener.protocol}`]),
  ];
  return lacks.length > 0 ? lacks : [`it is on listener ${listener.name}, which does not take this host`];
}
