import type { AuthorizationAction, AuthorizationFilter } from "../../ir/authorization.ts";
import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { type LocalReply, problem } from "../contract/local-reply.ts";
import { buildRuleMatcher, type RuleMatcher, type Subject } from "./rule-matcher.ts";

const message = "Access is denied.";
const denied = problem(403, "RBAC", message);

/** Takes the requests that its rules allow; the first rule that matches decides. Spec: Authorization of Envoy Gateway. */
export const buildAuthorization: BuildFilter<"authorization"> = (filter, { from, telemetry }) => {
  const decide = buildDecision(filter);
  const needed = refusalOfScopes(filter);
  const counter = (result: string) =>
    telemetry.counter("gateway_authorization_requests_total", from.kind, from.namespace, from.name, result);
  const counters = { allow: counter("allowed"), deny: counter("denied") };
  return built(
    onRequest((request, exchange) => {
      const action = decide({ request, exchange });
      counters[action].add(1);
      if (action === "allow") return undefined;
      return needed !== undefined && exchange.established.claims !== undefined ? needed : denied;
    }),
  );
};

/** What a client with a token gets where scopes would let it in. RFC 6750 section 3.1. */
function refusalOfScopes({ rules }: AuthorizationFilter): LocalReply | undefined {
  const scopes = rules.find(({ action, jwt }) => action === "allow" && (jwt?.scopes.length ?? 0) > 0)?.jwt?.scopes;
  // What is no scope by RFC 6749 section 3.3 cannot be told in quotes.
  if (scopes === undefined || !scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))) return undefined;
  const challenge = `Bearer error="insufficient_scope", scope="${scopes.join(" ")}"`;
  return problem(403, "RBAC", message, [["www-authenticate", challenge]]);
}

/** Where it is not known whether a rule matches, one that denies does, and one that allows does not. */
export function buildDecision({
  rules,
  defaultAction,
}: Pick<AuthorizationFilter, "rules" | "defaultAction">): (subject: Subject) => AuthorizationAction {
  const matchers = rules.map((rule): [AuthorizationAction, RuleMatcher] => [rule.action, buildRuleMatcher(rule)]);
  return (subject) => {
    for (const [action, matches] of matchers) {
      const answer = matches(subject);
      if (answer === true || (answer === "unknown" && action === "deny")) return action;
    }
    return defaultAction;
  };
}
