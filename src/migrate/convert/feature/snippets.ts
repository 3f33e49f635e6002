import type { Snippets } from "../../../ingress/feature/snippets.ts";
import type {
  AnswerHeaderChange,
  HeaderChange,
  Snippet,
  SnippetAnswer,
  SnippetCondition,
  SnippetPart,
} from "../../../ingress/snippet/snippet.ts";
import type { JsonObject } from "../../../resource/json.ts";
import {
  type ConvertedPart,
  type ConvertFeature,
  type ConvertScope,
  joinFields,
  joinParts,
  nothingConverted,
} from "../convert-feature.ts";
import { operatorsOf, plainText } from "../nginx-operators.ts";
import { ungrouped } from "../path-match.ts";

type SnippetName = "configuration-snippet" | "server-snippet";

/** Each directive that is understood becomes what says the same; every other is told of, word by word. */
export const convertSnippets: ConvertFeature<Snippets> = ({ location }, scope) => {
  const server = serverSnippet(scope);
  const parts = [
    ...(server === undefined ? [] : partsOf(server, "server-snippet", scope)),
    ...(location === undefined ? [] : partsOf(location, "configuration-snippet", scope)),
  ];
  return joinParts(parts);
};

/** A host has one, that of its oldest Ingress with one. */
function serverSnippet({ server }: ConvertScope): Snippet | undefined {
  const own = server.locations.find(({ owner }) => owner?.resource === server.owner)?.settings.snippets.server;
  return (
    own ?? server.locations.map(({ settings }) => settings.snippets.server).find((snippet) => snippet !== undefined)
  );
}

function partsOf({ parts, unserved }: Snippet, name: SnippetName, scope: ConvertScope): readonly ConvertedPart[] {
  for (const { text, line, protects, because } of unserved) {
    const say = protects ? scope.deny : scope.report;
    say(protects ? "convert-refused" : "convert-by-hand", name, {
      message: `${name}, line ${line}: ${JSON.stringify(text)} is not converted: ${because}.${protects ? " The rules answer an error." : ""}`,
      fix: "Do by other means what it does.",
    });
  }
  const rules = parts.flatMap((part) => (part.kind === "addressRule" ? [part] : []));
  const others = parts.filter(({ kind }) => kind !== "addressRule");
  return [...addressRules(rules), ...others.map((part, index) => convertPart(part, { name, index, scope }))];
}

/** The first rule that a client is in counts. */
function addressRules(rules: readonly Extract<SnippetPart, { kind: "addressRule" }>[]): readonly ConvertedPart[] {
  if (rules.length === 0) return [];
  const last = rules.findIndex(({ network }) => network === "all");
  const counted = last === -1 ? rules : rules.slice(0, last);
  const action = (allows: boolean) => (allows ? "Allow" : "Deny");
  const authorization = {
    defaultAction: last === -1 ? "Allow" : action(rules[last]?.allows ?? true),
    rules: counted.map(({ allows, network }) => ({
      action: action(allows),
      principal: { clientCIDRs: [cidr(network)] },
    })),
  };
  return [{ ...nothingConverted, securityPolicy: { authorization } }];
}

function cidr(network: string): string {
  if (network.includes("/")) return network;
  return network.includes(":") ? `${network}/128` : `${network}/32`;
}

type Place = { readonly name: SnippetName; readonly index: number; readonly scope: ConvertScope };

function convertPart(part: SnippetPart, place: Place): ConvertedPart {
  switch (part.kind) {
    case "answerHeader":
      return headerPart("response", part.change, part, place);
    case "requestHeader":
      return headerPart("request", part.change, part, place);
    case "answer":
      return answerPart(part.answer, part, place);
    case "rewrite":
      return rewritePart(part, place);
    default:
      return nothingConverted;
  }
}

function byHand(part: SnippetPart, { name, scope }: Place, because: string): ConvertedPart {
  scope.report("convert-by-hand", name, {
    message: `${name}, line ${part.line}: ${JSON.stringify(part.text)} is not converted: ${because}.`,
    fix: "Do by other means what it does.",
  });
  return nothingConverted;
}

function headerPart(
  on: "request" | "response",
  change: HeaderChange | AnswerHeaderChange,
  part: SnippetPart,
  place: Place,
): ConvertedPart {
  if ("statuses" in change && change.statuses.length > 0) {
    place.scope.report("convert-differs", place.name, {
      message: `${change.name} is changed in answers of every status, not of ${change.statuses.join(", ")} alone.`,
      fix: "Nothing, unless error pages must not have it.",
    });
  }
  const type = on === "request" ? "RequestHeaderModifier" : "ResponseHeaderModifier";
  const field = on === "request" ? "requestHeaderModifier" : "responseHeaderModifier";
  if (change.change === "remove") {
    if (!change.name.endsWith("*"))
      return { ...nothingConverted, filters: [{ type, [field]: { remove: [change.name] } }] };
    const removeOnMatch = [{ type: "Prefix", value: change.name.slice(0, -1) }];
    return { ...nothingConverted, routeFilter: { headerMutation: { [on]: { removeOnMatch } } } };
  }
  const plain = plainText(change.value);
  if (plain === "")
    return change.change === "add"
      ? nothingConverted
      : { ...nothingConverted, filters: [{ type, [field]: { remove: [change.name] } }] };
  if (plain !== undefined)
    return {
      ...nothingConverted,
      filters: [{ type, [field]: { [change.change]: [{ name: change.name, value: plain }] } }],
    };
  const value = operatorsOf(change.value);
  if (value === undefined) return byHand(part, place, "it has a variable that no header of a policy can be made of");
  return {
    ...nothingConverted,
    routeFilter: { headerMutation: { [on]: { [change.change]: [{ name: change.name, value }] } } },
  };
}

