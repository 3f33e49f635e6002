import type { AccessFilter } from "./access-filter.ts";
import type { AuthorizationFilter } from "./authorization.ts";
import type { ClusterKey } from "./cluster.ts";
import type { ConditionalAnswer } from "./conditional-answer.ts";
import type { ExternalAuth } from "./external-auth.ts";
import type { JwtFilter } from "./jwt.ts";
import type { MiddlewareFilter } from "./middleware-filter.ts";
import type { Bandwidth, ConcurrencyRule, GlobalLimiter, RateLimitRule } from "./rate-limit.ts";
import type { SourceRef } from "./source-ref.ts";
import type { HeaderTemplate, Template } from "./template.ts";
import type { TextMatch } from "./text-match.ts";
import type { SecretKey } from "./tls.ts";

export type HeaderValue = { readonly name: string; readonly value: string };

/**
 * Replaces the path of a request or of a redirect; the query is kept, behind that of a `full` modifier (`""`: it has none).
 * `prefix` replaces the part that the rule's prefix match covered (the entry's `match.path.value`). Spec: HTTPPathModifier.
 */
export type PathModifier =
  | { readonly kind: "full"; readonly value: string; readonly query: string }
  | { readonly kind: "prefix"; readonly value: string };

/** `numerator` of `denominator` requests; 0/n is none, n/n is all. */
export type Fraction = { readonly numerator: number; readonly denominator: number };

/** A header's value compared with a text: `regex` is RE2 syntax and matches the whole of it. Spec: StringMatch. */
export type HeaderMatch = {
  /** Lower case. */
  readonly name: string;
  readonly kind: "exact" | "prefix" | "suffix" | "regex";
  readonly value: string;
};
/** A client by its id, and the opaque row with its API key. */
export type ApiClient = { readonly id: string; readonly key: SecretKey };

/** Somewhere in a request where an API key may stand. */
export type ApiKeySource = { readonly in: "header" | "query" | "cookie"; readonly name: string };
/** What takes the place of every match of an expression in RE2 syntax; `\1` stands for its first group. */
export type RegexSubstitution = { readonly pattern: string; readonly substitution: string };

/** Applied in this order. Names are lower case. */
export type HeaderChanges = {
  /** Nothing is left under a name whose value comes out empty. */
  readonly set: readonly HeaderTemplate[];
  readonly add: readonly HeaderTemplate[];
  readonly addIfAbsent: readonly HeaderTemplate[];
  readonly remove: readonly string[];
  /** Compared with names. */
  readonly removeOnMatch: readonly TextMatch[];
};

export const noHeaderChanges: HeaderChanges = { set: [], add: [], addIfAbsent: [], remove: [], removeOnMatch: [] };

/** What an answer of the gateway's own holds. */
export type AnswerContent = {
  /** Content-Type is among them. A name that stands twice is two lines. */
  readonly headers: readonly HeaderTemplate[];
  readonly body: string;
};

/** Encodings of content that the gateway can make. */
export type CompressionEncoding = "br" | "gzip" | "zstd";

/** What an answer is replaced with. */
export type OverrideAction =
  /** `status` absent: that of the answer. Its other headers stay, but for those that describe its content. */
  | {
      readonly kind: "answer";
      readonly status?: number;
      readonly content: AnswerContent;
      readonly remove: readonly string[];
    }
  | {
      readonly kind: "redirect";
      readonly redirect: Omit<Extract<Filter, { readonly kind: "requestRedirect" }>, "kind">;
    }
  /** What this service answers for `path`, told of the request and of the answer by headers. Without its answer the first one stays. */
  | {
      readonly kind: "errorPage";
      /** `undefined` when the reference did not resolve. */
      readonly cluster: ClusterKey | undefined;
      readonly path: string;
      /**
       * `headers`: GET, told by headers, and its status counts. `request`: the same with the method and all headers of the request.
       * `traefik`: GET, {status} and {url} of `path` are filled in, and the answer's status stays.
       */
      readonly manner: "headers" | "request" | "traefik";
      /** What it is told beside that. Names are lower case. */
      readonly tells: readonly HeaderValue[];
      readonly timeoutMs: number;
      readonly maxBytes: number;
    };

/** What an external processing service is told of a message beside its head. */
export type ProcessedMessage = {
  readonly body: "none" | "buffered" | "streamed";
  /** As Envoy names them. */
  readonly attributes: readonly ProcessingAttribute[];
};

export const processingAttributes = [
  "request.host",
  "request.id",
  "request.method",
  "request.path",
  "request.protocol",
  "request.query",
  "request.scheme",
  "request.url_path",
  "source.address",
] as const;
export type ProcessingAttribute = (typeof processingAttributes)[number];

