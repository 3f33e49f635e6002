/** Policies that are measured: the same for each proxy, in its own words. Limits are so wide that nothing is refused. */
import type { Filter } from "../src/ir/filter.ts";
import type { RateLimitRule } from "../src/ir/rate-limit.ts";

/** A policy in the words of each proxy. `""`, or no filter: it is measured without one. */
export type MeasuredPolicy = {
  readonly does: string;
  readonly sluice: readonly Filter[];
  /** HTTP filters before the router. */
  readonly envoy: readonly object[];
  /** Directives of `http`. */
  readonly nginx: string;
};

const wide = 1_000_000_000;

const rule = (more: Partial<RateLimitRule>): RateLimitRule => ({
  counter: { name: "bench", shared: false },
  selectors: [],
  requests: wide,
  unit: "Second",
  burst: wide,
  requestCost: 1,
  responseCost: 0,
  shadow: false,
  tells: true,
  ...more,
});

const typed = (name: string, config: object) => ({ "@type": `type.googleapis.com/envoy.${name}`, ...config });
const bucket = { max_tokens: wide, tokens_per_fill: wide, fill_interval: "1s" };
const always = { default_value: { numerator: 100, denominator: "HUNDRED" } };

const envoyLimit = (more: object) => ({
  name: "envoy.filters.http.local_ratelimit",
  typed_config: typed("extensions.filters.http.local_ratelimit.v3.LocalRateLimit", {
    stat_prefix: "limit",
    token_bucket: bucket,
    filter_enabled: always,
    filter_enforced: always,
    enable_x_ratelimit_headers: "DRAFT_VERSION_03",
    ...more,
  }),
});

const byAgent = {
  headers: [{ name: "user-agent", kind: "distinct" } as const],
  query: [],
  claims: [],
  methods: [],
  path: undefined,
  network: undefined,
};

export const measuredPolicies = {
  none: { does: "no policy", sluice: [], envoy: [], nginx: "" },
  "local-rate-limit": {
    does: "one limit for a route, with X-RateLimit headers (nginx: none)",
    sluice: [{ kind: "localRateLimit", status: 429, rules: [rule({})] }],
    envoy: [envoyLimit({})],

    nginx: "limit_req_zone $server_name zone=a:1m rate=1000000r/s; limit_req zone=a burst=100000 nodelay;",
  },
  "client-rate-limit": {
    does: "a limit for each value of a header",
    sluice: [{ kind: "localRateLimit", status: 429, rules: [rule({ selectors: [byAgent] })] }],
    envoy: [
      envoyLimit({
        descriptors: [{ entries: [{ key: "agent" }], token_bucket: bucket }],
        always_consume_default_token_bucket: false,
        rate_limits: [{ actions: [{ request_headers: { header_name: "user-agent", descriptor_key: "agent" } }] }],
      }),
    ],

    nginx: "limit_req_zone $http_user_agent zone=a:10m rate=1000000r/s; limit_req zone=a burst=100000 nodelay;",
  },
} as const satisfies Readonly<Record<string, MeasuredPolicy>>;

export type PolicyName = keyof typeof measuredPolicies;

/** Whether a policy has that name. */
export function isPolicyName(name: string): name is PolicyName {
  return Object.hasOwn(measuredPolicies, name);
}
