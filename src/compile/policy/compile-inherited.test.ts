import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brief, defaultOptions, resourcesOf, service, yaml } from "../../../test/compile-case.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { compile } from "../compile.ts";

const gatewayApi = "gateway.networking.k8s.io";
const to = {
  edge: `{ group: ${gatewayApi}, kind: Gateway, name: edge }`,
  web: `{ group: ${gatewayApi}, kind: Gateway, name: edge, sectionName: web }`,
  cart: `{ group: ${gatewayApi}, kind: HTTPRoute, name: cart }`,
  pay: `{ group: ${gatewayApi}, kind: HTTPRoute, name: cart, sectionName: pay }`,
  shop: "{ group: '', kind: Namespace, name: shop }",
};

const world = [
  `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: ours }
spec: { controllerName: example.com/gateway }`,
  `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  gatewayClassName: ours
  listeners: [{ name: web, port: 80, protocol: HTTP }, { name: admin, port: 81, protocol: HTTP }]`,
  `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop, labels: { team: a } }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - { name: pay, matches: [{ path: { value: /pay } }], backendRefs: [{ name: api, port: 80 }] }
    - { backendRefs: [{ name: api, port: 80 }] }`,
  service("api"),
];

const policy = (
  name: string,
  target: string,
  settings: string,
  { kind = "BackendTrafficPolicy", meta = "", namespace = "shop" } = {},
) =>
  `apiVersion: gateway.sluice.dev/v1alpha1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace}${meta} }
spec: { targetRefs: [${target}], ${settings} }`;

const retry = (count: number) => `retry: { numRetries: ${count} }`;
const merge = "mergeType: StrategicMerge, ";

function run(...policies: readonly string[]) {
  const result = compile(createSnapshot(resourcesOf(yaml(...world, ...policies))), defaultOptions);
  const [gateway] = result.routing.gateways;
  return {
    findings: brief(result.findings).filter((finding) => /^policy-/.test(finding)),
    /** Of each rule of the model: its policies, each with the fields that it gives. */
    rules: Object.fromEntries(
      Object.entries(gateway?.httpRules ?? {}).map(([key, { policies = [], filters }]) => [
        key,
        [
          ...policies.map(({ from, fields }) => `${from.kind} ${from.name} ${fields.join(" ")}`),
          ...filters.map(({ filter }) => filter.kind),
        ],
      ]),
    ),
    listeners: Object.fromEntries(
      (gateway?.listeners ?? []).map(({ name, policies = [] }) => [name, policies.map(({ from }) => from.name)]),
    ),
    /** `Type=Reason: message` of each ancestor, by the policy's name. */
    conditions: Object.fromEntries(
      result.status.flatMap(({ ref, body }) =>
        body.shape === "policy"
          ? [
              [
                ref.name,
                body.ancestors.flatMap(({ conditions }) =>
                  conditions.map(({ type, status, reason, message }) =>
                    type === "Accepted" ? `${type}=${status}/${reason}` : `${type}: ${message}`,
                  ),
                ),
              ],
            ]
          : [],
      ),
    ),
  };
}

const pay = "HTTPRoute/shop/cart/0";
const rest = "HTTPRoute/shop/cart/1";
const accepted = "Accepted=True/Accepted";

