import type { ClientSelector, LimitUnit } from "../../ir/rate-limit.ts";
import { limitUnitSeconds } from "../../ir/rate-limit.ts";
import { makeCounter } from "../rateLimit/compile.ts";
import { goDurationMs } from "./compile-duration.ts";
import type { CompilePart, MiddlewareSpec } from "./compile-part.ts";

type SourceCriterion = NonNullable<NonNullable<MiddlewareSpec["rateLimit"]>["sourceCriterion"]>;
/** What tells clients apart when nothing is written. Spec: RateLimit and InFlightReq of Traefik. */
type DefaultSource = "address" | "host";

/** Units in which a rate is a whole number, if there is one. */
const units: readonly LimitUnit[] = ["Second", "Minute", "Hour", "Day"];

/**
 * A bucket for each client that holds `burst` requests. Traefik lets a request wait for half the time of one; here it is refused at
 * once. Spec: RateLimit of Traefik.
 */
export const compileRateLimit: CompilePart<"rateLimit"> = (config, scope) => {
  const { average = 0, period = 1, burst = 1, sourceCriterion = {} } = config;
  if (average === 0) return [];
  const periodMs = goDurationMs(period) || 1_000;
  const unit = units.find((one) => Number.isInteger((average * limitUnitSeconds[one] * 1_000) / periodMs)) ?? "Second";
  const clients = compileSource(sourceCriterion, "address");
  const rules = clients.map((selectors) => ({
    counter: makeCounter("limit", { selectors, unit }, false, "", scope),
    selectors,
    requests: (average * limitUnitSeconds[unit] * 1_000) / periodMs,
    unit,
    burst: Math.max(1, burst),
    requestCost: 1,
    responseCost: 0,
    shadow: false,
    tells: false,
  }));
  return [{ kind: "localRateLimit", status: 429, rules }];
};

export const compileInFlightReq: CompilePart<"inFlightReq"> = ({ amount = 0, sourceCriterion = {} }, scope) => {
  if (amount === 0) {
    const message = "No request may be under way, so every one would be refused.";
    return scope.mistake("/amount", { message, fix: "Write how many may be." });
  }
  const rules = compileSource(sourceCriterion, "host").map((selectors) => ({
    counter: makeCounter("concurrency", selectors, false, "", scope),
    selectors,
    requests: amount,
  }));
  return [{ kind: "concurrency", status: 429, rules }];
};

/** Content is held as a whole, in memory, so there has to be a bound. */
export const compileBuffering: CompilePart<"buffering"> = ({ maxRequestBodyBytes = 0 }, scope) =>
  maxRequestBodyBytes === 0
    ? scope.mistake("/maxRequestBodyBytes", {
        message: "There is no bound for the content that is held in memory.",
        fix: "Write the most bytes that a request may bring.",
      })
    : [{ kind: "requestBuffer", maxBytes: maxRequestBodyBytes, above: "refuse" }];

/** Selectors of one rule for each sort of clients; a request is one of them. */
function compileSource(
  { requestHeaderName = "", requestHost = false, ipStrategy }: SourceCriterion,
  preset: DefaultSource,
): readonly (readonly ClientSelector[])[] {
  if (requestHeaderName !== "") {
    const name = requestHeaderName.toLowerCase();
    // Those without the header are one client together.
    const absent = { name, kind: "regex", value: "(?s:.*)", invert: true } as const;
    return [[{ ...anyone, headers: [{ name, kind: "distinct" }] }], [{ ...anyone, headers: [absent] }]];
  }
  if (requestHost || (ipStrategy === undefined && preset === "host"))
    return [[{ ...anyone, headers: [{ name: ":authority", kind: "distinct" }] }]];
  return ["0.0.0.0/0", "::/0"].map((cidr) => [{ ...anyone, network: { cidr, distinct: true, except: [] } }]);
}

const anyone: ClientSelector = {
  headers: [],
  query: [],
  claims: [],
  methods: [],
  path: undefined,
  network: undefined,
};