/** One row of a response override: the first that an answer fits counts. */
export type OverrideRow = {
  /** Statuses of the answer; both ends are in it. */
  readonly statuses: readonly { readonly from: number; readonly to: number }[];
  /** All of these must be there; without `value` any will do. Names are lower case. */
  readonly headers: readonly { readonly name: string; readonly value?: TextMatch }[];
  readonly source: "all" | "local" | "backend";
  readonly action: OverrideAction;
};

/**
 * What is done to a request or a response, in the order in which the rule lists it.
 * Adding a kind: see CONTRIBUTING, "A filter".
 */
export type Filter =
  | {
      readonly kind: "headerModifier";
      readonly on: "request" | "response";
      /** Names are lower case in all three lists. Applied as set, then add, then remove. */
      readonly set: readonly HeaderValue[];
      readonly add: readonly HeaderValue[];
      readonly remove: readonly string[];
    }
  | {
      readonly kind: "requestRedirect";
      readonly status: 301 | 302 | 303 | 307 | 308;
      readonly scheme?: "http" | "https";
      readonly hostname?: string;
      /** Absent: the scheme's own port when `scheme` is given, the listener's port otherwise. Spec: HTTPRequestRedirectFilter.port. */
      readonly port?: number;
      readonly path?: PathModifier;
    }
  | { readonly kind: "urlRewrite"; readonly hostname?: string; readonly path?: PathModifier }
  | {
      readonly kind: "requestMirror";
      /** `undefined` when the reference did not resolve: nothing is mirrored, the request is served. */
      readonly cluster: ClusterKey | undefined;
      readonly fraction: Fraction;
      /** What copies are asked for; absent: what the request is. `undefined` in it: as the request has it. */
      readonly as?: {
        readonly host: Template | undefined;
        /** Path and query. */
        readonly target: Template | undefined;
        readonly content: boolean;
      };
    }
  | {
      readonly kind: "cors";
      /** `"*"`, an origin, or an origin whose host begins with `*.`. */
      readonly allowOrigins: readonly string[];
      readonly allowCredentials: boolean;
      readonly allowMethods: readonly string[];
      readonly allowHeaders: readonly string[];
      readonly exposeHeaders: readonly string[];
      readonly maxAgeSeconds: number;
    }
  | ExternalAuth
  | {
      readonly kind: "localRateLimit";
      /** Of a refusal. */
      readonly status: number;
      readonly rules: readonly RateLimitRule[];
    }
  | {
      readonly kind: "globalRateLimit";
      /** Of a refusal. */
      readonly status: number;
      readonly rules: readonly RateLimitRule[];
      readonly limiter: GlobalLimiter;
      /** How long a request waits for the limiter. Milliseconds. */
      readonly timeoutMs: number;
      /** What becomes of requests when the limiter does not answer: they pass, or get 500. */
      readonly onFailure: "open" | "closed";
    }
  | {
      readonly kind: "concurrency";
      /** Of a refusal. */
      readonly status: number;
      readonly rules: readonly ConcurrencyRule[];
    }
  /**
   * Backends see a request when its whole content is there, with its length. One with more of it is refused with 413, or streamed;
   * so is then one that finds no room in memory, and a gRPC call.
   */
  | { readonly kind: "requestBuffer"; readonly maxBytes: number; readonly above: "refuse" | "stream" }
  | { readonly kind: "bodyLimit"; readonly maxBytes: number }
  | {
      readonly kind: "bandwidthLimit";
      readonly request: Bandwidth | undefined;
      /** `trailerPrefix`: trailers whose names begin with it tell the delays; `undefined`: there are none. */
      readonly response: (Bandwidth & { readonly trailerPrefix: string | undefined }) | undefined;
      /** Of each answer for itself; `afterBytes` of it go as fast as they come. */
      readonly eachAnswer: { readonly bytesPerSecond: number; readonly afterBytes: number } | undefined;
    }
  | {
      readonly kind: "admissionControl";
      /** Time over which requests are counted. Milliseconds. */
      readonly windowMs: number;
      /** Share of successes from which on nothing is refused. 1 to 100. */
      readonly minSuccessPercent: number;
      /** How steeply refusals grow; 1: in proportion. At least 1. */
      readonly aggression: number;
      /** Requests in a second below which nothing is refused. */
      readonly minRequestRate: number;
      /** Most of the requests that are refused. 0 to 100. */
      readonly maxRefusalPercent: number;
      /** Empty: those below 500. */
      readonly successStatuses: readonly number[];
      readonly successGrpcCodes: readonly number[];
    }
  | JwtFilter
  | AuthorizationFilter
  | {
      /** Refuses changes that pages of other origins ask for. Spec: SecurityPolicy.csrf. */
      readonly kind: "csrf";
      /** As in `cors`. */
      readonly additionalOrigins: readonly string[];
      /** Requests that are judged and counted, and let in whatever the verdict. */
      readonly shadow: Fraction;
    }
  | {
      /** Lets in who has logged in at an OpenID provider. Spec: SecurityPolicy.oidc. */
      readonly kind: "oidc";
      /** The policy as `namespace/name`: what was sealed for one is nothing to another. */
      readonly policy: string;
      readonly issuer: string;
      /** `undefined`: as the provider's configuration says; so below. */
      readonly authorizationEndpoint: string | undefined;
      readonly tokenEndpoint: string | undefined;
      readonly endSessionEndpoint: string | undefined;
      /** Whether the provider's configuration is read. Without, id tokens are good because they come over TLS. */
      readonly discovers: boolean;
      /** Where requests to the provider go; `undefined`: where its URLs say. */
      readonly cluster: ClusterKey | undefined;
      readonly clientId: string;
      readonly clientSecret: SecretKey;
      readonly scopes: readonly string[];
      readonly resources: readonly string[];
      /** Where the provider sends browsers back; scheme and authority `undefined`: those of the request. */
      readonly redirectUrl: {
        readonly scheme: "http" | "https" | undefined;
        readonly authority: string | undefined;
        readonly path: string;
      };
      readonly logoutPath: string;
      /** Ends the names of cookies that the policy does not name. */
      readonly cookieSuffix: string;
      readonly accessTokenCookie: string;
      readonly idTokenCookie: string;
      /** Whether filters behind this one and backends see the cookie, with the token as it is. */
      readonly showsAccessToken: boolean;
      readonly showsIdToken: boolean;
      /** `""`: the host of the request alone. */
      readonly cookieDomain: string;
      readonly sameSite: "Lax" | "Strict" | "None";
      /** Access and id tokens in cookies are encrypted; refresh tokens always are. */
      readonly encryptTokens: boolean;
      /** Time that a login may take. */
      readonly loginSeconds: number;
      /** Lifetime of tokens that do not tell theirs; 0: such tokens are refused. */
      readonly defaultTokenSeconds: number;
      /** Lifetime of refresh tokens; 0: they are not used. */
      readonly refreshSeconds: number;
      /** Requests with one of these get 401 rather than a login. */
      readonly denyRedirect: readonly HeaderMatch[];
      readonly forwardAccessToken: boolean;
      /** Lower case; `""`: none. */
      readonly forwardIdTokenHeader: string;
      /** Headers (lower case) and what their values begin with: a JWT behind that is left to the `jwt` of the same policy. */
      readonly passThrough: readonly { readonly name: string; readonly prefix: string }[];
    }
  | {
      readonly kind: "basicAuth";
      /** Opaque row with lines of htpasswd. `undefined` when the reference did not resolve: every request is refused (fail closed). */
      readonly users: SecretKey | undefined;
      /** Users whose hash is an opaque row of its own, beside those of `users`. */
      readonly namedUsers: readonly { readonly user: string; readonly hash: SecretKey }[];
      readonly realm: string;
      /** Whether the question for a password says that user and password are read as UTF-8. */
      readonly tellsCharset: boolean;
      /** Whether backends are kept from seeing user and password. */
      readonly hidesCredentials: boolean;
      /** Request header that the backend is told the user by, lower case. `undefined`: it is not told. */
      readonly usernameHeader: string | undefined;
    }
  | {
      readonly kind: "apiKeyAuth";
      /** Those whose key resolved. An id that comes twice counts where it comes first. */
      readonly clients: readonly ApiClient[];
      /** Where a key may stand; the first that has something counts. Names of headers are lower case. */
      readonly sources: readonly ApiKeySource[];
      /** Request header that the backend is told the client by, lower case. `undefined`: it is not told. */
      readonly clientHeader: string | undefined;
      /** Whether backends are kept from seeing what stands in the sources. */
      readonly hidesKey: boolean;
    }
  | {
      readonly kind: "credentialInjection";
      /** Lower case. */
      readonly header: string;
      /** Whether the client's own header of that name gives way. */
      readonly overwrite: boolean;
      /** Opaque row with the value; line ends behind it do not count. `undefined` when the reference did not resolve: every request gets 500. */
      readonly credential: SecretKey | undefined;
    }
  /** What a listener asks of requests before anything else looks at them. Spec: ClientTrafficPolicy. */
  | {
      readonly kind: "listenerChecks";
      /** Answered with 200 by the gateway itself; `""`: none. */
      readonly healthPath: string;
      /** Requests get 403 unless this lower-case header has an IP address; `""`: none is asked for. */
      readonly addressHeader: string;
      /** Requests with `%2F` or `%5C` in the path: `reject` answers 400, `redirect` sends the client to the path with slashes. */
      readonly escapedSlashes: "keep" | "reject" | "redirect";
      /** Headers with an underscore in their name: `reject` answers 400, `drop` takes them off. */
      readonly underscores: "allow" | "reject" | "drop";
      /** A final dot of the host, as it is sent on. */
      readonly hostDot: "kept" | "stripped";
      /** Requests with one of these methods get 405. */
      readonly refusedMethods: readonly string[];
    }
  | MiddlewareFilter
  | AccessFilter
  /** Answers by itself: an ExtensionRef or a filter that cannot be honoured. Spec: HTTPRouteFilter, "MUST ... 500". */
  | {
      readonly kind: "directResponse";
      readonly status: number;
      readonly reason: string;
      /** Absent: none, and no headers. */
      readonly content?: AnswerContent;
    }
  /** Answers the requests that the conditions of a row hold for, the first such row; all others pass. */
  | { readonly kind: "conditionalAnswer"; readonly rows: readonly ConditionalAnswer[] }
  | {
      readonly kind: "regexRewrite";
      /**
       * How the expression for the path sees it: in the form in which routes match it, or with all of its escapes decoded. What comes
       * out of that one is encoded again, whether something has changed or not; where it is no path, the request gets 400.
       */
      readonly sees: "normalPath" | "decodedPath";
      readonly path?: RegexSubstitution;
      /** Host sent to the backend; what comes out as no host leaves the request's. */
      readonly host?:
        | { readonly from: "header"; readonly name: string }
        | ({ readonly from: "path" } & RegexSubstitution);
      /** X-Forwarded-Host tells the backend what the client asked for. */
      readonly tellsHost: boolean;
    }
  | {
      readonly kind: "headerMutation";
      readonly request: HeaderChanges;
      readonly response: HeaderChanges;
      /** Of the answers that `response` is for; absent: all. */
      readonly statuses?: readonly number[];
    }
  | {
      readonly kind: "responseRewrite";
      /** `parts`: what follows a beginning is a new part of the URL or path, and a domain's leading dot goes. `text`: anything follows, and the dot stays. */
      readonly manner: "parts" | "text";
      /** Beginnings of Location and Content-Location; the first that fits is replaced. */
      readonly location: readonly { readonly from: string; readonly to: string }[];
      /** Lower case, without a leading dot; `*` is any. An empty `to` takes the attribute out. */
      readonly cookieDomain: readonly { readonly from: string; readonly to: string }[];
      /** Beginnings of paths. */
      readonly cookiePath: readonly { readonly from: string; readonly to: string }[];
    }
  | {
      readonly kind: "faultInjection";
      readonly delay?: { readonly ms: number; readonly percent: number };
      /** Exactly one of the statuses. */
      readonly abort?: { readonly httpStatus?: number; readonly grpcStatus?: number; readonly percent: number };
    }
  | {
      readonly kind: "compression";
      /** In the gateway's order of preference. */
      readonly encodings: readonly { readonly encoding: CompressionEncoding; readonly minBytes: number }[];
    }
  | {
      readonly kind: "externalProcessing";
      /** `undefined` when the reference did not resolve: as if the service did not answer. */
      readonly cluster: ClusterKey | undefined;
      /** For each message. Milliseconds. */
      readonly timeoutMs: number;
      /** Requests go on without a service that does not answer; otherwise they get `errorStatus`. */
      readonly failOpen: boolean;
      readonly errorStatus: number;
      /** Absent: the service is not told of requests, or of answers. */
      readonly request?: ProcessedMessage;
      readonly response?: ProcessedMessage;
    }
  | { readonly kind: "responseOverride"; readonly rows: readonly OverrideRow[] };

export type FilterKind = Filter["kind"];

/** Checks that refuse and change nothing. */
export const noListenerChecks: Extract<Filter, { readonly kind: "listenerChecks" }> = {
  kind: "listenerChecks",
  healthPath: "",
  addressHeader: "",
  escapedSlashes: "keep",
  underscores: "allow",
  hostDot: "kept",
  refusedMethods: [],
};

/** A filter and where the user wrote it. */
export type PlacedFilter = { readonly from: SourceRef; readonly filter: Filter };
