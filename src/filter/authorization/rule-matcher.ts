import { compileCel } from "../../base/cel.ts";
import { addressMatcher, parseCidr } from "../../base/cidr.ts";
import { type AuthorizationRule, celVariables } from "../../ir/authorization.ts";
import { pathMatchHolds } from "../../ir/select.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { RequestHead, RequestView } from "../contract/message.ts";
import { claimAt } from "../jwt/claims.ts";
import { readCelVariables } from "./cel-variables.ts";
import { otherForms } from "./path-forms.ts";
import { type Answer, all } from "./verdict.ts";

/** What rules look at. */
export type Subject = {
  readonly request: Pick<RequestHead, "spelledPath" | "headerNames"> & RequestView;
  readonly exchange: FilterExchange;
};

export type RuleMatcher = (subject: Subject) => Answer;

/** Builds the conditions of a rule, cheap ones first. */
export function buildRuleMatcher(rule: AuthorizationRule): RuleMatcher {
  const conditions: RuleMatcher[] = [];
  const { methods, path, clientCidrs, headers, jwt, cel } = rule;
  if (methods.length > 0) conditions.push(({ request }) => methods.includes(request.method));
  if (path !== undefined) conditions.push(({ request }) => pathFits(path, request));
  if (clientCidrs !== undefined) conditions.push(addressFits(clientCidrs));
  if (headers.length > 0) conditions.push(({ request }) => all(headers, (header) => headerFits(header, request)));
  if (jwt !== undefined) conditions.push(({ exchange }) => tokenFits(jwt, exchange));
  if (cel !== undefined) conditions.push(expressionHolds(cel));
  return (subject) => all(conditions, (condition) => condition(subject));
}

function pathFits({ match, invert }: NonNullable<AuthorizationRule["path"]>, request: Subject["request"]): Answer {
  const holds = pathMatchHolds(match, request.path) !== invert;
  const isSame = otherForms(request)?.every((path) => (pathMatchHolds(match, path) !== invert) === holds);
  return isSame === true ? holds : "unknown";
}

function addressFits(cidrs: readonly string[]): RuleMatcher {
  const contains = addressMatcher(cidrs.flatMap((cidr) => parseCidr(cidr) ?? []));
  return ({ exchange }) => contains(exchange.facts.clientAddress) ?? "unknown";
}

/** A header of several values that has one of those that are meant may be read as that one alone. */
function headerFits({ name, values }: AuthorizationRule["headers"][number], request: RequestView): Answer {
  const value = request.header(name);
  if (value === undefined) return false;
  if (values.includes(value)) return true;
  return value.includes(",") && value.split(",").some((part) => values.includes(part.trim())) ? "unknown" : false;
}

function tokenFits(
  { provider, claims: conditions, scopes }: NonNullable<AuthorizationRule["jwt"]>,
  { established: { claims, tokenProvider } }: FilterExchange,
): boolean {
  if (claims === undefined || tokenProvider !== provider) return false;
  if (scopes.length > 0) {
    const granted = scopesOf(claims);
    if (!scopes.every((scope) => granted.includes(scope))) return false;
  }
  return conditions.every(({ claim, list, values }) => {
    const value = claimAt(claims, claim);
    if (list) return Array.isArray(value) && value.some((item) => typeof item === "string" && values.includes(item));
    return typeof value === "string" && values.includes(value);
  });
}

/** Scopes stand in `scope`, in one text with blanks; some issuers write a list, or call it `scp`. RFC 8693 section 4.2. */
function scopesOf(claims: Readonly<Record<string, unknown>>): readonly unknown[] {
  const scope = claims["scope"] ?? claims["scp"];
  if (typeof scope === "string") return scope.split(" ");
  return Array.isArray(scope) ? scope : [];
}

function expressionHolds(cel: string): RuleMatcher {
  const compiled = compileCel(cel, celVariables);
  // What does not compile is a finding, and such a policy lets nothing pass.
  if (compiled.kind === "error") return () => "unknown";
  return ({ request, exchange }) => {
    const answer = compiled.evaluate(readCelVariables(request, exchange));
    return answer === "failed" ? "unknown" : answer;
  };
}
