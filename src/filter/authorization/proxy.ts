import type { AuthorizationAction, AuthorizationFilter } from "../../ir/authorization.ts";
import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { problem } from "../contract/local-reply.ts";
import { buildRuleMatcher, type RuleMatcher, type Subject } from "./rule-matcher.ts";

const denied = problem(403, "RBAC", "Access is denied.");

/** Takes the requests that its rules allow; the first rule that matches decides. Spec: Authorization of Envoy Gateway. */
export const buildAuthorization: BuildFilter<"authorization"> = (filter, { from, telemetry }) => {
  const decide = buildDecision(filter);
  const counter = (result: string) =>
    telemetry.counter("gateway_authorization_requests_total", from.kind, from.namespace, from.name, result);
  const counters = { allow: counter("allowed"), deny: counter("denied") };
  return built(
    onRequest((request, exchange) => {
      const action = decide({ request, exchange });
      counters[action].add(1);
      return action === "allow" ? undefined : denied;
    }),
  );
};

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
