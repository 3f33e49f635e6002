/** A small world of Gateway API objects that get in each other's way, and random changes of it. */
import fc from "fast-check";
import { makeCertificate } from "../test-certificate.ts";

type Json = { readonly [key: string]: unknown };

/** What happens to one object: it comes or is replaced, or it goes. */
export type Change = { readonly id: string; readonly object: Json | undefined };

const gatewayApi = "gateway.networking.k8s.io/v1";
const experimental = "gateway.networking.x-k8s.io/v1alpha1";
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
const certificates = [
  makeCertificate({ names: ["a.example.com"], from: inDays(-1), to: inDays(50) }),
  makeCertificate({ names: ["*.example.com"], from: inDays(-1), to: inDays(5000) }),
] as const;
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const one = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const list = <T>(item: fc.Arbitrary<T>, minLength: number, maxLength: number): fc.Arbitrary<T[]> =>
  fc.array(item, { minLength, maxLength });

const namespace = one("shop", "blog", "infra");
const gatewayName = one("edge", "edge", "edge", "inner", "inner", "egde");
const serviceName = one("api", "api", "api", "web", "web", "apii");
const hostname = one("a.example.com", "b.example.com", "*.example.com", "other.test");
const created = one(undefined, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");

const object = (
  apiVersion: string,
  kind: string,
  parts: {
    readonly namespace?: fc.Arbitrary<string>;
    readonly name: fc.Arbitrary<string>;
    readonly metadata?: fc.Arbitrary<Json>;
    readonly body: fc.Arbitrary<Json>;
  },
): fc.Arbitrary<Change> =>
  fc
    .record({
      namespace: parts.namespace ?? fc.constant(undefined),
      name: parts.name,
      creationTimestamp: created,
      metadata: parts.metadata ?? fc.constant({}),
      body: parts.body,
      stays: fc.nat(6),
    })
    .map(({ namespace: home, name, creationTimestamp, metadata, body, stays }) => ({
      id: `${kind} ${home ?? ""}/${name}`,
      object:
        stays === 0
          ? undefined
          : { apiVersion, kind, metadata: { name, namespace: home, creationTimestamp, ...metadata }, ...body },
    }));

const backendRef = fc.record(
  {
    name: serviceName,
    namespace: one(undefined, undefined, undefined, "shop", "blog"),
    port: one(80, 80, 80, 81),
    weight: one(0, 1, 3),
  },
  { requiredKeys: ["name", "port", "namespace"] },
);
const xbackendRef = fc
  .record({ name: one("ext", "sel"), namespace }, { requiredKeys: ["name"] })
  .map((ref) => ({ group: "gateway.networking.x-k8s.io", kind: "XBackend", ...ref }));
const backendObjectRef = fc
  .record(
    { group: one("gateway.sluice.dev", "gateway.envoyproxy.io"), name: one("ext", "own"), namespace },
    { requiredKeys: ["group", "name"] },
  )
  .map((ref) => ({ kind: "Backend", ...ref }));
const anyRef = fc.oneof(
  { weight: 4, arbitrary: backendRef },
  { weight: 1, arbitrary: xbackendRef },
  { weight: 1, arbitrary: backendObjectRef },
);

const parentRef = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record(
      {
        name: gatewayName,
        namespace: fc.constant("infra"),
        sectionName: one("http", "http", "https", "tls", "tcp", "none"),
      },
      { requiredKeys: ["name", "namespace"] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("ListenerSet"), name: one("s1", "s2"), namespace: one("shop", "blog") }),
  },
);
// Two of the same name would have to differ in their sections.
const parents = fc.uniqueArray(parentRef, { minLength: 1, maxLength: 2, selector: ({ name }) => name });
const match = fc.record(
  {
    path: fc.record({ type: one("PathPrefix", "Exact"), value: one("/", "/a", "/b") }),
    method: one("GET", "POST"),
    headers: fc.constant([{ name: "x", value: "y" }]),
  },
  { requiredKeys: ["path"] },
);
const filter = fc.oneof(
  fc.record({
    type: fc.constant("RequestMirror"),
    requestMirror: backendRef.map(({ name, port }) => ({ backendRef: { name, port } })),
  }),
  fc.constant({ type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-a", value: "1" }] } }),
  fc
    .record({ group: one("gateway.sluice.dev", "gateway.envoyproxy.io"), name: one("f1", "f2") })
    .map(({ group, name }) => ({ type: "ExtensionRef", extensionRef: { group, kind: "HTTPRouteFilter", name } })),
  one("m1", "m2").map((name) => ({
    type: "ExtensionRef",
    extensionRef: { group: "traefik.io", kind: "Middleware", name },
  })),
);
const httpRule = fc.record(
  { matches: list(match, 1, 2), backendRefs: list(anyRef, 0, 2), filters: list(filter, 0, 1), name: one("one", "two") },
  { requiredKeys: ["matches", "backendRefs"] },
);
const streamRules = list(anyRef, 1, 2).map((backendRefs) => [{ backendRefs }]);

const httpRoute = object(gatewayApi, "HTTPRoute", {
  namespace,
  name: one("r1", "r2", "r3", "r4", "r5"),
  body: fc.record({
    spec: fc
      .record({ parentRefs: parents, hostnames: list(hostname, 0, 2), rules: list(httpRule, 1, 3) })
      .map(({ rules, ...spec }) => ({
        ...spec,
        // Names of rules are unique.
        rules: rules.map(({ name, ...rule }, index) => (name ? { ...rule, name: `${name}-${index}` } : rule)),
      })),
  }),
});
const grpcRoute = object(gatewayApi, "GRPCRoute", {
  namespace,
  name: one("g1", "g2"),
  body: fc.record({
    spec: fc.record({ parentRefs: parents, hostnames: list(hostname, 0, 1), rules: streamRules }),
  }),
});
const tlsRoute = object(gatewayApi, "TLSRoute", {
  namespace,
  name: one("t1", "t2"),
  body: fc.record({ spec: fc.record({ parentRefs: parents, hostnames: list(hostname, 1, 2), rules: streamRules }) }),
});
const tcpRoute = object(gatewayApi, "TCPRoute", {
  namespace,
  name: one("t1", "t2"),
  body: fc.record({ spec: fc.record({ parentRefs: parents, rules: streamRules }) }),
});

const allowed = one(
  { namespaces: { from: "All" } },
  { namespaces: { from: "All" } },
  { namespaces: { from: "All" } },
  { namespaces: { from: "Same" } },
  { namespaces: { from: "Selector", selector: { matchLabels: { team: "a" } } } },
);
const listeners = fc
  .record({ allowedRoutes: allowed, hostname: one(undefined, "*.example.com"), some: fc.subarray([0, 1, 2, 3, 4]) })
  .map(({ allowedRoutes, hostname: own, some }) =>
    [
      { name: "http", port: 80, protocol: "HTTP", hostname: own, allowedRoutes },
      { name: "https", port: 443, protocol: "HTTPS", tls: { certificateRefs: [{ name: "cert" }] }, allowedRoutes },
      { name: "tls", port: 8443, protocol: "TLS", tls: { mode: "Passthrough" }, allowedRoutes },
      { name: "tcp", port: 5432, protocol: "TCP", allowedRoutes },
      { name: "again", port: 80, protocol: "HTTP", hostname: "a.example.com", allowedRoutes },
    ].filter((_, place) => place === 0 || !some.includes(place)),
  );
const gateway = object(gatewayApi, "Gateway", {
  namespace: fc.constant("infra"),
  name: one("edge", "inner"),
  body: listeners.chain((own) =>
    fc.record({
      spec: fc.record(
        {
          gatewayClassName: one("ours", "ours", "ours", "ours", "ours", "theirs"),
          listeners: fc.constant(own),
          allowedListeners: fc.constant({ namespaces: { from: "All" } }),
          tls: fc.constant({ backend: { clientCertificateRef: { name: "cert" } } }),
        },
        { requiredKeys: ["gatewayClassName", "listeners", "allowedListeners"] },
      ),
    }),
  ),
});
const listenerSet = object(gatewayApi, "ListenerSet", {
  namespace: one("shop", "blog"),
  name: one("s1", "s2"),
  body: fc.record({
    spec: fc.record({
      parentRef: fc.record({ name: gatewayName, namespace: fc.constant("infra") }),
      listeners: one([{ name: "http", port: 8080, protocol: "HTTP" }], [{ name: "http", port: 80, protocol: "HTTP" }]),
    }),
  }),
});

const service = object("v1", "Service", {
  namespace,
  name: serviceName,
  metadata: one(
    {},
    { annotations: { "sluice.dev/load-balancing": "least-request" } },
    { annotations: { "sluice.dev/load-balancing": "x" } },
  ),
  body: fc.record({
    spec: fc.record(
      {
        selector: fc.constant({ app: "api" }),
        ports: one(
          [{ port: 80 }],
          [
            { name: "web", port: 80, appProtocol: "https" },
            { name: "b", port: 81 },
          ],
        ),
      },
      { requiredKeys: ["ports"] },
    ),
  }),
});
const slice = fc.record({ home: namespace, of: serviceName }).chain(({ home, of }) =>
  object("discovery.k8s.io/v1", "EndpointSlice", {
    namespace: fc.constant(home),
    name: fc.constant(`${of}-x`),
    metadata: fc.constant({ labels: { "kubernetes.io/service-name": of, app: "api" } }),
    body: fc.record({
      addressType: fc.constant("IPv4"),
      ports: one([{ name: "", port: 8080 }], [{ name: "web", port: 8080 }]),
      endpoints: list(
        fc.record({ addresses: one(["192.0.2.1"], ["192.0.2.2"]), conditions: fc.record({ ready: fc.boolean() }) }),
        0,
        2,
      ),
    }),
  }),
);
const secret = object("v1", "Secret", {
  namespace,
  name: one("cert", "unused"),
  body: fc.record({
    type: fc.constant("kubernetes.io/tls"),
    data: one(
      ...certificates.map(({ certPem, keyPem }) => ({ "tls.crt": base64(certPem), "tls.key": base64(keyPem) })),
      { "tls.crt": base64("broken"), "tls.key": base64("broken") },
      { "tls.crt": base64("broken"), "tls.key": base64("broken again") },
    ),
  }),
});
const keySet = JSON.stringify({ keys: [{ kty: "OKP", crv: "Ed25519", x: "AA" }] });
const configMap = object("v1", "ConfigMap", {
  namespace,
  name: one("ca", "keys", "unused"),
  body: fc.record({
    data: one<Json>(
      { "ca.crt": certificates[0].certPem, "response.body": "one" },
      { "ca.crt": "broken", "response.body": "two" },
      { jwks: keySet },
      {},
    ),
  }),
});
const body = { type: "ValueRef", valueRef: { group: "", kind: "ConfigMap", name: "ca" } };
const middleware = object("traefik.io/v1alpha1", "Middleware", {
  namespace,
  name: one("m1", "m2"),
  body: fc.record({
    spec: one<Json>(
      { stripPrefix: { prefixes: ["/a"] } },
      { chain: { middlewares: [{ name: "m1" }, { name: "m2", namespace: "other" }] } },
      { chain: { middlewares: [{ name: "m2" }] } },
      { errors: { status: ["500-599"], service: { name: "api", port: 80 } } },
      { digestAuth: { secret: "users" } },
    ),
  }),
});
const routeFilter = fc.oneof(
  ...["gateway.sluice.dev/v1alpha1", "gateway.envoyproxy.io/v1alpha1"].map((apiVersion) =>
    object(apiVersion, "HTTPRouteFilter", {
      namespace,
      name: one("f1", "f2"),
      body: fc.record({
        spec: one<Json>(
          { directResponse: { statusCode: 503, body } },
          { matches: [{ cookies: [{ name: "version", value: "next" }] }] },
          {
            urlRewrite: { path: { type: "ReplaceRegexMatch", replaceRegexMatch: { pattern: "a", substitution: "b" } } },
          },
          { urlRewrite: { hostname: { type: "Backend" } } },
        ),
      }),
    }).map((change) => ({ ...change, id: `${apiVersion} ${change.id}` })),
  ),
);
const grant = object("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", {
  namespace,
  name: one("g1", "g2"),
  body: fc.record({
    spec: fc.record({
      from: fc
        .record({ kind: one("HTTPRoute", "HTTPRoute", "TCPRoute"), namespace })
        .map(({ kind, namespace: home }) => [
          { group: "gateway.networking.k8s.io", kind, namespace: home },
          { group: "gateway.sluice.dev", kind: "SecurityPolicy", namespace: home },
        ]),
      to: one(
        [
          { group: "", kind: "Service" },
          { group: "", kind: "Namespace" },
        ],
        [
          { group: "", kind: "Service", name: "api" },
          { group: "gateway.networking.k8s.io", kind: "HTTPRoute" },
        ],
      ),
    }),
  }),
});
const labelled = object("v1", "Namespace", {
  name: namespace,
  metadata: one({}, { labels: { team: "a" } }),
  body: fc.constant({}),
});
const targetService = fc
  .record({ name: serviceName, sectionName: one("web", "b") }, { requiredKeys: ["name"] })
  .map((target) => [{ group: "", kind: "Service", ...target }]);
const backendTls = object(gatewayApi, "BackendTLSPolicy", {
  namespace,
  name: one("p1", "p2"),
  body: fc.record({
    spec: fc.record({
      targetRefs: targetService,
      validation: one(
        { hostname: "api.test", caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] },
        { hostname: "api.test", wellKnownCACertificates: "System" },
      ),
    }),
  }),
});
const traffic = object(experimental, "XBackendTrafficPolicy", {
  namespace,
  name: one("p1", "p2"),
  body: fc.record({
    spec: fc.record({
      targetRefs: serviceName.map((name) => [{ group: "", kind: "Service", name }]),
      retryConstraint: one({ budget: { percent: 10 } }, { budget: { percent: 30 } }),
    }),
  }),
});
const telemetry = object(experimental, "XTelemetryPolicy", {
  namespace: fc.constant("infra"),
  name: one("p1", "p2"),
  body: fc.record({
    spec: gatewayName.chain((name) =>
      serviceName.map((collector) => ({
        targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name }],
        tracing: { mode: "Enabled", provider: { backendRef: { name: collector, port: 80 } } },
      })),
    ),
  }),
});
const policyTarget = fc.oneof(
  fc.record(
    {
      group: fc.constant("gateway.networking.k8s.io"),
      kind: one("Gateway"),
      name: gatewayName,
      sectionName: one("http", "https", "none"),
    },
    { requiredKeys: ["group", "kind", "name"] },
  ),
  fc.record(
    {
      group: fc.constant("gateway.networking.k8s.io"),
      kind: one("HTTPRoute"),
      name: one("r1", "r2", "r3"),
      sectionName: one("one-0", "two-1"),
    },
    { requiredKeys: ["group", "kind", "name"] },
  ),
  fc.record({ group: fc.constant("gateway.networking.k8s.io"), kind: one("ListenerSet"), name: one("s1", "s2") }),
  fc.record({ group: fc.constant("gateway.networking.k8s.io"), kind: one("TLSRoute", "TCPRoute"), name: one("t1") }),
  fc.record({ group: fc.constant(""), kind: fc.constant("Namespace"), name: namespace }),
);
const policySelector = fc.record({
  kind: one("HTTPRoute", "Gateway"),
  namespaces: one({ from: "Same" }, { from: "All" }, { from: "Selector", selector: { matchLabels: { team: "a" } } }),
  matchLabels: one({}, { team: "a" }),
});
const inherited = (kind: string, settings: fc.Arbitrary<Json>, apiVersion = "gateway.sluice.dev/v1alpha1") =>
  object(apiVersion, kind, {
    namespace,
    name: one("p1", "p2", "p3"),
    body: fc.record({
      spec: fc
        .tuple(
          fc.oneof(
            { weight: 3, arbitrary: fc.record({ targetRefs: list(policyTarget, 1, 2) }) },
            { weight: 1, arbitrary: fc.record({ targetSelectors: list(policySelector, 1, 1) }) },
          ),
          settings,
        )
        .map(([targets, own]) => ({ ...targets, ...own })),
    }),
  }).map((change) => ({ ...change, id: `${apiVersion} ${change.id}` }));
