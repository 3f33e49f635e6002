import assert from "node:assert/strict";
import { test } from "node:test";
import type { Kind } from "../kinds.ts";
import { kinds } from "../kinds.ts";
import { validateObject } from "../validate-object.ts";

/** What is wrong with a spec: pointers below `/spec`. */
type Row = readonly [title: string, spec: object, pointers: readonly string[]];

function holds(kind: Kind, rows: readonly Row[]): void {
  for (const [title, spec, pointers] of rows) {
    test(`${kind}: ${title}${pointers.length === 0 ? " is accepted" : " is refused"}`, () => {
      const { group, version } = kinds[kind];
      const { resource, findings } = validateObject({
        apiVersion: `${group}/${version}`,
        kind,
        metadata: { name: "x" },
        spec,
      });
      assert.deepEqual(
        findings.map(({ pointer }) => pointer.replace(/^\/spec/, "")),
        pointers,
        findings.map(({ message }) => message).join("\n"),
      );
      assert.equal(resource !== undefined, pointers.length === 0);
      for (const { name, fix } of findings) {
        assert.ok(name === "field-rule-broken" || name === "field-invalid" || name === "field-missing");
        assert.ok(fix.length > 3);
      }
    });
  }
}

const listener = (fields: object) => ({ name: "a", port: 80, protocol: "HTTP", ...fields });
const gateway = (...listeners: object[]) => ({ gatewayClassName: "c", listeners });
const certificateRefs = [{ name: "cert" }];

holds("Gateway", [
  ["one HTTP listener", gateway(listener({})), []],
  ["no listener", gateway(), ["/listeners"]],
  ["two listeners of one name", gateway(listener({}), listener({ port: 81 })), ["/listeners/1/name"]],
  [
    "two listeners of one port, protocol and hostname",
    gateway(listener({}), listener({ name: "b" })),
    ["/listeners/1"],
  ],
  [
    "two listeners of one port with different hostnames",
    gateway(listener({}), listener({ name: "b", hostname: "a.b" })),
    [],
  ],
  [
    "two listeners of one port with different protocols",
    gateway(listener({ protocol: "TCP" }), listener({ name: "b", protocol: "UDP" })),
    [],
  ],
  ["tls on an HTTP listener", gateway(listener({ tls: { certificateRefs } })), ["/listeners/0/tls"]],
  ["tls on a TCP listener", gateway(listener({ protocol: "TCP", tls: { certificateRefs } })), ["/listeners/0/tls"]],
  ["hostname on a UDP listener", gateway(listener({ protocol: "UDP", hostname: "a.b" })), ["/listeners/0/hostname"]],
  ["an HTTPS listener with a certificate", gateway(listener({ protocol: "HTTPS", tls: { certificateRefs } })), []],
  ["an HTTPS listener without tls", gateway(listener({ protocol: "HTTPS" })), []],
  [
    "an HTTPS listener that passes TLS through",
    gateway(listener({ protocol: "HTTPS", tls: { mode: "Passthrough" } })),
    ["/listeners/0/tls/mode"],
  ],
  ["a TLS listener without tls", gateway(listener({ protocol: "TLS" })), ["/listeners/0/tls"]],
  ["a TLS listener that passes TLS through", gateway(listener({ protocol: "TLS", tls: { mode: "Passthrough" } })), []],
  [
    "termination without certificates",
    gateway(listener({ protocol: "HTTPS", tls: {} })),
    ["/listeners/0/tls/certificateRefs"],
  ],
  ["termination with options alone", gateway(listener({ protocol: "HTTPS", tls: { options: { "a.b/c": "d" } } })), []],
  ["a protocol of one's own", gateway(listener({ protocol: "example.com/quic" })), []],
  ["filters on a TCP listener", gateway(listener({ protocol: "TCP", filters: {} })), ["/listeners/0/filters"]],
  [
    "a filter of a listener without the field of its type",
    gateway(listener({ filters: { requests: [{ type: "ExternalAuth" }] } })),
    ["/listeners/0/filters/requests/0/externalAuth"],
  ],
  [
    "an address that is no IP address",
    { ...gateway(listener({})), addresses: [{ value: "gw.example.com" }] },
    ["/addresses/0/value"],
  ],
  ["an address without value", { ...gateway(listener({})), addresses: [{ type: "IPAddress" }] }, []],
  ["an IPv6 address", { ...gateway(listener({})), addresses: [{ value: "2001:db8::1" }] }, []],
  [
    "the same address twice",
    { ...gateway(listener({})), addresses: [{ value: "10.0.0.1" }, { value: "10.0.0.1" }] },
    ["/addresses/1"],
  ],
  [
    "a Hostname address in upper case",
    { ...gateway(listener({})), addresses: [{ type: "Hostname", value: "A.b" }] },
    ["/addresses/0/value"],
  ],
  [
    "a routability of Kubernetes",
    { ...gateway(listener({})), addresses: [{ routability: "x.k8s.io/a" }] },
    ["/addresses/0/routability"],
  ],
  ["a prefixed routability", { ...gateway(listener({})), addresses: [{ routability: "example.com/a" }] }, []],
  [
    "an infrastructure label with a bad name",
    { ...gateway(listener({})), infrastructure: { labels: { "a b": "c" } } },
    ["/infrastructure/labels/a b"],
  ],
  [
    "more than 8 infrastructure labels",
    {
      ...gateway(listener({})),
      infrastructure: { labels: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`l${i}`, ""])) },
    },
    ["/infrastructure/labels"],
  ],
  [
    "a ClusterTrustBundle with a namespace",
    {
      ...gateway(listener({})),
      tls: {
        frontend: {
          default: {
            validation: {
              caCertificateRefs: [
                { group: "certificates.k8s.io", kind: "ClusterTrustBundle", name: "a", namespace: "b" },
              ],
            },
          },
        },
      },
    },
    ["/tls/frontend/default/validation/caCertificateRefs/0/namespace"],
  ],
  [
    "TLS for one port twice",
    {
      ...gateway(listener({})),
      tls: {
        frontend: {
          default: {},
          perPort: [
            { port: 1, tls: {} },
            { port: 1, tls: {} },
          ],
        },
      },
    },
    ["/tls/frontend/perPort/1/port"],
  ],
]);