describe("policies for rules", () => {
  it("come from the Gateway, and say what nothing serves yet", () => {
    const { rules, conditions, findings } = run(policy("all", to.edge, "dns: { dnsRefreshRate: 5s }"));
    assert.deepEqual(rules, {
      [pay]: ["BackendTrafficPolicy all /dns/dnsRefreshRate"],
      [rest]: ["BackendTrafficPolicy all /dns/dnsRefreshRate"],
    });
    assert.deepEqual(conditions, { all: [accepted] });
    assert.deepEqual(findings, ["policy-field-unserved /spec/dns"]);
  });

  it("of the rule override or are merged over those of the route, and both say so", () => {
    const { rules, conditions } = run(
      policy("all", to.edge, retry(1)),
      policy("route", to.cart, `${merge}timeout: { http: { requestTimeout: 5s } }`),
      policy("rule", to.pay, retry(3)),
    );
    assert.deepEqual(rules, {
      [pay]: ["BackendTrafficPolicy rule /retry/numRetries"],
      [rest]: ["BackendTrafficPolicy all /retry/numRetries", "BackendTrafficPolicy route /timeout/http/requestTimeout"],
    });
    assert.deepEqual(conditions, {
      all: [
        accepted,
        "Merged: More specific policies are merged over this one for HTTPRoute shop/cart.",
        "Overridden: A more specific BackendTrafficPolicy is in force instead for HTTPRoute shop/cart.",
      ],
      route: [
        accepted,
        "Merged: Merged over BackendTrafficPolicy shop/all.",
        "Overridden: A more specific BackendTrafficPolicy is in force instead for HTTPRoute shop/cart.",
      ],
      rule: [accepted],
    });
  });

  it("of a namespace stand between Gateway and route; one that nothing is left to is a finding", () => {
    const { rules, findings } = run(policy("all", to.edge, retry(1)), policy("home", to.shop, retry(2)));
    assert.deepEqual(rules[pay], ["BackendTrafficPolicy home /retry/numRetries"]);
    assert.deepEqual(
      findings.filter((finding) => !/unserved/.test(finding)),
      ["policy-shadowed /spec"],
    );
  });

  it("of a listener are in force on that listener alone, and its rules are others", () => {
    const { rules } = run(policy("web", to.web, retry(1)), policy("all", to.edge, retry(2)));
    const variant = `${pay} Gateway/shop/edge/web`;
    assert.deepEqual(Object.keys(rules).sort(), [pay, variant, rest, `${rest} Gateway/shop/edge/web`].sort());
    assert.deepEqual(rules[variant], ["BackendTrafficPolicy web /retry/numRetries"]);
    assert.deepEqual(rules[pay], ["BackendTrafficPolicy all /retry/numRetries"]);
  });

  it("with one target: the oldest wins, whether it names or selects it, and the other conflicts", () => {
    const selecting = `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: old, namespace: shop, creationTimestamp: "2020-01-01T00:00:00Z" }
spec: { targetSelectors: [{ kind: HTTPRoute, matchLabels: { team: a } }], ${retry(1)} }`;
    const { rules, conditions, findings } = run(selecting, policy("young", to.cart, retry(2)));
    assert.deepEqual(rules[rest], ["BackendTrafficPolicy old /retry/numRetries"]);
    assert.deepEqual(conditions["old"], [accepted]);
    assert.ok(findings.includes("policy-conflicted /spec/targetRefs/0"));
  });

  it("let nothing pass where a SecurityPolicy is not served, and no other policy does that", () => {
    const places =
      "authorization: { rules: [{ action: Allow, principal: { clientIPGeoLocations: [{ country: DE }] } }] }";
    const security = policy("auth", to.pay, places, { kind: "SecurityPolicy" });
    const { rules, conditions, findings } = run(security, policy("all", to.edge, retry(1)));
    assert.deepEqual(conditions["auth"], ["Accepted=False/Invalid"]);
    assert.ok(findings.some((finding) => finding.startsWith("policy-field-unsafe /spec/authorization")));
    assert.deepEqual(rules, {
      [pay]: [
        "SecurityPolicy auth /authorization/rules",
        "BackendTrafficPolicy all /retry/numRetries",
        "directResponse",
      ],
      [rest]: ["BackendTrafficPolicy all /retry/numRetries"],
    });
  });

  it("reach another namespace by a grant alone", () => {
    const home = policy("home", to.shop, retry(1), { namespace: "infra" });
    const refused = run(home);
    assert.deepEqual(refused.rules[rest], []);
    assert.ok(refused.findings.includes("policy-target-not-permitted /spec/targetRefs/0/name"));
    const grant = `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: policies, namespace: shop }
spec:
  from: [{ group: gateway.sluice.dev, kind: BackendTrafficPolicy, namespace: infra }]
  to: [{ group: "", kind: Namespace }]`;
    assert.deepEqual(run(home, grant).rules[rest], ["BackendTrafficPolicy home /retry/numRetries"]);
  });

  it("say what is wrong with their targets", () => {
    const of = (target: string) => run(policy("p", target, retry(1))).findings.filter((one) => !/unserved/.test(one));
    assert.deepEqual(of(to.cart.replace("cart", "card")), ["policy-target-not-found /spec/targetRefs/0/name"]);
    assert.deepEqual(of(to.pay.replace("pay", "buy")), ["policy-section-not-found /spec/targetRefs/0/sectionName"]);
    assert.deepEqual(of(to.web.replace("web", "tls")), ["policy-section-not-found /spec/targetRefs/0/sectionName"]);
    assert.deepEqual(of("{ group: '', kind: Secret, name: x }"), [
      "policy-target-kind-unsupported /spec/targetRefs/0/kind",
    ]);
    const selector = `apiVersion: gateway.sluice.dev/v1alpha1
kind: ClientTrafficPolicy
metadata: { name: p, namespace: shop }
spec: { targetSelectors: [{ kind: HTTPRoute, matchLabels: { team: a } }] }`;
    assert.deepEqual(run(selector).findings, ["policy-target-kind-unsupported /spec/targetSelectors/0/kind"]);
  });

  it("are unused while no route is attached where they apply", () => {
    const lonely = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: lonely, namespace: shop }
spec: { rules: [{ backendRefs: [{ name: api, port: 80 }] }] }`;
    const { findings, conditions } = run(lonely, policy("p", to.cart.replace("cart", "lonely"), retry(1)));
    assert.ok(findings.includes("policy-unused /spec"));
    assert.deepEqual(conditions["p"], []);
  });
});

describe("policies for listeners", () => {
  it("are in force on all listeners of their Gateway, or on the one that they name", () => {
    const kind = { kind: "ClientTrafficPolicy" };
    const idle = "timeout: { http: { idleTimeout: 5s } }";
    const { listeners, rules, conditions } = run(policy("all", to.edge, idle, kind), policy("web", to.web, idle, kind));
    assert.deepEqual(listeners, { web: ["web"], admin: ["all"] });
    assert.deepEqual(Object.values(rules), [[], []]);
    assert.deepEqual(conditions["all"], [
      "Accepted=True/Accepted",
      "Overridden: A more specific ClientTrafficPolicy is in force instead for listener Gateway/shop/edge/web.",
    ]);
  });
});