const merging = one({}, { mergeType: "StrategicMerge" }, { mergeType: "JSONMerge" });
const backendTraffic = fc.oneof(
  ...["gateway.sluice.dev/v1alpha1", "gateway.envoyproxy.io/v1alpha1"].map((apiVersion) =>
    inherited(
      "BackendTrafficPolicy",
      fc
        .tuple(
          merging,
          one<Json>(
            { retry: { numRetries: 2 } },
            { timeout: { http: { requestTimeout: "5s" } } },
            { responseOverride: [{ match: { statusCodes: [{ value: 404 }] }, response: { body } }] },
            {
              responseOverride: [
                { match: { statusCodes: [{ value: 503 }] }, errorPage: { backendRef: { name: "api", port: 80 } } },
              ],
            },
          ),
        )
        .map(([how, own]) => ({ ...how, ...own })),
      apiVersion,
    ),
  ),
);
const jwtProvider = fc
  .oneof(
    serviceName.map((name): Json => ({ remoteJWKS: { uri: "https://a.test/k", backendRefs: [{ name, port: 80 }] } })),
    one<Json>(
      { remoteJWKS: { uri: "https://a.test/keys" } },
      { localJWKS: { type: "ValueRef", valueRef: { group: "", kind: "ConfigMap", name: "keys" } } },
    ),
  )
  .map((keys) => ({ name: "login", ...(keys as object) }));
