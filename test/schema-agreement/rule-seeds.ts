/**
 * Small specs at which the rules between fields can be broken by one change. One change away, both must say no;
 * the last ones of HTTPRoute break a rule as they are, in ways that take two changes.
 */
import type { JsonObject } from "../../src/resource/json.ts";
import type { Kind } from "../../src/resource/kinds.ts";

const backendRefs = [{ name: "web", port: 80 }];
const prefix = [{ path: { type: "PathPrefix", value: "/a" } }];
const httpRule = (rule: JsonObject): JsonObject => ({ rules: [rule] });
const filter = (type: string, field: string, value: JsonObject): JsonObject => ({ type, [field]: value });
const modifier = filter("RequestHeaderModifier", "requestHeaderModifier", { set: [{ name: "a", value: "b" }] });
const rewrite = filter("URLRewrite", "urlRewrite", { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/b" } });
const redirect = filter("RequestRedirect", "requestRedirect", {
  path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/b" },
});
const mirror = filter("RequestMirror", "requestMirror", { backendRef: backendRefs[0] as JsonObject, percent: 10 });
const cors = filter("CORS", "cors", {
  allowOrigins: ["https://a.example.com"],
  allowMethods: ["GET"],
  allowHeaders: ["a"],
});
const auth = filter("ExternalAuth", "externalAuth", {
  protocol: "HTTP",
  backendRef: backendRefs[0] as JsonObject,
  http: { path: "/a" },
});
const grpcAuth = filter("ExternalAuth", "externalAuth", {
  protocol: "GRPC",
  backendRef: backendRefs[0] as JsonObject,
  grpc: { allowedHeaders: ["a"] },
});
const responseModifier = filter("ResponseHeaderModifier", "responseHeaderModifier", {
  add: [{ name: "a", value: "b" }],
});
const parents = [
  { name: "gw", sectionName: "a" },
  { name: "gw", sectionName: "b" },
];
const cookie = { type: "Cookie", absoluteTimeout: "1h", cookie: { lifetimeType: "Permanent" } };
const header = { type: "Header", header: { name: "x-session" } };
const names = [
  { name: "a", backendRefs },
  { name: "b", backendRefs },
];
const validation = { hostname: "a.example.com", caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] };
const target = { group: "", kind: "Service", name: "web" };
const listener = { name: "a", port: 80, protocol: "HTTP" };
const tls = { certificateRefs: [{ name: "cert" }] };

const listeners: readonly (readonly JsonObject[])[] = [
  [listener, { ...listener, name: "b", hostname: "b.example.com" }],
  [{ ...listener, protocol: "HTTPS", tls: { mode: "Terminate", ...tls } }],
  [{ ...listener, protocol: "TLS", tls: { mode: "Passthrough" } }],
  [{ ...listener, protocol: "TCP" }],
  [{ ...listener, filters: { requests: [auth] } }],
  [{ ...listener, filters: { requests: [grpcAuth] } }],
];

const targetRefs = [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "a" }];
const servers = [{ name: "a", port: 80 }];

/** One for each list of a load balancer. */
const loadBalancers: readonly JsonObject[] = [
  { type: "ConsistentHash", consistentHash: { type: "Headers", headers: [{ name: "x-a" }] } },
  { type: "ConsistentHash", consistentHash: { type: "QueryParams", queryParams: [{ name: "a" }] } },
  { type: "LeastRequest", endpointOverride: { extractFrom: [{ header: "x-a" }] } },
  { type: "LeastRequest", zoneAware: { weightedZones: [{ zone: "a", weight: 1 }] } },
  { type: "BackendUtilization", backendUtilization: { metricNamesForComputingUtilization: ["named_metrics.a"] } },
];
const settings = loadBalancers.map((loadBalancer) => ({ loadBalancer }));
const providers = (backendSettings: JsonObject) => [
  {
    name: "a",
    remoteJWKS: { uri: "https://a.example.com/keys", backendRefs: servers, backendSettings },
  },
];

