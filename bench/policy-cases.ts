/** What `policies.ts` measures: a policy in the words of each proxy, and what requests need to pass. */
import { generateKeyPairSync, sign } from "node:crypto";
import { type EnvoyMore, envoyType } from "./proxy-bench.ts";

/** A policy as each proxy is told of it. */
export type PolicyCase = {
  readonly name: string;
  /** Objects besides Gateway and routes: policies that target the Gateway `bench/edge`, and what they refer to. */
  readonly objects: readonly object[];
  /** Filters of every rule. */
  readonly filters: readonly object[];
  readonly envoy: EnvoyMore;
  /** Directives before the servers and in each location; `undefined`: it has nothing of the kind. */
  readonly nginx: { readonly before: string; readonly inside: string } | undefined;
  readonly headers: Readonly<Record<string, string>>;
};

const targetRefs = [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" }];
const policy = (kind: string, spec: object, name = "it"): object => ({
  apiVersion: "gateway.sluice.dev/v1alpha1",
  kind,
  metadata: { name, namespace: "bench" },
  spec: { targetRefs, ...spec },
});
const filter = (name: string, config: object): object => ({
  name,
  typed_config: envoyType(`extensions.filters.http.${name}`, config),
});

const nothing: PolicyCase = { name: "none", objects: [], filters: [], envoy: {}, nginx: undefined, headers: {} };

const set = [
  { name: "x-team", value: "shop" },
  { name: "x-region", value: "north" },
];
const headers: PolicyCase = {
  ...nothing,
  name: "headers",
  filters: [
    { type: "RequestHeaderModifier", requestHeaderModifier: { set, remove: ["x-debug"] } },
    { type: "ResponseHeaderModifier", responseHeaderModifier: { set } },
  ],
  envoy: {
    virtualHost: {
      request_headers_to_add: set.map(({ name, value }) => envoyHeader(name, value)),
      request_headers_to_remove: ["x-debug"],
      response_headers_to_add: set.map(({ name, value }) => envoyHeader(name, value)),
    },
  },
  nginx: {
    before: "",
    inside: [
      // A location that sets headers of its own has none of those around it.
      'proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Request-Id $request_id; proxy_set_header Host $host;',
      ...set.map(({ name, value }) => `proxy_set_header ${name} ${value}; add_header ${name} ${value};`),
      'proxy_set_header x-debug "";',
    ].join(" "),
  },
};

function envoyHeader(key: string, value: string): object {
  return { header: { key, value }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" };
}

const cors: PolicyCase = {
  ...nothing,
  name: "CORS",
  objects: [
    policy("SecurityPolicy", { cors: { allowOrigins: ["https://app.example.test"], allowMethods: ["GET", "PUT"] } }),
  ],
  envoy: {
    httpFilters: [filter("cors.v3.Cors", {})],
    virtualHost: {
      typed_per_filter_config: {
        "cors.v3.Cors": envoyType("extensions.filters.http.cors.v3.CorsPolicy", {
          allow_origin_string_match: [{ exact: "https://app.example.test" }],
          allow_methods: "GET, PUT",
        }),
      },
    },
  },
  headers: { Origin: "https://app.example.test" },
};

/** No request exceeds it: what is measured is the counting. */
const plenty = 4_000_000;
const rateLimit: PolicyCase = {
  ...nothing,
  name: "local rate limit",
  objects: [
    policy("BackendTrafficPolicy", {
      rateLimit: {
        type: "Local",
        local: { rules: [{ limit: { requests: plenty, unit: "Second" }, xRateLimitHeaders: "Off" }] },
      },
    }),
  ],
  envoy: {
    httpFilters: [
      filter("local_ratelimit.v3.LocalRateLimit", {
        stat_prefix: "limit",
        token_bucket: { max_tokens: plenty, tokens_per_fill: plenty, fill_interval: "1s" },
        filter_enabled: { default_value: { numerator: 100 } },
        filter_enforced: { default_value: { numerator: 100 } },
      }),
    ],
  },
  nginx: {
    before: "limit_req_zone $server_name zone=all:1m rate=1000000r/s;",
    inside: "limit_req zone=all burst=1000000 nodelay;",
  },
};

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const issuer = "https://login.example.test";
const keySet = JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", alg: "ES256" }] });

function token(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: issuer, sub: "ann", aud: "shop", exp: Math.floor(Date.now() / 1000) + 86_400, scope: "read" };
  const text = `${part({ alg: "ES256", kid: "one", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

const jwt: PolicyCase = {
  ...nothing,
  name: "JWT (ES256)",
  objects: [
    policy("SecurityPolicy", {
      jwt: { providers: [{ name: "login", issuer, localJWKS: { type: "Inline", inline: keySet } }] },
    }),
  ],
  envoy: {
    httpFilters: [
      filter("jwt_authn.v3.JwtAuthentication", {
        providers: { login: { issuer, local_jwks: { inline_string: keySet }, forward: true } },
        rules: [{ match: { prefix: "/" }, requires: { provider_name: "login" } }],
      }),
    ],
  },
  headers: { Authorization: `Bearer ${token()}` },
};

const basicAuth: PolicyCase = {
  ...nothing,
  name: "basic auth (SHA)",
  objects: [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "users", namespace: "bench" },
      stringData: { ".htpasswd": "ann:{SHA}qvTGHdzF6KLavt4PO0gs2a6pQ00=\n" },
    },
    policy("SecurityPolicy", { basicAuth: { users: { name: "users" } } }),
  ],
  envoy: {
    httpFilters: [
      filter("basic_auth.v3.BasicAuth", { users: { inline_string: "ann:{SHA}qvTGHdzF6KLavt4PO0gs2a6pQ00=" } }),
    ],
  },
  headers: { Authorization: `Basic ${Buffer.from("ann:hello").toString("base64")}` },
};

const retries: PolicyCase = {
  ...nothing,
  name: "retries, ejection",
  objects: [
    policy("BackendTrafficPolicy", {
      retry: { numRetries: 2, retryOn: { triggers: ["connect-failure", "gateway-error"] } },
      healthCheck: { passive: { consecutive5XxErrors: 5, interval: "10s", baseEjectionTime: "30s" } },
    }),
  ],
  envoy: {
    route: { retry_policy: { num_retries: 2, retry_on: "connect-failure,gateway-error" } },
    cluster: { outlier_detection: { consecutive_5xx: 5, interval: "10s", base_ejection_time: "30s" } },
  },
  nginx: { before: "", inside: "proxy_next_upstream error http_502 http_503 http_504; proxy_next_upstream_tries 3;" },
};

const addresses: PolicyCase = {
  ...nothing,
  name: "addresses",
  objects: [
    {
      apiVersion: "traefik.io/v1alpha1",
      kind: "Middleware",
      metadata: { name: "inside", namespace: "bench" },
      spec: { ipAllowList: { sourceRange: ["10.0.0.0/8", "127.0.0.0/8"] } },
    },
  ],
  filters: [{ type: "ExtensionRef", extensionRef: { group: "traefik.io", kind: "Middleware", name: "inside" } }],
  envoy: {
    httpFilters: [
      filter("rbac.v3.RBAC", {
        rules: {
          policies: {
            inside: {
              permissions: [{ any: true }],
              principals: [
                { direct_remote_ip: { address_prefix: "10.0.0.0", prefix_len: 8 } },
                { direct_remote_ip: { address_prefix: "127.0.0.0", prefix_len: 8 } },
              ],
            },
          },
        },
      }),
    ],
  },
  nginx: { before: "", inside: "allow 10.0.0.0/8; allow 127.0.0.0/8; deny all;" },
};

const spec = (one: object | undefined): object => (one as { readonly spec: object }).spec;

/** What a team puts in front of a service. */
const stack: PolicyCase = {
  ...nothing,
  name: "JWT, limit, headers, retries, ejection",
  objects: [
    ...jwt.objects,
    policy("BackendTrafficPolicy", { ...spec(rateLimit.objects[0]), ...spec(retries.objects[0]) }),
  ],
  filters: headers.filters,
  envoy: {
    ...headers.envoy,
    ...retries.envoy,
    httpFilters: [...(jwt.envoy.httpFilters ?? []), ...(rateLimit.envoy.httpFilters ?? [])],
  },
  headers: jwt.headers,
};

/** The first is what the others are compared with. */
export const policyCases: readonly PolicyCase[] = [
  { ...nothing, nginx: { before: "", inside: "" } },
  headers,
  addresses,
  cors,
  rateLimit,
  jwt,
  basicAuth,
  retries,
  stack,
];
