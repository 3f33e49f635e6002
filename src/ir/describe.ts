/** The model in words, for explanations and tables. Phrases have no capital and no full stop, so that they fit in a sentence. */
import { isSecretName } from "../base/secret-name.ts";
import { unreachable } from "../base/unreachable.ts";
import type { AuthorizationFilter } from "./authorization.ts";
import { describeAccess } from "./describe-access.ts";
import { describeApiKeyAuth, describeBasicAuth, describeCredentialInjection } from "./describe-credentials.ts";
import { describeExtension } from "./describe-extension.ts";
import { describeExternalAuth } from "./describe-external-auth.ts";
import { describeMiddleware } from "./describe-middleware.ts";
import { describeLimiter, describeRateLimit, describeSelectors } from "./describe-rate-limit.ts";
import type { Filter, Fraction, PathModifier } from "./filter.ts";
import type { JwtFilter } from "./jwt.ts";
import { defaultListenerSettings, type ListenerSettings } from "./listener-settings.ts";
import type { HttpMatch, PathMatch, ValueMatch } from "./match.ts";
import type { HttpRule, Listener, Retry, StreamRule, WeightedBackend } from "./routing-model.ts";
import type { Tracing } from "./tracing.ts";
import type { LoadBalancing } from "./traffic/load-balancing.ts";
import type { PolicyTraffic } from "./traffic/policy-traffic.ts";
import type { RetriedFailure } from "./traffic/retry-triggers.ts";
import type { RetryBudget, SessionPersistence } from "./traffic-settings.ts";

/** Such as `path /app and below, method GET, header x-canary is "true"`. */
export function describeMatch(match: HttpMatch): string {
  return [
    describePath(match.path),
    ...(match.method === undefined ? [] : [`method ${match.method}`]),
    ...match.headers.map((header) => `header ${describeValue(header)}`),
    ...match.query.map((parameter) => `query parameter ${describeValue(parameter)}`),
    ...(match.cookies ?? []).map((cookie) => `cookie ${describeValue(cookie)}`),
  ].join(", ");
}

/** Such as `path exactly /app`. */
export function describePath(path: PathMatch): string {
  switch (path.kind) {
    case "exact":
      return `path exactly ${path.value}`;
    case "prefix":
      return path.value === "/" ? "any path" : `path ${path.value} and below`;
    case "regex":
      return `path matching ${path.value}`;
    default:
      return unreachable(path);
  }
}

/** Such as `x-canary is "true"`; a value that its name calls a secret is left out. */
export function describeValue({ kind, name, value }: ValueMatch): string {
  if (isSecretName(name)) return `${name} has the value that is configured`;
  return kind === "exact" ? `${name} is ${quote(value)}` : `${name} matches ${value}`;
}

/** Such as `HTTPRoute shop/cart, rules[1] ("checkout")`. */
export function describeRule(
  rule: Pick<HttpRule | StreamRule, "routeKind" | "namespace" | "name" | "ruleIndex" | "ruleName">,
): string {
  return `${rule.routeKind} ${rule.namespace}/${rule.name}, ${describeRulePlace(rule)}`;
}

/** Such as `rules[1] ("checkout")`. Indexes are written in brackets, which says that they count from 0, as in JSON pointers. */
export function describeRulePlace({
  ruleIndex,
  ruleName,
}: Pick<HttpRule | StreamRule, "ruleIndex" | "ruleName">): string {
  return ruleName === "" ? `rules[${ruleIndex}]` : `rules[${ruleIndex}] (${quote(ruleName)})`;
}

/** Such as `listener "web" (HTTP, port 80, any host)`. */
export function describeListener(listener: Listener): string {
  const hosts =
    listener.protocol === "TCP" || listener.protocol === "UDP" ? "" : `, ${describeHostname(listener.hostname)}`;
  return `listener ${quote(listener.name)} (${listener.protocol}, port ${listener.port}${hosts})`;
}

/** `any host` for `""` and `*`, else the hostname itself. */
export function describeHostname(hostname: string): string {
  return hostname === "" || hostname === "*" ? "any host" : hostname;
}