const security = inherited(
  "SecurityPolicy",
  fc
    .tuple(
      merging,
      fc.oneof(
        fc.constant<Json>({ cors: { allowOrigins: ["https://a.test"] } }),
        jwtProvider.map((provider): Json => ({ jwt: { providers: [provider] } })),
        one<Json>(
          { authorization: { rules: [{ action: "Allow", principal: { clientCIDRs: ["10.0.0.0/8"] } }] } },
          { authorization: { rules: [{ action: "Allow", principal: { jwt: { provider: "login", scopes: ["a"] } } }] } },
        ),
      ),
    )
    .map(([how, own]) => ({ ...how, ...(own as object) })),
);
const clientTraffic = inherited(
  "ClientTrafficPolicy",
  one<Json>(
    { timeout: { http: { idleTimeout: "5s" } } },
    { headers: { requestID: "Disable", lateResponseHeaders: { remove: ["server"] } } },
    { tls: { clientValidation: { caCertificateRefs: [{ kind: "ConfigMap", name: "ca" }] } } },
    { tls: { clientValidation: { mode: "RequireAny", crl: { refs: [{ name: "cert" }] } } } },
  ),
);
const backend = fc.oneof(
  ...["gateway.sluice.dev/v1alpha1", "gateway.envoyproxy.io/v1alpha1"].map((apiVersion) =>
    object(apiVersion, "Backend", {
      namespace,
      name: one("ext", "own"),
      body: fc.record({
        spec: one<Json>(
          { endpoints: [{ ip: { address: "10.0.0.1", port: 80 } }] },
          { endpoints: [{ fqdn: { hostname: "x.test", port: 443 } }], appProtocols: ["gateway.envoyproxy.io/h2c"] },
          {
            endpoints: [{ fqdn: { hostname: "x.test", port: 443 } }],
            tls: {
              caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }],
              clientCertificateRef: { name: "cert" },
            },
          },
          { type: "DynamicResolver" },
        ),
      }),
    }).map((change) => ({ ...change, id: `${apiVersion} ${change.id}` })),
  ),
);
const xbackend = object(experimental, "XBackend", {
  namespace,
  name: one("ext", "sel"),
  body: fc.record({
    spec: one<Json>(
      { type: "ExternalHostname", externalHostname: { hostname: "x.test" }, port: { number: 443 } },
      {
        type: "ExternalHostname",
        externalHostname: { hostname: "x.test" },
        port: { number: 443 },
        tls: {
          mode: "ClientAndServer",
          clientCertificateRef: { name: "cert" },
          validation: { hostname: "x.test", caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] },
        },
      },
      { type: "EndpointSelector", endpointSelector: { matchLabels: { app: "api" } }, port: { number: 80 } },
    ),
  }),
});
const gatewayClass = object(gatewayApi, "GatewayClass", {
  name: fc.constant("ours"),
  body: fc.constant({ spec: { controllerName: "example.com/gateway" } }),
});
const ingressBackend = serviceName.map((name) => ({ service: { name, port: { number: 80 } } }));
const ingressAnnotations = fc
  .record(
    {
      "rewrite-target": one("/", "/$1"),
      "use-regex": one("true", "yes"),
      "app-root": one("/x"),
      "server-alias": one("alias.test", "a.example.com"),
      canary: one("true"),
      "canary-weight": one("10", "100"),
      "allowlist-source-range": one("10.0.0.0/8", "nowhere"),
      "server-snippet": one("return 200;"),
    },
    { requiredKeys: [] },
  )
  .map((annotations) =>
    Object.fromEntries(
      Object.entries(annotations).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value]),
    ),
  );
