import { durationMs } from "../../base/duration.ts";
import type { HttpRule } from "../../ir/routing-model.ts";
import type { BackendSettings } from "./backend-settings.ts";
import { compilePolicyRetry } from "./retry.ts";

type Timeouts = HttpRule["timeouts"];

/**
 * A rule's retries and time limits under a policy. What the rule itself says wins: of retries its `retry` as a whole, of the
 * times of requests and attempts its `timeouts` as a whole. Spec: BackendTrafficPolicy.retry and timeout.http.
 */
export function ruleUnderPolicy(rule: HttpRule, settings: BackendSettings): HttpRule {
  const ofPolicy = rule.retry === undefined ? settings.retry : undefined;
  const retry = ofPolicy === undefined ? rule.retry : compilePolicyRetry(ofPolicy);
  return {
    ...rule,
    timeouts: compileTimeouts(rule.timeouts, settings.timeout?.http ?? {}, ofPolicy?.perRetry?.timeout),
    ...(retry === undefined ? {} : { retry }),
  };
}

function compileTimeouts(
  own: Timeouts,
  http: NonNullable<NonNullable<BackendSettings["timeout"]>["http"]>,
  attemptTimeout: string | undefined,
): Timeouts {
  const saysNothing = own.silence === "bounded";
  const requestMs = saysNothing ? ms(http.requestTimeout) : undefined;
  const attemptMs = saysNothing ? ms(attemptTimeout) : undefined;
  const silenceMs = ms(http.streamIdleTimeout);
  const maxStreamMs = ms(http.maxStreamDuration) ?? 0;
  // As for a route: who sets a time, be it none, is free of the plane's own limit on silence.
  const silence = requestMs === undefined && attemptMs === undefined ? own.silence : "unbounded";
  return {
    requestMs: requestMs ?? own.requestMs,
    backendRequestMs: attemptMs ?? own.backendRequestMs,
    silence: silenceMs === undefined ? silence : silenceMs || "unbounded",
    ...(maxStreamMs > 0 ? { maxStreamMs } : {}),
  };
}

function ms(text: string | undefined): number | undefined {
  return text === undefined ? undefined : durationMs(text);
}