/** What a filter does, such as `sets request header x-a`. Values of headers are left out: they may be credentials. */
export function describeFilter(filter: Filter): string {
  switch (filter.kind) {
    case "headerModifier":
      return describeHeaderModifier(filter);
    case "requestRedirect": {
      const parts = [
        ...(filter.scheme === undefined ? [] : [`scheme ${filter.scheme}`]),
        ...(filter.hostname === undefined ? [] : [`host ${filter.hostname}`]),
        ...(filter.port === undefined ? [] : [`port ${filter.port}`]),
        ...(filter.path === undefined ? [] : [describePathModifier(filter.path)]),
      ];
      return `redirects with ${filter.status}${parts.length === 0 ? "" : ` to ${parts.join(", ")}`}`;
    }
    case "urlRewrite": {
      const parts = [
        ...(filter.hostname === undefined ? [] : [`host to ${filter.hostname}`]),
        ...(filter.path === undefined ? [] : [`path to ${describePathModifier(filter.path)}`]),
      ];
      return parts.length === 0 ? "rewrites nothing" : `rewrites ${parts.join(" and ")}`;
    }
    case "requestMirror":
      return filter.cluster === undefined
        ? "mirrors nothing: its backend did not resolve"
        : `mirrors ${describeFraction(filter.fraction)} to ${filter.cluster}`;
    case "cors":
      return `answers CORS preflights and allows origins ${filter.allowOrigins.join(", ") || "(none)"}${
        filter.allowCredentials ? " with credentials" : ""
      }`;
    case "externalAuth":
      return describeExternalAuth(filter);
    case "localRateLimit":
      return `limits requests to ${filter.rules.map(describeRateLimit).join(" and ")}`;
    case "globalRateLimit":
      return `limits requests to ${filter.rules.map(describeRateLimit).join(" and ")}, counted by ${describeLimiter(filter)}`;
    case "concurrency":
      return `limits requests at a time to ${filter.rules.map(({ requests, selectors }) => `${requests}${describeSelectors(selectors)}`).join(" and ")}`;
    case "requestBuffer":
      return `holds requests until they are there as a whole, up to ${filter.maxBytes} bytes${filter.above === "stream" ? "; larger ones pass as they come" : ""}`;
    case "bodyLimit":
      return `refuses content of more than ${filter.maxBytes} bytes`;
    case "bandwidthLimit":
      return `limits ${[
        ...(filter.request === undefined ? [] : [`requests to ${filter.request.bytesPerSecond} bytes a second`]),
        ...(filter.response === undefined ? [] : [`answers to ${filter.response.bytesPerSecond} bytes a second`]),
        ...(filter.eachAnswer === undefined
          ? []
          : [`each answer to ${filter.eachAnswer.bytesPerSecond} bytes a second`]),
      ].join(" and ")}`;
    case "admissionControl":
      return `refuses up to ${filter.maxRefusalPercent}% of requests while less than ${filter.minSuccessPercent}% of them succeed`;
    case "jwt":
      return describeJwt(filter);
    case "authorization":
      return describeAuthorization(filter);
    case "csrf":
      return `refuses changes by pages of other origins${
        filter.additionalOrigins.length === 0 ? "" : `, except ${filter.additionalOrigins.join(", ")}`
      }${filter.shadow.numerator === 0 ? "" : `; only counts them for ${describeFraction(filter.shadow)}`}`;
    case "oidc":
      return `lets in who has logged in at ${filter.issuer} as a user of client ${filter.clientId}; back to ${filter.redirectUrl.path}, out at ${filter.logoutPath}`;
    case "basicAuth":
      return describeBasicAuth(filter);
    case "apiKeyAuth":
      return describeApiKeyAuth(filter);
    case "credentialInjection":
      return describeCredentialInjection(filter);
    case "listenerChecks":
      return describeChecks(filter);
    case "addressAllowList":
    case "pathEdit":
    case "strictTransport":
    case "urlRedirect":
      return describeMiddleware(filter);
    case "anyOf":
    case "authRequest":
    case "clientCertificate":
    case "fixedCors":
      return describeAccess(filter, describeFilter);
    case "directResponse":
      return `answers ${filter.status}: ${filter.reason}`;
    case "compression":
    case "externalProcessing":
    case "faultInjection":
    case "headerMutation":
    case "conditionalAnswer":
    case "regexRewrite":
    case "responseOverride":
    case "responseRewrite":
      return describeExtension(filter);
    default:
      return unreachable(filter);
  }
}

