import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileYaml, fromAll, gateway, ourClass, route } from "../../../test/compile-status.ts";
import { makeCertificate, tlsSecret } from "../../../test/test-certificate.ts";

const http = "{ name: http, port: 80, protocol: HTTP }";
const own = makeCertificate({ names: ["shop.example.com"] });
const secret = tlsSecret("cert", "infra", { crt: own.certPem, key: own.keyPem });
const https = (extra = "", tls = "certificateRefs: [{ name: cert }]") =>
  `{ name: https, port: 443, protocol: HTTPS, tls: { ${tls} }${extra} }`;
const open = ["Accepted=True Accepted", "Programmed=Unknown Pending", "ResolvedRefs=True ResolvedRefs"];
const openListener = [...open, "Conflicted=False NoConflicts"];
const refused = (reason: string) => [
  `Accepted=False ${reason}`,
  `Programmed=False ${reason}`,
  "ResolvedRefs=True ResolvedRefs",
  `Conflicted=True ${reason}`,
];
function listenerSet(name: string, listeners: string, extra = "", namespace = "shop"): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: ${name}, namespace: ${namespace}${extra} }
spec: { parentRef: { name: edge, namespace: infra }, listeners: [${listeners}] }`;
}
const takesSets = "allowedListeners: { namespaces: { from: All } }";

describe("compile: GatewayClass", () => {
  it("accepts a class of ours and lists the features in order", () => {
    const compiled = compileYaml([ourClass], { supportedFeatures: ["HTTPRoute", "Gateway"] });
    assert.deepEqual(compiled.conditions("GatewayClass/ours"), [
      "Accepted=True Accepted",
      "SupportedVersion=True SupportedVersion",
    ]);
    const body = compiled.body("GatewayClass/ours");
    assert.deepEqual(body.shape === "gatewayClass" && body.supportedFeatures, ["Gateway", "HTTPRoute"]);
  });
  it("leaves the class of another controller and its Gateways alone", () => {
    const compiled = compileYaml([ourClass.replace("example.com/gateway", "other.example/x"), gateway(http)]);
    assert.deepEqual(compiled.result.status, []);
    assert.deepEqual(compiled.result.routing.gateways, []);
    assert.deepEqual(compiled.names, ["gateway-class-foreign"]);
  });
  it("serves every class when told to adopt them, and says so once a class", () => {
    const compiled = compileYaml([gateway(http), gateway(http, "", "two")], { adoptClasses: true });
    assert.deepEqual(
      compiled.result.routing.gateways.map(({ key }) => key),
      ["infra/edge", "infra/two"],
    );
    assert.deepEqual(compiled.names, ["gateway-class-adopted"]);
  });
  it("names the class that a misspelt one must mean", () => {
    const compiled = compileYaml([ourClass, gateway(http).replace("gatewayClassName: ours", "gatewayClassName: our")]);
    assert.deepEqual(compiled.names, ["gateway-class-missing"]);
    assert.match(compiled.result.findings[0]?.fix ?? "", /gatewayClassName: ours/);
  });
  it("does not accept parameters that it cannot read, and its Gateways wait", () => {
    const withParameters = ourClass.replace(
      "gateway }",
      "gateway, parametersRef: { group: acme.io, kind: Config, name: x } }",
    );
    const compiled = compileYaml([withParameters, gateway(http)]);
    assert.equal(compiled.conditions("GatewayClass/ours")[0], "Accepted=False InvalidParameters");
    assert.equal(compiled.conditions("Gateway/edge")[0], "Accepted=Unknown Pending");
    assert.deepEqual(compiled.result.routing.gateways, []);
    assert.deepEqual(compiled.names, ["gateway-class-not-accepted", "gateway-class-parameters-invalid"]);
    const adopted = compileYaml([withParameters.replace("example.com/", "other.example/"), gateway(http)], {
      adoptClasses: true,
    });
    assert.deepEqual(adopted.names, ["gateway-class-adopted", "parameters-ignored"]);
  });
  it("says when a field is newer than the installed CRD", () => {
    const crd = (version: string) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gateways.gateway.networking.k8s.io, annotations: { gateway.networking.k8s.io/bundle-version: ${version} } }
spec: { group: gateway.networking.k8s.io, names: { kind: Gateway } }`;
    const compiled = compileYaml([ourClass, gateway(http, "defaultScope: All"), crd("v1.3.0")]);
    assert.deepEqual(
      compiled.result.findings.map(({ name, pointer }) => [name, pointer]),
      [["field-newer-than-crd", "/spec/defaultScope"]],
    );
    assert.deepEqual(compileYaml([ourClass, gateway(http, "defaultScope: All"), crd("v1.4.0")]).names, []);
  });
  it("says when CRDs of a release that is not known are installed", () => {
    const crd = (version: string) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gateways.gateway.networking.k8s.io, annotations: { gateway.networking.k8s.io/bundle-version: ${version} } }
spec: { group: gateway.networking.k8s.io, names: { kind: Gateway } }`;
    const compiled = compileYaml([ourClass, crd("v1.8.0")]);
    assert.deepEqual(compiled.conditions("GatewayClass/ours"), [
      "Accepted=True Accepted",
      "SupportedVersion=False UnsupportedVersion",
    ]);
    assert.deepEqual(compiled.names, ["api-version-unsupported"]);
    assert.deepEqual(compileYaml([ourClass, crd("v1.2.1")]).names, []);
  });
});

describe("compile: Gateway", () => {
  it("is valid and waits for the data plane", () => {
    const compiled = compileYaml([ourClass, gateway(http)]);
    assert.deepEqual(compiled.conditions("Gateway/edge"), open);
    assert.deepEqual(compiled.conditions("Gateway/edge", "http"), openListener);
    assert.deepEqual(
      compiled.listener("Gateway/edge", "http").supportedKinds.map(({ kind }) => kind),
      ["HTTPRoute", "GRPCRoute"],
    );
    assert.deepEqual(compiled.names, []);
  });
  it("is refused for parameters that do not exist, and not served", () => {
    const compiled = compileYaml([
      ourClass,
      gateway(http, "infrastructure: { parametersRef: { group: '', kind: ConfigMap, name: x } }"),
    ]);
    assert.deepEqual(compiled.conditions("Gateway/edge").slice(0, 2), [
      "Accepted=False InvalidParameters",
      "Programmed=False Invalid",
    ]);
    assert.equal(compiled.conditions("Gateway/edge", "http")[1], "Programmed=False Invalid");
    assert.deepEqual(compiled.names, ["gateway-parameters-invalid"]);
    assert.deepEqual(compiled.result.routing.gateways, []);
  });
  it("is refused for a kind of address that is not supported, and binds IP addresses", () => {
    const compiled = compileYaml([ourClass, gateway(http, "addresses: [{ type: Hostname, value: a.example.com }]")]);
    assert.equal(compiled.conditions("Gateway/edge")[0], "Accepted=False UnsupportedAddress");
    assert.deepEqual(compiled.names, ["gateway-address-unsupported"]);
    const bound = compileYaml([
      ourClass,
      gateway(http, "addresses: [{ value: 127.0.0.1, routability: Cluster }, { type: IPAddress }]"),
    ]);
    assert.deepEqual(bound.result.routing.gateways[0]?.addresses, ["127.0.0.1"]);
    assert.deepEqual(bound.names, ["gateway-address-routability-ignored"]);
  });
  it("is accepted with a listener that is not, and refused when none is", () => {
    const some = compileYaml([ourClass, gateway(`${http}, { name: odd, port: 81, protocol: acme.io/odd }`)]);
    assert.equal(some.conditions("Gateway/edge")[0], "Accepted=True ListenersNotValid");
    assert.deepEqual(some.conditions("Gateway/edge", "odd").slice(0, 2), [
      "Accepted=False UnsupportedProtocol",
      "Programmed=False Invalid",
    ]);
    assert.deepEqual(some.listener("Gateway/edge", "odd").supportedKinds, []);
    const none = compileYaml([ourClass, gateway("{ name: odd, port: 81, protocol: http }")]);
    assert.equal(none.conditions("Gateway/edge")[0], "Accepted=False ListenersNotValid");
    assert.deepEqual(none.names, ["gateway-no-usable-listener", "listener-protocol-unsupported"]);
    assert.match(none.result.findings[1]?.fix ?? "", /protocol: HTTP/);
  });
  it("resolves its client certificate, and says why it does not", () => {
    const ref = (extra = "") => `tls: { backend: { clientCertificateRef: { name: cert${extra} } } }`;
    const compiled = compileYaml([ourClass, gateway(http, ref())]);
    assert.equal(compiled.conditions("Gateway/edge")[2], "ResolvedRefs=False InvalidClientCertificateRef");
    assert.equal(compiled.conditions("Gateway/edge")[0], "Accepted=True Accepted");
    assert.deepEqual(compiled.names, ["client-certificate-invalid"]);
    const elsewhere = compileYaml([ourClass, gateway(http, ref(", namespace: shop"))]);
    assert.equal(elsewhere.conditions("Gateway/edge")[2], "ResolvedRefs=False RefNotPermitted");
    assert.deepEqual(elsewhere.names, ["client-certificate-not-permitted"]);
    assert.deepEqual(compileYaml([ourClass, secret, gateway(http, ref())]).names, []);
  });
});

describe("compile: conflicts between listeners", () => {
  const two = (a: string, b: string) =>
    compileYaml([ourClass, secret, gateway(`{ name: a, ${a} }, { name: b, ${b} }`)]);
  for (const [title, a, b, reason] of [
    [
      "HTTP and HTTPS on one port",
      "port: 80, protocol: HTTP",
      "port: 80, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] }",
      "ProtocolConflict",
    ],
    [
      "TCP and HTTP on one port",
      "port: 80, protocol: HTTP, hostname: a.example.com",
      "port: 80, protocol: TCP",
      "ProtocolConflict",
    ],
    [
      "TLS of both modes on one port",
      "port: 443, protocol: TLS, hostname: a.example.com, tls: { mode: Passthrough }",
      "port: 443, protocol: HTTPS, hostname: b.example.com, tls: { certificateRefs: [{ name: cert }] }",
      "ProtocolConflict",
    ],
  ] as const) {
    it(`${title}: neither is served`, () => {
      const compiled = two(a, b);
      assert.deepEqual(compiled.conditions("Gateway/edge", "a"), refused(reason));
      assert.deepEqual(compiled.conditions("Gateway/edge", "b"), refused(reason));
      assert.equal(compiled.conditions("Gateway/edge")[0], "Accepted=False ListenersNotValid");
      assert.ok(compiled.names.includes("listener-protocol-conflict"));
    });
  }
  for (const [title, a, b] of [
    ["different hostnames", "port: 80, protocol: HTTP, hostname: a.example.com", "port: 80, protocol: HTTP"],
    ["TCP and UDP", "port: 53, protocol: TCP", "port: 53, protocol: UDP"],
    ["different ports", "port: 80, protocol: HTTP", "port: 81, protocol: HTTP"],
    ["a protocol that is not served", "port: 80, protocol: HTTP", "port: 80, protocol: acme.io/odd"],
  ] as const) {
    it(`${title} go together`, () => {
      assert.deepEqual(two(a, b).conditions("Gateway/edge", "a"), openListener);
    });
  }
  it("tells TLS listeners that overlap", () => {
    const tls = "protocol: HTTPS, port: 443, tls: { certificateRefs: [{ name: cert }] }";
    const compiled = two(`${tls}, hostname: '*.example.com'`, `${tls}, hostname: shop.example.com`);
    assert.equal(compiled.conditions("Gateway/edge", "a")[4], "OverlappingTLSConfig=True OverlappingHostnames");
    assert.equal(compiled.conditions("Gateway/edge", "b")[4], "OverlappingTLSConfig=True OverlappingHostnames");
    assert.deepEqual(compiled.names, ["listener-tls-overlap", "listener-tls-overlap"]);
  });
});

describe("compile: kinds of route on a listener", () => {
  const kinds = (list: string, protocol = "HTTP") =>
    compileYaml([
      ourClass,
      gateway(`{ name: x, port: 80, protocol: ${protocol}, allowedRoutes: { kinds: [${list}] } }`),
    ]);
  it("keeps the valid ones and says which is not", () => {
    const compiled = kinds("{ kind: HTTPRoute }, { kind: TCPRoute }");
    assert.deepEqual(compiled.listener("Gateway/edge", "x").supportedKinds, [
      { group: "gateway.networking.k8s.io", kind: "HTTPRoute" },
    ]);
    assert.equal(compiled.conditions("Gateway/edge", "x")[2], "ResolvedRefs=False InvalidRouteKinds");
    assert.equal(compiled.conditions("Gateway/edge")[2], "ResolvedRefs=False ListenersNotResolved");
    assert.equal(compiled.result.routing.gateways[0]?.listeners.length, 1);
    assert.deepEqual(compiled.names, ["listener-route-kinds-invalid"]);
  });
  it("does not open a listener that nothing can attach to", () => {
    const compiled = kinds("{ group: acme.io, kind: HTTPRoute }");
    assert.deepEqual(compiled.listener("Gateway/edge", "x").supportedKinds, []);
    assert.deepEqual(compiled.result.routing.gateways[0]?.listeners, []);
  });
  it("refuses to terminate TLS for TLSRoutes unless the data plane can", () => {
    const terminating = gateway("{ name: x, port: 443, protocol: TLS, tls: { certificateRefs: [{ name: cert }] } }");
    const compiled = compileYaml([ourClass, secret, terminating]);
    assert.equal(compiled.conditions("Gateway/edge", "x")[0], "Accepted=False UnsupportedValue");
    assert.ok(compiled.names.includes("listener-value-unsupported"));
    const able = compileYaml([ourClass, secret, terminating], { supportedFeatures: ["TLSRouteModeTerminate"] });
    assert.equal(able.conditions("Gateway/edge", "x")[0], "Accepted=True Accepted");
  });
});

describe("compile: ListenerSets", () => {
  const web = "{ name: web, port: 8080, protocol: HTTP }";
  it("have no filters on a listener without requests; the others are served", () => {
    const filters = "filters: { requests: [{ type: ExtensionRef, extensionRef: { group: a.io, kind: F, name: f } }] }";
    const set = listenerSet("team", `${web}, { name: db, port: 5432, protocol: TCP, ${filters} }`);
    const compiled = compileYaml([ourClass, gateway(http, takesSets), set]);
    assert.equal(compiled.conditions("ListenerSet/team", "db")[0], "Accepted=False UnsupportedValue");
    assert.deepEqual(compiled.conditions("ListenerSet/team", "web"), openListener);
    assert.ok(compiled.names.includes("listener-value-unsupported"));
  });
  it("are refused unless the Gateway takes them", () => {
    const compiled = compileYaml([ourClass, gateway(http), listenerSet("team", web)]);
    assert.deepEqual(compiled.conditions("ListenerSet/team"), [
      "Accepted=False NotAllowed",
      "Programmed=False NotAllowed",
    ]);
    assert.deepEqual(compiled.names, ["listener-set-not-allowed"]);
  });
  it("add their listeners to the Gateway's and are counted", () => {
    const compiled = compileYaml([ourClass, gateway(http, takesSets), listenerSet("team", web)]);
    assert.deepEqual(compiled.conditions("ListenerSet/team"), open);
    assert.deepEqual(compiled.conditions("ListenerSet/team", "web"), openListener);
    const body = compiled.body("Gateway/edge");
    assert.equal(body.shape === "gateway" && body.attachedListenerSets, 1);
    assert.deepEqual(
      compiled.result.routing.gateways[0]?.listeners.map(({ key }) => key),
      ["Gateway/infra/edge/http", "ListenerSet/shop/team/web"],
    );
  });
  it("lose against the Gateway and against older sets, which are served", () => {
    const compiled = compileYaml([
      ourClass,
      gateway(http, takesSets),
      listenerSet("new", `${http.replace("http,", "mine,")}, ${web}`, ", creationTimestamp: '2026-02-01T00:00:00Z'"),
      listenerSet("old", web, ", creationTimestamp: '2026-01-01T00:00:00Z'"),
    ]);
    assert.deepEqual(compiled.conditions("Gateway/edge", "http"), openListener);
    assert.deepEqual(compiled.conditions("ListenerSet/old", "web"), openListener);
    assert.deepEqual(compiled.conditions("ListenerSet/new", "mine"), refused("HostnameConflict"));
    assert.deepEqual(compiled.conditions("ListenerSet/new", "web"), refused("HostnameConflict"));
    assert.deepEqual(compiled.conditions("ListenerSet/new").slice(0, 2), [
      "Accepted=False ListenersNotValid",
      "Programmed=False ListenersNotValid",
    ]);
    const body = compiled.body("Gateway/edge");
    assert.equal(body.shape === "gateway" && body.attachedListenerSets, 1);
    assert.deepEqual(compiled.names, [
      "listener-set-no-usable-listener",
      "listener-hostname-conflict",
      "listener-hostname-conflict",
    ]);
  });
  it("has a listener that lost to another object spoil nothing in its own", () => {
    const compiled = compileYaml([
      ourClass,
      gateway("{ name: http, port: 80, protocol: HTTP, hostname: a.example.com }", takesSets),
      listenerSet(
        "team",
        "{ name: web, port: 80, protocol: HTTP, hostname: b.example.com }, { name: raw, port: 80, protocol: TCP }",
      ),
      listenerSet("late", "{ name: raw, port: 80, protocol: TCP }"),
    ]);
    assert.deepEqual(compiled.conditions("ListenerSet/team", "web"), openListener);
    assert.deepEqual(compiled.conditions("ListenerSet/team", "raw"), refused("ProtocolConflict"));
    assert.deepEqual(compiled.conditions("ListenerSet/late")[0], "Accepted=False ListenersNotValid");
  });
  it("is not accepted when none of its listeners can be opened", () => {
    const compiled = compileYaml([ourClass, gateway(http, takesSets), listenerSet("team", https())]);
    assert.deepEqual(compiled.conditions("ListenerSet/team").slice(0, 2), [
      "Accepted=False ListenersNotValid",
      "Programmed=False ListenersNotValid",
    ]);
    const body = compiled.body("Gateway/edge");
    assert.equal(body.shape === "gateway" && body.attachedListenerSets, 0);
  });
  it("are refused with their Gateway", () => {
    const compiled = compileYaml([
      ourClass,
      gateway(http, `${takesSets}, addresses: [{ type: NamedAddress, value: x }]`),
      listenerSet("team", web),
    ]);
    assert.equal(compiled.conditions("ListenerSet/team")[0], "Accepted=False ParentNotAccepted");
    assert.ok(compiled.names.includes("listener-set-parent-not-accepted"));
  });
  it("hear when their Gateway does not exist, and where it does", () => {
    const compiled = compileYaml([ourClass, gateway(http), listenerSet("team", web).replace(", namespace: infra", "")]);
    assert.deepEqual(compiled.names, ["listener-set-parent-missing"]);
    assert.match(compiled.result.findings[0]?.fix ?? "", /namespace: infra/);
  });
});

describe("compile: certificates", () => {
  const compileTls = (listener: string, ...more: readonly string[]) =>
    compileYaml([ourClass, gateway(`${http}, ${listener}`), ...more]);
  const resolved = (compiled: ReturnType<typeof compileTls>) => compiled.conditions("Gateway/edge", "https")[2];
  it("serves a certificate and hands its material out under the key that the model names", () => {
    const compiled = compileTls(https(), secret);
    assert.deepEqual(compiled.conditions("Gateway/edge", "https"), openListener);
    assert.deepEqual(compiled.names, []);
    const listener = compiled.result.routing.gateways[0]?.listeners[1];
    assert.ok(listener?.protocol === "HTTPS" && listener.tls);
    assert.deepEqual(
      listener.tls.certificates.map(({ key, names }) => [key, names]),
      [["Secret/infra/cert", ["shop.example.com"]]],
    );
    assert.equal(listener.tls.minVersion, "TLSv1.2");
    assert.deepEqual(compiled.result.secrets.get("Secret/infra/cert"), {
      kind: "certificate",
      chainPem: own.certPem,
      keyPem: own.keyPem,
    });
    assert.doesNotMatch(JSON.stringify(compiled.result), /PRIVATE KEY/);
  });
  it("tells a missing Secret, and keeps the port closed", () => {
    const compiled = compileTls(https());
    assert.equal(resolved(compiled), "ResolvedRefs=False InvalidCertificateRef");
    assert.equal(compiled.conditions("Gateway/edge", "https")[0], "Accepted=True Accepted");
    assert.equal(compiled.conditions("Gateway/edge", "https")[1], "Programmed=False Invalid");
    assert.deepEqual(compiled.names, ["certificate-missing"]);
    assert.deepEqual(
      compiled.result.routing.gateways[0]?.listeners.map(({ name }) => name),
      ["http"],
    );
  });
  it("tells a certificate that lies in another namespace", () => {
    const compiled = compileTls(https(), secret.replace("namespace: infra", "namespace: shop"));
    assert.deepEqual(compiled.names, ["certificate-elsewhere"]);
    assert.match(compiled.result.findings[0]?.message ?? "", /Secret shop\/cert does/);
  });
  it("wants a grant for a Secret in another namespace", () => {
    const shop = secret.replace("namespace: infra", "namespace: shop");
    const elsewhere = https("", "certificateRefs: [{ name: cert, namespace: shop }]");
    const compiled = compileTls(elsewhere, shop);
    assert.equal(resolved(compiled), "ResolvedRefs=False RefNotPermitted");
    assert.deepEqual(compiled.names, ["certificate-not-permitted"]);
    const grant = `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: allow, namespace: shop }