/** The gateway answers by itself, all requests or those that meet conditions which a match can say. */
function answerPart(answer: SnippetAnswer, part: SnippetPart, place: Place): ConvertedPart {
  const { scope, index } = place;
  const refuse = (because: string): ConvertedPart => {
    scope.deny("convert-refused", place.name, {
      message: `${place.name}, line ${part.line}: ${JSON.stringify(part.text)} is not converted: ${because}. The rules answer an error.`,
      fix: "Write a rule with a match that says the same.",
    });
    return nothingConverted;
  };
  if (answer.content.kind === "rewritten") return refuse("its Location is made of the path by an expression");
  const matches = answer.when.map(matchOf);
  if (!matches.every((match) => match !== undefined)) return refuse("no match of a route says its condition");
  const content = contentOf(answer.content);
  if (content === undefined) return refuse("its text has a variable that no answer can be made of");
  if (scope.policies === "none") return refuse("the Gateway API has no filter that answers");
  const headers = answer.headers.flatMap((change) => {
    const value = change.change === "remove" ? undefined : operatorsOf(change.value);
    return value === undefined || value === "" ? [] : [{ name: change.name, value }];
  });
  const set = [...content.headers, ...headers];
  const directResponse = {
    statusCode: answer.status,
    ...content.fields,
    ...(set.length === 0 ? {} : { header: { set } }),
  };
  const match = matches.reduce<JsonObject>((all, own) => joinFields(all, own ?? {}), {});
  return {
    ...nothingConverted,
    guards: [{ name: `snippet-${index + 1}`, match, filters: [], routeFilter: { directResponse } }],
  };
}

type Content = { readonly headers: readonly JsonObject[]; readonly fields: JsonObject };

function contentOf(content: Exclude<SnippetAnswer["content"], { kind: "rewritten" }>): Content | undefined {
  if (content.kind === "location") {
    const value = operatorsOf(content.location);
    return value === undefined ? undefined : { headers: [{ name: "Location", value }], fields: {} };
  }
  if (content.text === undefined) return { headers: [], fields: {} };
  const inline = plainText(content.text);
  return inline === undefined ? undefined : { headers: [], fields: { body: { type: "Inline", inline } } };
}

/** The condition as a part of a match; `undefined`: no match says it. */
function matchOf({ variable, test, negated }: SnippetCondition): JsonObject | undefined {
  if (negated) return undefined;
  const [, header] = /^http_(\w+)$/.exec(variable) ?? [];
  const [, parameter] = /^arg_(\w+)$/.exec(variable) ?? [];
  const value = valueMatchOf(test);
  if (variable === "request_method") return test.kind === "equals" ? { method: test.value } : undefined;
  if (value === undefined) return undefined;
  if (header !== undefined) return { headers: [{ name: header.replaceAll("_", "-"), ...value }] };
  return parameter === undefined ? undefined : { queryParams: [{ name: parameter, ...value }] };
}

function valueMatchOf(test: SnippetCondition["test"]): JsonObject | undefined {
  switch (test.kind) {
    case "equals":
      return { value: test.value };
    case "beginsWith":
      return undefined;
    case "set":
      return { type: "RegularExpression", value: ".+" };
    case "matches":
      return {
        type: "RegularExpression",
        value: `${test.pattern.ignoresCase ? "(?i)" : ""}.*(?:${test.pattern.text}).*`
          .replace(".*(?:^", "(?:")
          .replace("$).*", ")"),
      };
  }
}

/** Where the expression fits anywhere, all of the path gives way. */
function rewritePart(part: Extract<SnippetPart, { kind: "rewrite" }>, place: Place): ConvertedPart {
  const { scope } = place;
  if (scope.location.settings.pathRewrite.target !== undefined)
    return byHand(part, place, "rewrite-target changes the path already");
  const substitution = substitutionOf(part.target);
  if (substitution === undefined) return byHand(part, place, "its target has a variable that is no group");
  const { text, ignoresCase } = part.pattern;
  const begun = text.startsWith("^") ? text : `^.*?${ungrouped(text)}`;
  const pattern = `${ignoresCase ? "(?i)" : ""}${begun.endsWith("$") ? begun : `${begun}.*$`}`;
  const replaceRegexMatch = { pattern, substitution };
  return {
    ...nothingConverted,
    routeFilter: { urlRewrite: { path: { type: "ReplaceRegexMatch", replaceRegexMatch } } },
  };
}

function substitutionOf(target: Extract<SnippetPart, { kind: "rewrite" }>["target"]): string | undefined {
  const parts = target.map((part) => {
    if (typeof part === "string") return part.replaceAll("\\", "\\\\");
    return /^[1-9]$/.test(part.variable) ? `\\${part.variable}` : undefined;
  });
  return parts.every((part) => part !== undefined) ? parts.join("") : undefined;
}