/** Such as `default/web:80`, or why the backend cannot be used. */
export function describeTarget(target: WeightedBackend["target"]): string {
  return target.kind === "cluster" ? target.cluster : `nothing (${target.status}: ${target.reason})`;
}

/** Such as `up to 2 retries after 500 ms, for connection errors and status 502, 503`. */
export function describeRetry({ attempts, codes, backoffMs, triggers }: Retry): string {
  const upTo = `up to ${count(attempts, "retry", "retries")} after`;
  const failures = triggers === undefined ? ["connection errors"] : triggers.failures.map((name) => failureWords[name]);
  const reasons = [
    ...failures,
    ...(codes.length === 0 ? [] : [`status ${describeCodes(codes)}`]),
    ...(triggers === undefined || triggers.grpcCodes.length === 0
      ? []
      : [`grpc-status ${describeCodes(triggers.grpcCodes)}`]),
  ];
  const pause =
    triggers === undefined ? `${backoffMs} ms` : `0 to ${backoffMs} ms (at most ${triggers.maxBackoffMs} ms)`;
  const limits = [
    ...(triggers?.repeats === "idempotent"
      ? ["once an endpoint may have seen it, only if its method is idempotent"]
      : []),
    ...(triggers === undefined || triggers.withinMs === 0 ? [] : [`none after ${triggers.withinMs} ms`]),
  ];
  return [`${upTo} ${pause}, for ${new Intl.ListFormat("en").format(reasons)}`, ...limits].join("; ");
}

const failureWords: Readonly<Record<RetriedFailure, string>> = {
  connect: "failures to connect",
  connectTimeout: "connections that take too long",
  resetBeforeRequest: "resets before the request",
  reset: "resets",
  refusedStream: "refused streams",
  timeout: "timeouts",
  invalidAnswer: "answers that cannot be read",
};

/** Runs of three or more as `500-599`. `codes` ascending. */
function describeCodes(codes: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const code of codes) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === code - 1) run[1] = code;
    else runs.push([code, code]);
  }
  return runs
    .flatMap(([from, to]) => (to - from < 2 ? [...new Set([from, to])].map(String) : [`${from}-${to}`]))
    .join(", ");
}

/** What a policy does with the endpoints of a backend, its connections aside; one phrase a setting. */
export function describeTraffic(traffic: PolicyTraffic): readonly string[] {
  const { circuitBreaker, outlierDetection, healthCheck, panicPercent, loadBalancing } = traffic;
  return [
    describeTurns(loadBalancing),
    ...(circuitBreaker === undefined
      ? []
      : [
          `at most ${count(circuitBreaker.maxParallelRequests, "request", "requests")} at a time on ${count(circuitBreaker.maxConnections, "connection", "connections")}, else 503`,
        ]),
    ...(outlierDetection === undefined
      ? []
      : [
          `endpoints that fail are left out for ${outlierDetection.baseEjectionMs / 1_000} s or longer, at most ${outlierDetection.maxEjectionPercent}% of them`,
        ]),
    ...(healthCheck === undefined
      ? []
      : [`endpoints are checked every ${healthCheck.intervalMs / 1_000} s (${healthCheck.probe.kind})`]),
    ...(outlierDetection === undefined && healthCheck === undefined
      ? []
      : [
          panicPercent === 0
            ? "503 when no endpoint is fit"
            : `all endpoints serve when less than ${panicPercent}% are fit`,
        ]),
  ];
}