spec: { from: [{ group: gateway.networking.k8s.io, kind: Gateway, namespace: infra }], to: [{ group: '', kind: Secret }] }`;
    assert.deepEqual(compileTls(elsewhere, shop, grant).names, []);
  });
  it("tells a Secret that is none, a key that is another's, and a kind that is not read", () => {
    const opaque =
      "apiVersion: v1\nkind: Secret\nmetadata: { name: cert, namespace: infra }\nstringData: { password: x }";
    const other = makeCertificate();
    for (const documents of [
      [opaque],
      [tlsSecret("cert", "infra", { crt: own.certPem, key: other.keyPem })],
      [tlsSecret("cert", "infra", { crt: "x", key: "y" })],
    ]) {
      assert.deepEqual(compileTls(https(), ...documents).names, ["certificate-invalid"]);
    }
    assert.deepEqual(
      compileTls(https("", "certificateRefs: [{ group: acme.io, kind: Vault, name: cert }]"), secret).names,
      ["certificate-invalid"],
    );
  });
  it("wants a certificate for HTTPS, and takes a stand-in with --self-signed", () => {
    const bare = "{ name: https, port: 443, protocol: HTTPS }";
    assert.deepEqual(compileTls(bare).names, ["certificate-none"]);
    const standIn = tlsSecret("edge.https.self-signed", "infra", { crt: own.certPem, key: own.keyPem });
    assert.deepEqual(compileYaml([ourClass, gateway(bare), standIn], { selfSigned: true }).names, []);
  });
  for (const [name, certificate] of [
    ["certificate-expired", { to: "2026-05-01T00:00:00Z" }],
    ["certificate-expires-soon", { to: "2026-06-10T00:00:00Z" }],
    ["certificate-not-yet-valid", { from: "2026-07-01T00:00:00Z" }],
    ["certificate-wrong-hostname", { names: ["api.example.com"] }],
    [
      "certificate-chain-incomplete",
      { issuer: makeCertificate({ commonName: "CA" }), issuerUrl: "http://ca.example/ca.crt" },
    ],
  ] as const) {
    it(`${name}: serves it all the same`, () => {
      const made = makeCertificate({ names: ["shop.example.com"], ...certificate });
      const compiled = compileTls(
        https(", hostname: shop.example.com"),
        tlsSecret("cert", "infra", { crt: made.certPem, key: made.keyPem }),
      );
      assert.deepEqual(compiled.names, [name]);
      assert.deepEqual(compiled.conditions("Gateway/edge", "https"), openListener);
    });
  }
  it("reads the lowest TLS version, refuses one that it does not know, and tells other options", () => {
    const withOption = (option: string) =>
      compileTls(https("", `certificateRefs: [{ name: cert }], options: { ${option} }`), secret);
    const strict = withOption("sluice.dev/tls-min-version: '1.3'");
    const listener = strict.result.routing.gateways[0]?.listeners[1];
    assert.equal(listener?.protocol === "HTTPS" && listener.tls?.minVersion, "TLSv1.3");
    const odd = withOption("sluice.dev/tls-min-version: '1.1'");
    assert.deepEqual(odd.names, ["tls-option-invalid"]);
    assert.equal(odd.conditions("Gateway/edge", "https")[0], "Accepted=False UnsupportedValue");
    assert.deepEqual(withOption("acme.io/ciphers: x").names, ["tls-option-unknown"]);
  });
});

describe("compile: client certificates", () => {
  const ca = `apiVersion: v1
