import { byAge } from "../../../ingress/age-order.ts";
import type { LocationSettings } from "../../../ingress/features.ts";
import type { IngressLocation } from "../../../ingress/ingress-model.ts";
import { re2Pattern } from "../../../ingress/nginx-pattern.ts";
import type {
  AnswerHeaderChange,
  HeaderChange,
  NginxText,
  Snippet,
  SnippetEffect,
  SnippetPart,
} from "../../../ingress/snippet/snippet.ts";
import type { AuthorizationRule } from "../../../ir/authorization.ts";
import { type Filter, type HeaderChanges, noHeaderChanges } from "../../../ir/filter.ts";
import type { HeaderTemplate } from "../../../ir/template.ts";
import { type FixedVariables, templateOf } from "../answer-template.ts";
import { nothingServed, type ServeFeature, type ServeScope, type StagedFilter } from "../serve-feature.ts";
import { answerRow } from "../snippet-answer.ts";
import { wholePathSubstitution } from "../whole-path.ts";

type Kind = SnippetEffect["kind"];
type Of<K extends Kind> = Extract<SnippetPart, { readonly kind: K }>;

/** Answers of the host's snippet come first; what a path says of headers and addresses takes the place of what the host says. */
export const serveSnippets: ServeFeature<LocationSettings["snippets"]> = ({ location: own }, scope) => {
  const host = hostSnippet(scope);
  if (own === undefined && host === undefined) return nothingServed;
  const all = [...(host?.parts ?? []), ...(own?.parts ?? [])];
  const fixed = fixedVariables(scope);
  return {
    ...nothingServed,
    filters: [
      ...answers(scope, fixed, { host, own }),
      ...addresses(scope, { host, own }),
      ...rewritesOf(scope, ofKind(all, "rewrite")),
      ...requestHeaders(scope, fixed, ofKind(all, "requestHeader")),
      ...answerHeaders(scope, fixed, inherited({ host, own })),
    ],
  };
};

type Both = { readonly host: Snippet | undefined; readonly own: Snippet | undefined };

function ofKind<K extends Kind>(parts: readonly SnippetPart[], kind: K): readonly Of<K>[] {
  return parts.filter((part): part is Of<K> => part.kind === kind);
}

/** The snippet of the host: that of the oldest Ingress that has one. */
function hostSnippet({ server }: ServeScope): Snippet | undefined {
  const snippets = new Map(
    server.locations.flatMap(({ owner, settings }) =>
      owner === undefined || settings.snippets.server === undefined
        ? []
        : [[owner.resource, settings.snippets.server] as const],
    ),
  );
  const [oldest] = snippets.size > 1 ? byAge([...snippets.keys()]) : snippets.keys();
  return oldest && snippets.get(oldest);
}

function fixedVariables({ server, location }: ServeScope): FixedVariables {
  const { owner, target } = location;
  const backend = target.kind === "backend" ? target.backend : undefined;
  const port = backend === undefined ? "" : "number" in backend.port ? String(backend.port.number) : backend.port.name;
  return {
    server_name: server.hostname,
    namespace: owner?.resource.metadata.namespace ?? "",
    ingress_name: owner?.resource.metadata.name ?? "",
    service_name: backend?.service ?? "",
    service_port: port,
    literal_dollar: "$",
  };
}

function answers(scope: ServeScope, fixed: FixedVariables, { host, own }: Both): readonly StagedFilter[] {
  const placed = (snippet: Snippet | undefined, annotation: string): readonly StagedFilter[] => {
    const rows = ofKind(snippet?.parts ?? [], "answer")
      .map(({ answer }) => answer)
      .filter(({ location, when }) => {
        const [first] = when;
        const beginning = first?.test.kind === "beginsWith" ? first.test.value : "";
        return location === undefined || winsOver({ modifier: location, beginning }, scope.location);
      })
      .flatMap((answer) => answerRow(answer, fixed) ?? []);
    if (rows.length === 0) return [];
    return [{ stage: "redirect", from: scope.at(annotation), filter: { kind: "conditionalAnswer", rows } }];
  };
  return [...placed(host, "server-snippet"), ...placed(own, "configuration-snippet")];
}

/** Whether nginx takes a location of a snippet rather than one of an Ingress, for a path that fits both. */
function winsOver(
  { modifier, beginning }: { readonly modifier: string; readonly beginning: string },
  { match }: IngressLocation,
): boolean {
  switch (modifier) {
    case "=":
      return true;
    case "~":
    case "~*":
      return match.kind !== "exact";
    case "^~":
      return match.kind === "regex" || (match.kind === "beginning" && beginning.length > match.value.length);
    default:
      return match.kind === "beginning" && beginning.length > match.value.length;
  }
}