function describeTurns({ turns, slowStartMs, zones, overrideHeaders }: LoadBalancing): string {
  const extras = [
    ...(slowStartMs === 0 ? [] : [`new ones warm up for ${slowStartMs / 1_000} s`]),
    ...(zones.kind === "none" ? [] : [zones.kind === "local" ? "the own zone is preferred" : "zones have weights"]),
    ...(overrideHeaders.length === 0 ? [] : [`${overrideHeaders.join(" or ")} names one`]),
  ];
  const choice = {
    roundRobin: "endpoints take turns",
    leastRequest: "the less busy of two endpoints",
    random: "any endpoint",
    consistentHash: "the same endpoint for the same client or key",
  }[turns.kind];
  return [choice, ...extras].join("; ");
}

/** Such as `2 routes`. */
export function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Text in double quotes, control characters escaped. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

function describeHeaderModifier(filter: Extract<Filter, { kind: "headerModifier" }>): string {
  const parts = [
    ...filter.set.map(({ name }) => `sets ${filter.on} header ${name}`),
    ...filter.add.map(({ name }) => `adds to ${filter.on} header ${name}`),
    ...filter.remove.map((name) => `removes ${filter.on} header ${name}`),
  ];
  return parts.length === 0 ? `changes no ${filter.on} header` : parts.join(", ");
}

function describeJwt({ providers, optional, failOpen }: JwtFilter): string {
  const names = providers.map(({ name }) => name).join(" or ");
  const exception = failOpen ? ", or without a valid one" : optional ? ", or without any" : "";
  const headers = new Set(providers.flatMap(({ claimToHeaders }) => claimToHeaders.map(({ header }) => header)));
  const told = headers.size === 0 ? "" : `, and tells the backend claims in ${[...headers].join(", ")}`;
  return `takes requests with a token of ${names}${exception}${told}`;
}

const verbs = { allow: "allows", deny: "denies" } as const;

function describeAuthorization({ rules, defaultAction }: AuthorizationFilter): string {
  const named = rules.map(({ name, action }, index) => `${verbs[action]} by rule ${name === "" ? index : quote(name)}`);
  return [...named, `${verbs[defaultAction]} what no rule matches`].join(", ");
}

/** Such as `clients stay with one endpoint by cookie sid, for 300 s at most`. */
export function describeSession({ kind, name, absoluteTimeoutMs }: SessionPersistence): string {
  const limit = absoluteTimeoutMs === 0 ? "" : `, for ${absoluteTimeoutMs / 1000} s at most`;
  return `clients stay with one endpoint by ${kind} ${name}${limit}`;
}

/** Such as `spans of 5% of new traces, and of all traces that the caller samples, are sent to otel/collector:4318`. */
export function describeTracing({ cluster, sampling, parentSampling }: Tracing): string {
  const share = describeShare(sampling);
  if (parentSampling === undefined) return `spans of ${share} requests are sent to ${cluster}`;
  const children = describeShare(parentSampling);
  return `spans of ${share} new traces, and of ${children} traces that the caller samples, are sent to ${cluster}`;
}

function describeShare({ numerator, denominator }: Fraction): string {
  if (numerator >= denominator) return "all";
  return denominator === 100 ? `${numerator}% of` : `${numerator} of ${denominator}`;
}

/** Such as `retries of shop/cart:80 are at most 20% of its requests in 10 s, or 10 in 1 s`. */
export function describeRetryBudget(cluster: string, budget: RetryBudget): string {
  const { percent, intervalMs, minCount, minIntervalMs } = budget;
  return `retries of ${cluster} are at most ${percent}% of its requests in ${intervalMs / 1000} s, or ${minCount} in ${minIntervalMs / 1000} s`;
}

function describePathModifier(modifier: PathModifier): string {
  if (modifier.kind === "full") return modifier.query === "" ? modifier.value : `${modifier.value}?${modifier.query}`;
  return `${modifier.value || "/"} in place of the matched prefix`;
}

function describeFraction({ numerator, denominator }: Fraction): string {
  if (numerator >= denominator) return "every request";
  return denominator === 100 ? `${numerator}% of requests` : `${numerator} of ${denominator} requests`;
}