const ingress = object("networking.k8s.io/v1", "Ingress", {
  namespace,
  name: one("i1", "i2", "i3"),
  metadata: ingressAnnotations.map((annotations) => ({ annotations })),
  body: fc.record({
    spec: fc.record(
      {
        ingressClassName: one("ours", "ours", "ours", "theirs"),
        defaultBackend: ingressBackend,
        tls: list(hostname, 0, 1).map((hosts) => [{ hosts, secretName: "cert" }]),
        rules: list(
          fc.record({
            host: hostname,
            http: list(
              fc.record({
                path: one("/", "/app", "/app/", "/x(.*)"),
                pathType: one("Prefix", "Exact", "ImplementationSpecific"),
                backend: ingressBackend,
              }),
              1,
              2,
            ).map((paths) => ({ paths })),
          }),
          1,
          2,
        ),
      },
      { requiredKeys: ["ingressClassName", "rules"] },
    ),
  }),
});
const ingressClass = object("networking.k8s.io/v1", "IngressClass", {
  name: one("ours", "theirs"),
  body: one("example.com/gateway", "example.com/other").map((controller) => ({ spec: { controller } })),
});
const crd = object("apiextensions.k8s.io/v1", "CustomResourceDefinition", {
  name: fc.constant("httproutes.gateway.networking.k8s.io"),
  metadata: one("v1.0.0", "v1.2.1", "v1.7.0").map((version) => ({
    annotations: { "gateway.networking.k8s.io/bundle-version": version },
  })),
  body: fc.constant({ spec: { group: "gateway.networking.k8s.io", names: { kind: "HTTPRoute" }, versions: [] } }),
});

