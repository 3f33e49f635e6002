import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Compiled, compileYaml, fromAll, gateway, ourClass, route } from "../../../test/compile-status.ts";
import type { HttpListener } from "../../ir/routing-model.ts";

const accepted = ["Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs"];
const refused = (reason: string) => [[`Accepted=False ${reason}`, "ResolvedRefs=True ResolvedRefs"]];
const http = (name: string, extra: string = fromAll) => `{ name: ${name}, port: 80, protocol: HTTP, ${extra} }`;
const toEdge = "parentRefs: [{ name: edge, namespace: infra }]";
const toListener = (name: string) => `parentRefs: [{ name: edge, namespace: infra, sectionName: ${name} }]`;
const namespace = (labels: string) =>
  `apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { ${labels} } }`;
const hosts = (compiled: Compiled) =>
  (compiled.result.routing.gateways[0]?.listeners ?? []).map(
    (listener) =>
      `${listener.name}: ${((listener as HttpListener).virtualHosts ?? []).map(({ hostname }) => hostname).join(" ")}`,
  );
const fixes = (compiled: Compiled) => compiled.result.findings.map(({ fix }) => fix).join("\n");

/** One Gateway with these listeners and one HTTPRoute. */
const attach = (listeners: string, spec: string, ...more: readonly string[]) =>
  compileYaml([ourClass, gateway(listeners), route(spec), ...more]);

describe("attachRoute: parents", () => {
  it("attaches to every listener of the Gateway, and to the named one alone", () => {
    const listeners = `${http("a", `hostname: a.example.com, ${fromAll}`)}, ${http("b", `hostname: b.example.com, ${fromAll}`)}`;
    const all = attach(listeners, toEdge);
    assert.deepEqual(hosts(all), ["a: a.example.com", "b: b.example.com"]);
    assert.deepEqual(all.parents("HTTPRoute/web"), [accepted]);
    const one = attach(listeners, toListener("b"));
    assert.deepEqual(hosts(one), ["a: ", "b: b.example.com"]);
    assert.equal(one.listener("Gateway/edge", "a").attachedRoutes, 0);
    assert.equal(one.listener("Gateway/edge", "b").attachedRoutes, 1);
  });
  it("needs name and port to fit the same listener", () => {
    const compiled = attach(http("a"), "parentRefs: [{ name: edge, namespace: infra, sectionName: a, port: 81 }]");
    assert.deepEqual(compiled.parents("HTTPRoute/web"), refused("NoMatchingParent"));
    assert.deepEqual(compiled.names, ["parent-no-match"]);
    assert.match(fixes(compiled), /port: 80/);
  });
  it("names the listener that a misspelt sectionName must mean", () => {
    const compiled = attach(http("public"), toListener("publik"));
    assert.deepEqual(compiled.names, ["parent-no-match"]);
    assert.match(fixes(compiled), /sectionName: public/);
  });
  it("names the namespace where the Gateway is", () => {
    const compiled = attach(http("a"), "parentRefs: [{ name: edge }]");
    assert.deepEqual(compiled.names, ["parent-missing"]);
    assert.match(fixes(compiled), /namespace: infra/);
    assert.deepEqual(
      compiled.result.status.filter(({ ref }) => ref.kind === "HTTPRoute"),
      [],
    );
  });
  it("says nothing in the status for parents of others, and leaves Services to meshes", () => {
    const compiled = attach(http("a"), "parentRefs: [{ group: '', kind: Service, name: api }]");
    assert.deepEqual(compiled.names, ["parent-kind-unsupported"]);
    assert.deepEqual(attach(http("a"), "useDefaultGateways: All").names, ["route-without-parent"]);
  });
  it("has a status for each of several parents", () => {
    const compiled = compileYaml([
      ourClass,
      gateway(http("a")),
      gateway(http("a", ""), "", "two"),
      route("parentRefs: [{ name: edge, namespace: infra }, { name: two, namespace: infra }]"),
    ]);
    assert.deepEqual(compiled.parents("HTTPRoute/web"), [accepted, ...refused("NotAllowedByListeners")]);
  });
  it("finds listeners of a ListenerSet only through the set", () => {
    const set = `apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: team, namespace: shop }
spec: { parentRef: { name: edge, namespace: infra }, listeners: [{ name: web, port: 8080, protocol: HTTP }] }`;
    const takes = gateway(http("a"), "allowedListeners: { namespaces: { from: All } }");
    const toSet = "parentRefs: [{ kind: ListenerSet, name: team }]";
    const through = compileYaml([ourClass, takes, set, route(toSet)]);
    assert.deepEqual(hosts(through), ["a: ", "web: *"]);
    const wrong = compileYaml([ourClass, takes, set, route(toListener("web"))]);
    assert.deepEqual(wrong.parents("HTTPRoute/web"), refused("NoMatchingParent"));
    assert.match(fixes(wrong), /kind: ListenerSet, namespace: shop, name: team/);
    const closed = compileYaml([ourClass, gateway(http("a")), set, route(toSet)]);
    assert.deepEqual(closed.parents("HTTPRoute/web"), refused("NoMatchingParent"));
    assert.ok(closed.names.includes("parent-not-served"));
  });
});

