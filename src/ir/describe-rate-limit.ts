import type { ClientSelector, GlobalLimiter, RateLimitRule, SelectorValue } from "./rate-limit.ts";

/** Such as `100 a minute for each header x-user-id`. */
export function describeRateLimit(rule: RateLimitRule): string {
  const { requests, unit, burst, shadow, selectors } = rule;
  return [
    `${requests} a ${unit.toLowerCase()}`,
    burst === requests ? "" : ` (${burst} at once)`,
    describeSelectors(selectors),
    shadow ? ", in shadow mode" : "",
  ].join("");
}

/** Such as ` for each address of 0.0.0.0/0 with method GET`; `""` for every request. */
export function describeSelectors(selectors: readonly ClientSelector[]): string {
  const parts = selectors.flatMap(({ headers, query, claims, methods, path, network }) => [
    ...(methods.length === 0
      ? []
      : [`method ${methods.map(({ method, invert }) => (invert ? `other than ${method}` : method)).join(" or ")}`]),
    ...(path === undefined ? [] : [`path ${path.invert ? "not " : ""}${path.match.kind} ${path.match.value}`]),
    ...(network === undefined
      ? []
      : [
          `${network.distinct ? "each address" : "addresses"} of ${network.cidr}${network.except.length === 0 ? "" : ` outside of ${network.except.join(", ")}`}`,
        ]),
    ...headers.map((header) => describeValue("header", header)),
    ...query.map((parameter) => describeValue("query parameter", parameter)),
    ...claims.map((claim) => describeValue("claim", claim)),
  ]);
  return parts.length === 0 ? "" : ` for ${parts.join(" with ")}`;
}

/** Such as `default/redis:6379 within 100 ms, else they pass`. */
export function describeLimiter({
  limiter,
  timeoutMs,
  onFailure,
}: {
  readonly limiter: GlobalLimiter;
  readonly timeoutMs: number;
  readonly onFailure: "open" | "closed";
}): string {
  const otherwise = onFailure === "open" ? "they pass" : "they get 500";
  return `${limiter.cluster ?? "nobody: its backend did not resolve"} within ${timeoutMs} ms, else ${otherwise}`;
}

/** Values are left out: they may be keys of clients. */
function describeValue(what: string, value: SelectorValue): string {
  if (value.kind === "distinct") return `each ${what} ${value.name}`;
  return `${value.invert ? "another" : "the configured"} ${what} ${value.name}`;
}