export const ruleSeeds: Partial<Record<Kind, readonly JsonObject[]>> = {
  BackendTrafficPolicy: settings.map((one) => ({ targetRefs, ...one })),
  SecurityPolicy: settings.flatMap((backendSettings) => [
    { targetRefs, jwt: { providers: providers(backendSettings) } },
    {
      targetRefs,
      oidc: {
        clientID: "a",
        clientSecret: { name: "a" },
        provider: { issuer: "https://a.example.com", backendRefs: servers, backendSettings },
      },
    },
    { targetRefs, extAuth: { grpc: { backendRefs: servers, backendSettings } } },
    { targetRefs, extAuth: { http: { backendRefs: servers, backendSettings } } },
  ]),
  ExtensionPolicy: settings.map((backendSettings) => ({
    targetRefs,
    extProc: [{ backendRefs: servers, backendSettings }],
  })),
  Gateway: [
    ...listeners.map((list) => ({ gatewayClassName: "c", listeners: list })),
    {
      gatewayClassName: "c",
      listeners: [listener],
      addresses: [{ value: "10.0.0.1" }, { type: "Hostname", value: "a.example.com" }],
    },
    {
      gatewayClassName: "c",
      listeners: [listener],
      addresses: [{ value: "10.0.0.1", routability: "Cluster" }, { value: "10.0.0.2" }],
    },
    { gatewayClassName: "c", listeners: [listener], infrastructure: { labels: { a: "b" }, annotations: { a: "b" } } },
    {
      gatewayClassName: "c",
      listeners: [listener],
      tls: {
        frontend: {
          default: {
            validation: {
              caCertificateRefs: [{ group: "certificates.k8s.io", kind: "ClusterTrustBundle", name: "a" }],
            },
          },
          perPort: [{ port: 443, tls: {} }],
        },
      },
    },
  ],
  ListenerSet: listeners.map((list) => ({ parentRef: { name: "gw" }, listeners: list })),
  HTTPRoute: [
    { parentRefs: parents },
    httpRule({ timeouts: { request: "10s", backendRequest: "5s" } }),
    httpRule({ matches: prefix, filters: [rewrite], backendRefs }),
    httpRule({ matches: prefix, filters: [redirect] }),
    httpRule({ matches: prefix, backendRefs: [{ ...backendRefs[0], filters: [rewrite] }] }),
    httpRule({ filters: [modifier, mirror], backendRefs }),
    httpRule({ filters: [cors], backendRefs }),
    httpRule({ filters: [auth], backendRefs }),
    httpRule({ filters: [responseModifier, grpcAuth], backendRefs }),
    httpRule({ sessionPersistence: cookie }),
    httpRule({ sessionPersistence: header }),
    httpRule({ matches: [{ path: { type: "Exact", value: "/a" }, headers: [{ name: "a", value: "b" }] }] }),
    { rules: names },
    {
      rules: Array.from({ length: 2 }, () => ({
        matches: Array.from({ length: 64 }, () => ({ path: { value: "/a" } })),
      })),
    },
    {
      rules: [
        ...Array.from({ length: 2 }, () => ({
          matches: Array.from({ length: 63 }, () => ({ path: { value: "/a" } })),
        })),
        { matches: prefix },
      ],
    },
  ],
  GRPCRoute: [
    { parentRefs: parents },
    { rules: [{ matches: [{ method: { type: "Exact", service: "shop.Cart", method: "Add" } }], backendRefs }] },
    { rules: [{ filters: [modifier, mirror], backendRefs, sessionPersistence: cookie }] },
    { rules: [{ filters: [responseModifier], backendRefs }] },
    { rules: names },
  ],
  TLSRoute: [{ parentRefs: parents, hostnames: ["a.example.com"], rules: [{ backendRefs }] }],
  TCPRoute: [{ parentRefs: parents, rules: [{ backendRefs }] }],
  UDPRoute: [{ parentRefs: parents, rules: [{ backendRefs }] }],
  BackendTLSPolicy: [
    {
      targetRefs: [
        { ...target, sectionName: "a" },
        { ...target, sectionName: "b" },
      ],
      validation,
    },
    { targetRefs: [target], validation: { hostname: "a.example.com", wellKnownCACertificates: "System" } },
    {
      targetRefs: [target],
      validation: {
        ...validation,
        subjectAltNames: [
          { type: "URI", uri: "spiffe://a/b" },
          { type: "Hostname", hostname: "a.example.com" },
        ],
      },
    },
  ],
  XBackendTrafficPolicy: [
    {
      targetRefs: [target],
      retryConstraint: { budget: { percent: 20, interval: "10s" }, minRetryRate: { count: 1, interval: "1s" } },
    },
    { targetRefs: [target], sessionPersistence: header },
  ],
  XBackend: [
    { type: "ExternalHostname", externalHostname: { hostname: "api.example.com" }, port: { number: 443 } },
    {
      type: "EndpointSelector",
      endpointSelector: { matchLabels: { app: "pods" } },
      port: { number: 8080 },
      sessionPersistence: header,
    },
    ...["HTTP2", "WSS", "HTTP"].map((protocol) => ({
      type: "EndpointSelector",
      endpointSelector: { matchLabels: { app: "pods" } },
      port: { number: 8080 },
      protocol,
      tls: { mode: "ServerOnly", validation },
    })),
    {
      type: "ExternalHostname",
      externalHostname: { hostname: "api.example.com" },
      port: { number: 443 },
      tls: { mode: "ClientAndServer", clientCertificateRef: { name: "client" }, validation },
    },
  ],
  XTelemetryPolicy: [
    {
      targetRefs: [target],
      tracing: {
        mode: "Enabled",
        provider: { backendRef: { name: "collector", port: 4317 } },
        samplingRate: { numerator: 1, denominator: 2 },
        parentBasedSampling: { mode: "Enabled", samplingRate: { numerator: 1 } },
        attributes: [
          { name: "a", sourceType: "Header", headerName: "x-a" },
          { name: "b", sourceType: "Literal", literalValue: "b" },
          { name: "c", sourceType: "Attribute", attributeKey: "c" },
        ],
      },
    },
    { targetRefs: [target], tracing: {} },
  ],
  GatewayConfig: [
    { replicas: 2, podDisruptionBudget: { minAvailable: 1 } },
    { autoscaling: { minReplicas: 2, maxReplicas: 3 } },
    { dataPlane: { mode: "Shared", name: "a" } },
    { service: { type: "LoadBalancer", externalTrafficPolicy: "Local", loadBalancerSourceRanges: ["10.0.0.0/8"] } },
    { service: { labels: { a: "b" }, annotations: { a: "b" } }, podLabels: { a: "b" }, nodeSelector: { a: "b" } },
  ],
};