describe("attachRoute: allowedRoutes", () => {
  const selector = "allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { team: shop } } } }";
  it("keeps other namespaces out by default", () => {
    const compiled = attach(http("a", ""), toEdge);
    assert.deepEqual(compiled.parents("HTTPRoute/web"), refused("NotAllowedByListeners"));
    assert.deepEqual(compiled.names, ["namespace-not-allowed"]);
    assert.equal(compiled.listener("Gateway/edge", "a").attachedRoutes, 0);
  });
  it("admits a namespace with the label, and names the label that is missing", () => {
    assert.deepEqual(attach(http("a", selector), toEdge, namespace("team: shop")).parents("HTTPRoute/web"), [accepted]);
    const compiled = attach(http("a", selector), toEdge, namespace("team: other"));
    assert.deepEqual(compiled.parents("HTTPRoute/web"), refused("NotAllowedByListeners"));
    assert.match(fixes(compiled), /kubectl label namespace shop team=shop/);
  });
  it("says when the Namespace is not in the input", () => {
    const compiled = attach(http("a", selector), toEdge);
    assert.deepEqual(compiled.parents("HTTPRoute/web"), refused("NotAllowedByListeners"));
    assert.match(compiled.result.findings[0]?.message ?? "", /not in the manifests/);
    assert.match(fixes(compiled), /add the Namespace object/);
  });
  it("takes an absent Namespace to fit when every class is adopted, not a present one", () => {
    const documents = [ourClass, gateway(http("a", selector)), route(toEdge)];
    const absent = compileYaml(documents, { adoptClasses: true });
    assert.deepEqual(absent.parents("HTTPRoute/web"), [accepted]);
    assert.deepEqual(absent.names, ["namespace-label-assumed"]);
    const present = compileYaml([...documents, namespace("team: other")], { adoptClasses: true });
    assert.deepEqual(present.parents("HTTPRoute/web"), refused("NotAllowedByListeners"));
  });
  it("knows every namespace by its name", () => {
    const byName =
      "allowedRoutes: { namespaces: { from: Selector, selector: { matchExpressions: [{ key: kubernetes.io/metadata.name, operator: In, values: [shop] }] } } }";
    assert.deepEqual(attach(http("a", byName), toEdge).parents("HTTPRoute/web"), [accepted]);
  });
  it("tells a selector that is missing", () => {
    assert.deepEqual(attach(http("a", "allowedRoutes: { namespaces: { from: Selector } }"), toEdge).names, [
      "listener-selector-missing",
      "namespace-not-allowed",
    ]);
  });
  it("keeps out kinds that the listener does not take", () => {
    const compiled = attach(
      http("a", "allowedRoutes: { namespaces: { from: All }, kinds: [{ kind: GRPCRoute }] }"),
      toEdge,
    );
    assert.deepEqual(compiled.parents("HTTPRoute/web"), refused("NotAllowedByListeners"));
    assert.deepEqual(compiled.names, ["route-kind-not-allowed"]);
  });
  it("counts routes on a listener that does not resolve", () => {
    const compiled = attach(
      `{ name: s, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: none }] }, ${fromAll} }`,
      toEdge,
    );
    assert.deepEqual(compiled.parents("HTTPRoute/web"), [accepted]);
    assert.equal(compiled.listener("Gateway/edge", "s").attachedRoutes, 1);
  });
});