const weighted = [
  { weight: 12, arbitrary: httpRoute },
  { weight: 2, arbitrary: grpcRoute },
  { weight: 2, arbitrary: tlsRoute },
  { weight: 2, arbitrary: tcpRoute },
  { weight: 4, arbitrary: gateway },
  { weight: 2, arbitrary: listenerSet },
  { weight: 5, arbitrary: service },
  { weight: 4, arbitrary: slice },
  { weight: 4, arbitrary: secret },
  { weight: 3, arbitrary: configMap },
  { weight: 3, arbitrary: routeFilter },
  { weight: 3, arbitrary: middleware },
  { weight: 3, arbitrary: grant },
  { weight: 2, arbitrary: labelled },
  { weight: 3, arbitrary: backendTls },
  { weight: 2, arbitrary: traffic },
  { weight: 2, arbitrary: telemetry },
  { weight: 2, arbitrary: xbackend },
  { weight: 2, arbitrary: backend },
  { weight: 5, arbitrary: backendTraffic },
  { weight: 3, arbitrary: security },
  { weight: 2, arbitrary: clientTraffic },
  { weight: 1, arbitrary: gatewayClass },
  { weight: 4, arbitrary: ingress },
  { weight: 1, arbitrary: ingressClass },
  { weight: 1, arbitrary: crd },
] as const;

