import { limitUnitSeconds, type RateLimitRule } from "../../ir/rate-limit.ts";
import type { HeaderTarget } from "../contract/message.ts";

/** What is left of the limit that is closest to being exceeded. */
export type Quota = {
  readonly rule: RateLimitRule;
  readonly left: number;
  /** Until the whole limit is there again, rounded up. Seconds. */
  readonly resetSeconds: number;
};

/** Tells a client of its limits. Spec: draft-ietf-httpapi-ratelimit-headers-03. */
export function setQuotaHeaders(target: HeaderTarget, { rule, left, resetSeconds }: Quota): void {
  const { requests, burst } = rule;
  const window = limitUnitSeconds[rule.unit];
  const policy = burst === requests ? `${requests};w=${window}` : `${requests};w=${window};burst=${burst}`;
  target.setHeader("x-ratelimit-limit", `${requests}, ${policy}`);
  target.setHeader("x-ratelimit-remaining", String(Math.max(0, left)));
  target.setHeader("x-ratelimit-reset", String(resetSeconds));
}

/** When to come again, for Retry-After: whole seconds, at least one. No header when that would be never. */
export function retryAfter(waitMs: number): readonly (readonly [name: string, value: string])[] {
  if (!Number.isFinite(waitMs)) return [];
  return [["retry-after", String(Math.max(1, Math.ceil(waitMs / 1_000)))]];
}