function describeChecks(checks: Extract<Filter, { readonly kind: "listenerChecks" }>): string {
  const { healthPath, addressHeader, escapedSlashes, underscores, hostDot, refusedMethods } = checks;
  const parts = [
    ...(healthPath === "" ? [] : [`answers ${healthPath} with 200`]),
    ...(addressHeader === "" ? [] : [`refuses requests without an address in ${addressHeader}`]),
    ...(escapedSlashes === "keep" ? [] : [`${escapedSlashes}s paths with escaped slashes`]),
    ...(underscores === "allow" ? [] : [`${underscores}s headers with an underscore in their name`]),
    ...(hostDot === "kept" ? [] : ["takes a final dot off the host"]),
    ...(refusedMethods.length === 0 ? [] : [`refuses ${refusedMethods.join(" and ")} with 405`]),
  ];
  return parts.join(", ");
}

/** What a listener's settings grant and believe beyond what is usual; empty for the usual ones. */
export function describeSettings(settings: ListenerSettings): readonly string[] {
  const { trust, trustedNetworks, clientAddressHeader, forwarding, fieldNames, forwardClientCertificate, requestId } =
    settings;
  const proxies = trust.trustedHops === 1 ? "1 proxy" : `${trust.trustedHops} proxies`;
  return [
    ...(trust.trustedHops === 0 ? [] : [`${proxies} in front trusted, by ${trust.source}`]),
    ...(trustedNetworks.length === 0 ? [] : [`proxies in ${trustedNetworks.join(", ")} trusted, by ${trust.source}`]),
    ...(clientAddressHeader === "" ? [] : [`the client's address from ${clientAddressHeader}`]),
    ...(forwarding.kind === "standard"
      ? []
      : [`backends told ${forwarding.headers.map(({ name }) => name).join(", ")}, and whatever else clients send`]),
    ...(fieldNames === "tokens" ? [] : [`headers dropped unless their names are of ${fieldNameWords[fieldNames]}`]),
    ...(forwardClientCertificate === "off"
      ? []
      : [`client certificates told to backends (${forwardClientCertificate})`]),
    ...(requestId === "keep" ? [] : [`x-request-id: ${requestIdWords[requestId]}`]),
    ...limitWords.flatMap(([name, words]) => {
      const limit = settings[name];
      return limit === defaultListenerSettings[name] ? [] : [words(limit)];
    }),
  ];
}

const fieldNameWords = {
  underscored: "letters, digits, hyphens and underscores",
  hyphenated: "letters, digits and hyphens",
} as const satisfies Record<Exclude<ListenerSettings["fieldNames"], "tokens">, string>;

const requestIdWords = {
  replace: "always a new one",
  pass: "the client's, or none",
  drop: "none",
} as const satisfies Record<Exclude<ListenerSettings["requestId"], "keep">, string>;

type NumberSetting = {
  [Name in keyof ListenerSettings]: ListenerSettings[Name] extends number ? Name : never;
}[keyof ListenerSettings];

/** Limits, told where they are not the usual ones. */
const limitWords: readonly (readonly [name: NumberSetting, words: (limit: number) => string])[] = [
  ["requestBodyBytes", (bytes) => `request bodies of at most ${bytes} bytes, else 413`],
  ["requestBodyTimeoutMs", (ms) => `request bodies within ${ms} ms, else 408`],
  ["headBytes", (bytes) => `request heads of at most ${bytes} bytes, else 431`],
  ["headerTimeoutMs", (ms) => `request heads within ${ms} ms, else 408`],
  ["exchangeMs", (ms) => `requests and their answers within ${ms} ms`],
  ["exchangeIdleMs", (ms) => `at most ${ms} ms without a byte of a request or its answer`],
  ["idleTimeoutMs", (ms) => `connections without a request for at most ${ms} ms`],
  ["connectionAgeMs", (ms) => `connections of at most ${ms} ms`],
  ["connectionsPerPort", (count) => `at most ${count} connections on the port`],
  ["requestsPerConnection", (count) => `at most ${count} requests on a connection`],
];