describe("attachRoute: hostnames", () => {
  const wild = http("wild", `hostname: '*.example.com', ${fromAll}`);
  it("refuses a route with no hostname in common, and shows both", () => {
    const compiled = attach(wild, `${toEdge}, hostnames: [example.com]`);
    assert.deepEqual(compiled.parents("HTTPRoute/web"), refused("NoMatchingListenerHostname"));
    assert.deepEqual(compiled.names, ["hostname-no-match"]);
    assert.match(compiled.result.findings[0]?.message ?? "", /serves example.com; .*"wild" \(\*\.example\.com\)/);
    assert.match(fixes(compiled), /\*\.example\.com does not match example\.com/);
  });
  it("serves what is common, and tells the rest", () => {
    const compiled = attach(wild, `${toEdge}, hostnames: [a.example.com, '*.b.example.com', a.example.org]`);
    assert.deepEqual(hosts(compiled), ["wild: a.example.com *.b.example.com"]);
    assert.deepEqual(compiled.names, ["hostname-partly-outside"]);
  });
  it("tells a hostname that a more specific listener takes over", () => {
    const compiled = attach(
      `${wild}, ${http("shop", `hostname: shop.example.com, ${fromAll}`)}`,
      `${toListener("wild")}, hostnames: [shop.example.com]`,
    );
    assert.deepEqual(compiled.parents("HTTPRoute/web"), [accepted]);
    assert.deepEqual(compiled.names, ["hostname-other-listener"]);
    assert.match(fixes(compiled), /"shop"/);
  });
  it("puts the route that asked for the hostname itself before one that did not", () => {
    const rules = (path: string) => `rules: [{ matches: [{ path: { value: ${path} } }] }]`;
    const compiled = compileYaml([
      ourClass,
      gateway(http("a", `hostname: a.example.com, ${fromAll}`)),
      route(`${toEdge}, ${rules("/longest/path")}`, "HTTPRoute", "any"),
      route(`${toEdge}, hostnames: ['*.example.com'], ${rules("/longer")}`, "HTTPRoute", "wild"),
      route(`${toEdge}, hostnames: [a.example.com], ${rules("/x")}`, "HTTPRoute", "own"),
    ]);
    const listener = compiled.result.routing.gateways[0]?.listeners[0] as HttpListener;
    assert.deepEqual(
      listener.virtualHosts.map(({ hostname, entries }) => [hostname, ...entries.map(({ rule }) => rule)]),
      [["a.example.com", "HTTPRoute/shop/own/0", "HTTPRoute/shop/wild/0", "HTTPRoute/shop/any/0"]],
    );
  });
});

describe("attachRoute: streams", () => {
  it("serves the oldest TCPRoute; the other is accepted and told", () => {
    const tcp = (name: string, created: string) =>
      route(toEdge, "TCPRoute", name).replace(`name: ${name},`, `name: ${name}, creationTimestamp: '${created}',`);
    const compiled = compileYaml([
      ourClass,
      gateway(`{ name: t, port: 5432, protocol: TCP, ${fromAll} }`),
      tcp("aa", "2026-02-01T00:00:00Z"),
      tcp("bb", "2026-01-01T00:00:00Z"),
    ]);
    const listener = compiled.result.routing.gateways[0]?.listeners[0];
    assert.equal(listener?.protocol === "TCP" && listener.rule?.name, "bb");
    assert.equal(compiled.listener("Gateway/edge", "t").attachedRoutes, 2);
    assert.equal(compiled.parents("TCPRoute/aa")[0]?.[0], "Accepted=True Accepted");
    assert.deepEqual(compiled.names, ["stream-route-superseded"]);
  });
  it("routes TLS by server name, the most specific first", () => {
    const tls = (name: string, hostname: string) => route(`${toEdge}, hostnames: ['${hostname}']`, "TLSRoute", name);
    const compiled = compileYaml([
      ourClass,
      gateway(
        `{ name: t, port: 443, protocol: TLS, tls: { mode: Passthrough }, hostname: '*.example.com', ${fromAll} }`,
      ),
      tls("wild", "*.example.com"),
      tls("one", "a.example.com"),
    ]);
    const listener = compiled.result.routing.gateways[0]?.listeners[0];
    assert.ok(listener?.protocol === "TLS");
    assert.deepEqual(
      listener.routes.map(({ hostname, rule }) => [hostname, rule.name]),
      [
        ["a.example.com", "one"],
        ["*.example.com", "wild"],
      ],
    );
    assert.deepEqual(compiled.names, []);
  });
  it("keeps a TCPRoute off an HTTP listener", () => {
    const compiled = compileYaml([ourClass, gateway(http("a")), route(toEdge, "TCPRoute")]);
    assert.equal(compiled.parents("TCPRoute/web")[0]?.[0], "Accepted=False NotAllowedByListeners");
  });
});