/** One change of the world, of any kind of object that a compilation reads. */
export const change: fc.Arbitrary<Change> = fc.oneof(...weighted);

/** The same for each kind by itself. */
export const changes: readonly fc.Arbitrary<Change>[] = weighted.map(({ arbitrary }) => arbitrary);

/** A beginning in which most changes make a difference. */
export const beginning: readonly Change[] = [
  {
    id: "GatewayClass /ours",
    object: {
      apiVersion: gatewayApi,
      kind: "GatewayClass",
      metadata: { name: "ours" },
      spec: { controllerName: "example.com/gateway" },
    },
  },
  {
    id: "IngressClass /ours",
    object: {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: "ours" },
      spec: { controller: "example.com/gateway" },
    },
  },
  ...["edge", "inner"].map((name) => ({
    id: `Gateway infra/${name}`,
    object: {
      apiVersion: gatewayApi,
      kind: "Gateway",
      metadata: { name, namespace: "infra" },
      spec: {
        gatewayClassName: "ours",
        allowedListeners: { namespaces: { from: "All" } },
        listeners: [
          { name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } },
          {
            name: "https",
            port: 443,
            protocol: "HTTPS",
            tls: { certificateRefs: [{ name: "cert" }] },
            allowedRoutes: { namespaces: { from: "All" } },
          },
        ],
      },
    },
  })),
  {
    id: "Secret infra/cert",
    object: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "cert", namespace: "infra" },
      type: "kubernetes.io/tls",
      data: { "tls.crt": base64(certificates[0].certPem), "tls.key": base64(certificates[0].keyPem) },
    },
  },
  ...["r1", "r2"].map((name) => ({
    id: `HTTPRoute shop/${name}`,
    object: {
      apiVersion: gatewayApi,
      kind: "HTTPRoute",
      metadata: { name, namespace: "shop" },
      spec: {
        parentRefs: [{ name: "edge", namespace: "infra" }],
        rules: [{ backendRefs: [{ name: "api", port: 80 }] }],
      },
    },
  })),
  ...["shop", "blog", "infra"].map((home) => ({
    id: `Service ${home}/api`,
    object: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "api", namespace: home },
      spec: { ports: [{ port: 80 }] },
    },
  })),
];