const route = (rule: object) => ({ rules: [rule] });
const path = (type: string, value: string) => route({ matches: [{ path: { type, value } }] });
const filters = (...list: object[]) => route({ filters: list });
const at = "/rules/0/matches/0/path/value";
const backendRefs = [{ name: "a", port: 80 }];
const prefixPath = { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" } };
const rewrite = { type: "URLRewrite", urlRewrite: prefixPath };
const redirect = { type: "RequestRedirect", requestRedirect: {} };
const modify = { type: "RequestHeaderModifier", requestHeaderModifier: {} };
const parents = (...parentRefs: object[]) => ({ parentRefs });
const persistence = (sessionPersistence: object) => route({ sessionPersistence });

holds("HTTPRoute", [
  ["two parentRefs to one Gateway without sections", parents({ name: "a" }, { name: "a" }), ["/parentRefs/1"]],
  [
    "two parentRefs to one Gateway with sections",
    parents({ name: "a", sectionName: "x" }, { name: "a", sectionName: "y" }),
    [],
  ],
  ["two parentRefs to one Gateway with ports", parents({ name: "a", port: 1 }, { name: "a", port: 2 }), []],
  ["two parentRefs, one with a section", parents({ name: "a", sectionName: "x" }, { name: "a" }), ["/parentRefs/1"]],
  [
    "two parentRefs, one with a section and one with a port",
    parents({ name: "a", sectionName: "x" }, { name: "a", port: 1 }),
    ["/parentRefs/1"],
  ],
  ["parentRefs to Gateways of two namespaces", parents({ name: "a", namespace: "x" }, { name: "a" }), []],
  ["a relative path", path("Exact", "a"), [at]],
  ["an empty path", path("PathPrefix", ""), [at]],
  ["two slashes", path("PathPrefix", "/a//b"), [at]],
  ["a dot segment", path("Exact", "/a/./b"), [at]],
  ["a path that leaves its folder", path("Exact", "/a/../b"), [at]],
  ["a dot segment at the end", path("Exact", "/a/.."), [at]],
  ["an encoded slash", path("PathPrefix", "/a%2Fb"), [at]],
  ["a fragment", path("PathPrefix", "/a#b"), [at]],
  ["a space", path("PathPrefix", "/a b"), [at]],
  ["an umlaut", path("Exact", "/ü"), [at]],
  ["three dots", path("Exact", "/.../a"), []],
  ["percent-encoding", path("Exact", "/a%20b"), []],
  ["any text as regular expression", path("RegularExpression", "a//[#]"), []],
  [
    "one header name twice in a match",
    route({
      matches: [
        {
          headers: [
            { name: "a", value: "1" },
            { name: "a", value: "2" },
          ],
        },
      ],
    }),
    ["/rules/0/matches/0/headers/1/name"],
  ],
  [
    "one header name in two spellings",
    route({
      matches: [
        {
          headers: [
            { name: "a", value: "1" },
            { name: "A", value: "2" },
          ],
        },
      ],
    }),
    [],
  ],
  [
    "a header value with a line feed",
    route({ matches: [{ headers: [{ name: "a", value: "1\n2" }] }] }),
    ["/rules/0/matches/0/headers/0/value"],
  ],
  ["two rules of one name", { rules: [{ name: "a" }, {}, { name: "a" }] }, ["/rules/2/name"]],
  ["129 matches in all", { rules: [{ matches: Array(64).fill({}) }, { matches: Array(64).fill({}) }, {}] }, ["/rules"]],
  ["128 matches in all", { rules: [{ matches: Array(64).fill({}) }, { matches: Array(64).fill({}) }] }, []],
  ["a Service without port", route({ backendRefs: [{ name: "a" }] }), ["/rules/0/backendRefs/0/port"]],
  [
    "an XBackend without port",
    route({ backendRefs: [{ group: "gateway.networking.x-k8s.io", kind: "XBackend", name: "a" }] }),
    [],
  ],
  [
    "an XBackend with a port",
    route({ backendRefs: [{ group: "gateway.networking.x-k8s.io", kind: "XBackend", name: "a", port: 1 }] }),
    ["/rules/0/backendRefs/0/port"],
  ],
  ["a filter without the field of its type", filters({ type: "CORS" }), ["/rules/0/filters/0/cors"]],
  ["a filter with another type's field", filters({ ...modify, cors: {} }), ["/rules/0/filters/0/cors"]],
  ["a filter type that does not exist", filters({ type: "Rewrite" }), ["/rules/0/filters/0/type"]],
  ["two header filters of one kind", filters(modify, modify), ["/rules/0/filters/1/type"]],
  [
    "two mirrors",
    filters(...[1, 2].map(() => ({ type: "RequestMirror", requestMirror: { backendRef: backendRefs[0] } }))),
    [],
  ],
  [
    "a redirect beside a rewrite",
    filters(redirect, { type: "URLRewrite", urlRewrite: {} }),
    ["/rules/0/filters/1/type"],
  ],
  ["a redirect beside backendRefs", route({ filters: [redirect], backendRefs }), ["/rules/0/filters/0"]],
  ["a prefix rewrite of a prefix match", route({ filters: [rewrite], backendRefs }), []],
  [
    "a prefix rewrite of an exact match",
    route({ matches: [{ path: { type: "Exact", value: "/" } }], filters: [rewrite] }),
    ["/rules/0/filters/0/urlRewrite/path"],
  ],
  [
    "a prefix rewrite of two matches",
    route({ matches: [{}, {}], filters: [rewrite] }),
    ["/rules/0/filters/0/urlRewrite/path"],
  ],
  [
    "a prefix redirect of two matches",
    route({ matches: [{}, {}], filters: [{ type: "RequestRedirect", requestRedirect: prefixPath }] }),
    ["/rules/0/filters/0/requestRedirect/path"],
  ],
  [
    "a backend's prefix rewrite of two matches",
    route({ matches: [{}, {}], backendRefs: [{ ...backendRefs[0], filters: [rewrite] }] }),
    ["/rules/0/backendRefs/0/filters/0/urlRewrite/path"],
  ],
  [
    "a path modifier without its value",
    filters({ type: "URLRewrite", urlRewrite: { path: { type: "ReplaceFullPath" } } }),
    ["/rules/0/filters/0/urlRewrite/path/replaceFullPath"],
  ],
  [
    "a redirect with status 304",
    filters({ type: "RequestRedirect", requestRedirect: { statusCode: 304 } }),
    ["/rules/0/filters/0/requestRedirect/statusCode"],
  ],
  [
    "an origin with a path",
    filters({ type: "CORS", cors: { allowOrigins: ["https://a.b/c"] } }),
    ["/rules/0/filters/0/cors/allowOrigins/0"],
  ],
  [
    "every origin beside one",
    filters({ type: "CORS", cors: { allowOrigins: ["https://a.b", "*"] } }),
    ["/rules/0/filters/0/cors/allowOrigins/1"],
  ],
  [
    "an origin twice",
    filters({ type: "CORS", cors: { allowOrigins: ["https://a.b", "https://a.b"] } }),
    ["/rules/0/filters/0/cors/allowOrigins/1"],
  ],
  [
    "a mirror with percent and fraction",
    filters({
      type: "RequestMirror",
      requestMirror: { backendRef: backendRefs[0], percent: 1, fraction: { numerator: 1 } },
    }),
    ["/rules/0/filters/0/requestMirror/fraction"],
  ],
  [
    "a fraction above one",
    filters({ type: "RequestMirror", requestMirror: { backendRef: backendRefs[0], fraction: { numerator: 101 } } }),
    ["/rules/0/filters/0/requestMirror/fraction/numerator"],
  ],
  [
    "gRPC authorisation without grpc",
    filters({ type: "ExternalAuth", externalAuth: { protocol: "GRPC", backendRef: backendRefs[0] } }),
    ["/rules/0/filters/0/externalAuth/grpc"],
  ],
  [
    "HTTP authorisation with grpc",
    filters({
      type: "ExternalAuth",
      externalAuth: { protocol: "HTTP", http: {}, grpc: {}, backendRef: backendRefs[0] },
    }),
    ["/rules/0/filters/0/externalAuth/grpc"],
  ],
  [
    "a backend timeout above the request's",
    route({ timeouts: { request: "1s", backendRequest: "2s" } }),
    ["/rules/0/timeouts/backendRequest"],
  ],
  ["a backend timeout below no limit", route({ timeouts: { request: "0s", backendRequest: "2s" } }), []],
  ["a retry of status 399", route({ retry: { codes: [500, 399] } }), ["/rules/0/retry/codes/1"]],
  ["a retry of one status twice", route({ retry: { codes: [500, 500] } }), ["/rules/0/retry/codes/1"]],
  ["persistence by cookie without cookie", persistence({}), ["/rules/0/sessionPersistence/cookie"]],
  ["persistence by cookie", persistence({ cookie: {} }), []],
  [
    "persistence by header with cookie",
    persistence({ type: "Header", header: { name: "a" }, cookie: {} }),
    ["/rules/0/sessionPersistence/cookie"],
  ],
  [
    "a permanent cookie without timeout",
    persistence({ cookie: { lifetimeType: "Permanent" } }),
    ["/rules/0/sessionPersistence/absoluteTimeout"],
  ],
]);

const grpc = (method: object) => ({ rules: [{ matches: [{ method }] }] });

holds("GRPCRoute", [
  ["no rule", {}, []],
  ["a method match of nothing", grpc({ type: "Exact" }), ["/rules/0/matches/0/method"]],
  ["a service with a slash", grpc({ service: "shop.v1/Cart" }), ["/rules/0/matches/0/method/service"]],
  ["a service with a leading dot", grpc({ service: ".shop.v1.Cart", method: "Add" }), []],
  ["a method with a dot", grpc({ method: "Cart.Add" }), ["/rules/0/matches/0/method/method"]],
  ["a pattern", grpc({ type: "RegularExpression", method: "Get.*" }), []],
]);

const stream = { rules: [{ backendRefs }] };

holds("TCPRoute", [
  ["one rule", stream, []],
  ["two rules", { rules: [...stream.rules, ...stream.rules] }, ["/rules"]],
  ["a rule without backends", { rules: [{ backendRefs: [] }] }, ["/rules/0/backendRefs"]],
]);
holds("UDPRoute", [["no rules", {}, ["/rules"]]]);
holds("TLSRoute", [
  ["a wildcard", { ...stream, hostnames: ["*.a.b"] }, []],
  ["an IP address", { ...stream, hostnames: ["10.0.0.1"] }, ["/hostnames/0"]],
  ["no hostnames", { ...stream, hostnames: [] }, ["/hostnames"]],
]);
holds("ListenerSet", [
  [
    "filters on a TCP listener, which its definition does not forbid,",
    { parentRef: { name: "a" }, listeners: [listener({ protocol: "TCP", filters: {} })] },
    [],
  ],
  [
    "a listener without port",
    { parentRef: { name: "a" }, listeners: [{ name: "a", protocol: "HTTP" }] },
    ["/listeners/0/port"],
  ],
  ["no parent", { listeners: [listener({})] }, ["/parentRef"]],
]);
holds("ReferenceGrant", [["an empty list", { from: [], to: [{ group: "", kind: "Service" }] }, ["/from"]]]);
holds("GatewayClass", [["a controller without path", { controllerName: "example.com" }, ["/controllerName"]]]);

const service = { group: "", kind: "Service", name: "a" };
const tlsPolicy = (validation: object, targetRefs: object[] = [service]) => ({
  targetRefs,
  validation: { hostname: "a", ...validation },
});
const system = { wellKnownCACertificates: "System" };
const caCertificateRefs = [{ group: "", kind: "ConfigMap", name: "ca" }];

holds("BackendTLSPolicy", [
  ["the system's CAs", tlsPolicy(system), []],
  ["no CAs", tlsPolicy({}), ["/validation/caCertificateRefs"]],
  ["both kinds of CAs", tlsPolicy({ ...system, caCertificateRefs }), ["/validation/wellKnownCACertificates"]],
  [
    "a name for a URI",
    tlsPolicy({ ...system, subjectAltNames: [{ type: "URI", hostname: "a" }] }),
    ["/validation/subjectAltNames/0/hostname", "/validation/subjectAltNames/0/uri"],
  ],
  ["one target twice", tlsPolicy(system, [service, service]), ["/targetRefs/1"]],
  [
    "one target with and without section",
    tlsPolicy(system, [{ ...service, sectionName: "x" }, service]),
    ["/targetRefs/1"],
  ],
  [
    "two sections of one target",
    tlsPolicy(system, [
      { ...service, sectionName: "x" },
      { ...service, sectionName: "y" },
    ]),
    [],
  ],
]);

const external = { type: "ExternalHostname", externalHostname: { hostname: "a.b" }, port: { number: 443 } };
const validation = { hostname: "a.b", wellKnownCACertificates: "System" };

holds("XBackend", [
  ["an external name", external, []],
  [
    "a selector for an external name",
    { ...external, endpointSelector: { matchLabels: { a: "b" } } },
    ["/endpointSelector"],
  ],
  ["no selector", { type: "EndpointSelector", port: { number: 1 } }, ["/endpointSelector"]],
  [
    "an empty selector",
    { type: "EndpointSelector", endpointSelector: { matchLabels: {} }, port: { number: 1 } },
    ["/endpointSelector/matchLabels"],
  ],
  ["a port without number", { ...external, port: {} }, ["/port"]],
  [
    "a name inside the cluster",
    { ...external, externalHostname: { hostname: "a.svc.cluster.local" } },
    ["/externalHostname/hostname"],
  ],
  ["HTTP2 without TLS", { ...external, protocol: "HTTP2" }, ["/protocol"]],
  ["WSS without TLS", { ...external, protocol: "WSS" }, ["/protocol"]],
  ["H2C with TLS", { ...external, protocol: "H2C", tls: { mode: "ServerOnly", validation } }, ["/protocol"]],
  ["TLS without validation", { ...external, tls: { mode: "ServerOnly" } }, ["/tls/validation"]],
  ["validation without TLS", { ...external, tls: { mode: "None", validation } }, ["/tls/validation"]],
  [
    "a client certificate that is not asked for",
    { ...external, tls: { mode: "ServerOnly", validation, clientCertificateRef: { name: "c" } } },
    ["/tls/clientCertificateRef"],
  ],
  [
    "no client certificate",
    { ...external, tls: { mode: "ClientAndServer", validation } },
    ["/tls/clientCertificateRef"],
  ],
  [
    "session persistence on an external name",
    { ...external, sessionPersistence: { cookie: {} } },
    ["/sessionPersistence"],
  ],
]);

holds("XBackendTrafficPolicy", [
  ["one target twice", { targetRefs: [service, service] }, ["/targetRefs/1/group"]],
  ["a budget", { targetRefs: [service], retryConstraint: {} }, []],
  [
    "a budget over half a second",
    { targetRefs: [service], retryConstraint: { budget: { interval: "500ms" } } },
    ["/retryConstraint/budget/interval"],
  ],
  [
    "a rate over nothing",
    { targetRefs: [service], retryConstraint: { minRetryRate: { interval: "0s" } } },
    ["/retryConstraint/minRetryRate/interval"],
  ],
]);

const tracing = (fields: object) => ({
  targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "a" }],
  tracing: fields,
});
const provider = { backendRef: { name: "otel", port: 4317 } };

holds("XTelemetryPolicy", [
  ["tracing", tracing({ mode: "Enabled", provider }), []],
  ["nothing at all", { targetRefs: tracing({}).targetRefs }, ["/tracing"]],
  ["tracing without provider", tracing({ mode: "Enabled" }), ["/tracing/provider"]],
  ["a provider without tracing", tracing({ provider }), ["/tracing/provider"]],
  ["a span name without tracing", tracing({ spanName: "a" }), ["/tracing/spanName"]],
  [
    "a rate of parents that are not sampled",
    tracing({ mode: "Enabled", provider, parentBasedSampling: { samplingRate: { numerator: 1 } } }),
    ["/tracing/parentBasedSampling/samplingRate"],
  ],
  [
    "an attribute without its source",
    tracing({ mode: "Enabled", provider, attributes: [{ name: "a", sourceType: "Header" }] }),
    ["/tracing/attributes/0/headerName"],
  ],
]);