/** The first network that a client is in counts; one that is in none passes. */
function addresses(scope: ServeScope, { host, own }: Both): readonly StagedFilter[] {
  const { location, at } = scope;
  // The allow list of an annotation ends with `deny all`: nothing behind it is asked.
  if (location.settings.addressLists.allow !== undefined) return [];
  const ownRules = ofKind(own?.parts ?? [], "addressRule");
  const inForce = ownRules.length > 0 ? ownRules : ofKind(host?.parts ?? [], "addressRule");
  if (inForce.length === 0) return [];
  const rules = inForce.map(
    ({ allows, network }): AuthorizationRule => ({
      name: "",
      action: allows ? "allow" : "deny",
      methods: [],
      path: undefined,
      clientCidrs: network === "all" ? ["0.0.0.0/0", "::/0"] : [network],
      headers: [],
      jwt: undefined,
      cel: undefined,
    }),
  );
  const from = at(ownRules.length > 0 ? "configuration-snippet" : "server-snippet");
  return [{ stage: "access", from, filter: { kind: "authorization", rules, defaultAction: "allow" } }];
}

function rewritesOf(scope: ServeScope, parts: readonly Of<"rewrite">[]): readonly StagedFilter[] {
  return parts.flatMap(({ pattern, target }): readonly StagedFilter[] => {
    const expression = re2Pattern(pattern.text, pattern);
    if (expression.kind === "error") return [];
    const path = wholePathSubstitution(expression.pattern, nginxSource(target));
    if (path === undefined) return [];
    const from = scope.at("configuration-snippet");
    return [{ stage: "rewrite", from, filter: { kind: "regexRewrite", sees: "decodedPath", path, tellsHost: true } }];
  });
}

function nginxSource(text: NginxText): string {
  return text.map((part) => (typeof part === "string" ? part : `$${part.variable}`)).join("");
}

function requestHeaders(
  scope: ServeScope,
  fixed: FixedVariables,
  parts: readonly Of<"requestHeader">[],
): readonly StagedFilter[] {
  if (parts.length === 0) return [];
  const request = changesOf(
    parts.map(({ change }) => change),
    fixed,
  );
  const filter: Filter = { kind: "headerMutation", request, response: noHeaderChanges };
  return [{ stage: "requestHeaders", from: scope.at("configuration-snippet"), filter }];
}

function changesOf(changes: readonly HeaderChange[], fixed: FixedVariables): HeaderChanges {
  const written = (kind: "set" | "add"): readonly HeaderTemplate[] =>
    changes.flatMap((change) =>
      change.change === kind ? [{ name: change.name, value: templateOf(change.value, fixed) }] : [],
    );
  const removed = changes.flatMap((change) => (change.change === "remove" ? [change.name] : []));
  return {
    ...noHeaderChanges,
    set: written("set"),
    add: written("add"),
    remove: removed.filter((name) => !name.endsWith("*")),
    removeOnMatch: removed
      .filter((name) => name.endsWith("*"))
      .map((name) => ({ kind: "prefix", value: name.slice(0, -1) })),
  };
}

/** `add_header` of a host counts where a path has none of its own; all other changes of both count. */
function inherited({ host, own }: Both): readonly AnswerHeaderChange[] {
  const ofHost = ofKind(host?.parts ?? [], "answerHeader").map(({ change }) => change);
  const ofPath = ofKind(own?.parts ?? [], "answerHeader").map(({ change }) => change);
  const adds = ofPath.some(({ change }) => change === "add");
  return [...(adds ? ofHost.filter(({ change }) => change !== "add") : ofHost), ...ofPath];
}

/**
 * Changes of answers, by the statuses that they are for. nginx takes headers off before it adds any, so removals are a filter of
 * their own; answers pass filters in reverse, which makes the last one the first.
 */
function answerHeaders(
  scope: ServeScope,
  fixed: FixedVariables,
  changes: readonly AnswerHeaderChange[],
): readonly StagedFilter[] {
  const byStatuses = new Map<string, AnswerHeaderChange[]>();
  for (const change of changes) {
    const key = `${change.change === "remove"} ${change.statuses.join()}`;
    const same = byStatuses.get(key);
    if (same === undefined) byStatuses.set(key, [change]);
    else same.push(change);
  }
  const groups = [...byStatuses.values()];
  const from = scope.at("configuration-snippet");
  return [
    ...groups.filter(([first]) => first?.change !== "remove"),
    ...groups.filter(([first]) => first?.change === "remove"),
  ].map((group) => ({
    stage: "answer",
    from,
    filter: {
      kind: "headerMutation",
      request: noHeaderChanges,
      response: changesOf(group, fixed),
      ...(group[0]?.statuses.length ? { statuses: group[0].statuses } : {}),
    },
  }));
}