kind: ConfigMap
metadata: { name: ca, namespace: infra }
data: { ca.crt: ${JSON.stringify(own.certPem)} }`;
  const checked = (refs: string, extra = "", more: readonly string[] = []) =>
    compileYaml([
      ourClass,
      secret,
      gateway(
        `${http}, ${https()}`,
        `tls: { frontend: { default: { validation: { caCertificateRefs: [${refs}]${extra} } } } }`,
      ),
      ...more,
    ]);
  it("are asked for on HTTPS listeners and checked against the bundle", () => {
    const compiled = checked("{ group: '', kind: ConfigMap, name: ca }", "", [ca]);
    const listener = compiled.result.routing.gateways[0]?.listeners[1];
    assert.ok(listener?.protocol === "HTTPS");
    assert.equal(listener.tls?.clientValidation?.mode, "allowValidOnly");
    assert.deepEqual(compiled.result.secrets.keys(), ["ConfigMap/infra/ca#ca", "Secret/infra/cert"]);
    assert.deepEqual(compiled.names, []);
  });
  for (const [name, ref, reason] of [
    ["client-ca-invalid", "{ group: '', kind: ConfigMap, name: none }", "InvalidCACertificateRef"],
    ["client-ca-kind-unsupported", "{ group: acme.io, kind: Bundle, name: ca }", "InvalidCACertificateKind"],
    ["client-ca-not-permitted", "{ group: '', kind: ConfigMap, name: ca, namespace: shop }", "RefNotPermitted"],
  ] as const) {
    it(`${name}: closes HTTPS listeners only when no bundle is left`, () => {
      const none = checked(ref, "", [ca]);
      assert.deepEqual(none.conditions("Gateway/edge", "https").slice(0, 3), [
        "Accepted=False NoValidCACertificate",
        "Programmed=False Invalid",
        `ResolvedRefs=False ${reason}`,
      ]);
      assert.deepEqual(none.conditions("Gateway/edge", "http"), openListener);
      assert.deepEqual([...none.names].sort(), [name, "client-ca-none"].sort());
      const some = checked(`${ref}, { group: '', kind: ConfigMap, name: ca }`, "", [ca]);
      assert.deepEqual(some.conditions("Gateway/edge", "https").slice(0, 3), [
        "Accepted=True Accepted",
        "Programmed=Unknown Pending",
        `ResolvedRefs=False ${reason}`,
      ]);
    });
  }
  it("may be waived, which the Gateway's status says", () => {
    const compiled = checked("{ group: '', kind: ConfigMap, name: ca }", ", mode: AllowInsecureFallback", [ca]);
    assert.equal(compiled.conditions("Gateway/edge")[3], "InsecureFrontendValidationMode=True ConfigurationChanged");
    assert.deepEqual(compiled.names, ["frontend-validation-insecure"]);
  });
  it("follow the port's own setting", () => {
    const compiled = compileYaml([
      ourClass,
      secret,
      ca,
      gateway(
        `${http}, ${https()}`,
        "tls: { frontend: { default: { validation: { caCertificateRefs: [{ group: '', kind: ConfigMap, name: ca }] } }, perPort: [{ port: 443, tls: {} }] } }",
      ),
    ]);
    const listener = compiled.result.routing.gateways[0]?.listeners[1];
    assert.ok(listener?.protocol === "HTTPS" && listener.tls);
    assert.equal(listener.tls.clientValidation, undefined);
  });
});

it("compile: default Gateways take routes that ask for one, and say so", () => {
  const listeners = `{ name: http, port: 80, protocol: HTTP, ${fromAll} }`;
  const compiled = compileYaml([
    ourClass,
    gateway(listeners, "defaultScope: All"),
    gateway(listeners, "", "two"),
    route("useDefaultGateways: All"),
  ]);
  assert.equal(compiled.conditions("Gateway/edge")[3], "DefaultGateway=True DefaultGateway");
  assert.equal(compiled.listener("Gateway/edge", "http").attachedRoutes, 1);
  assert.equal(compiled.listener("Gateway/two", "http").attachedRoutes, 0);
  assert.deepEqual(compiled.parents("HTTPRoute/web"), [["Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs"]]);
});
