import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JsonObject } from "../../resource/json.ts";
import { effectivePolicy, findLevels, type InheritedPolicy } from "./effective-policy.ts";
import { fieldSources, type MergeType } from "./merge-specs.ts";
import { listenerLevels, routeLevels } from "./policy-levels.ts";
import type { AttachmentRules, TargetFields } from "./policy-target.ts";

const gatewayApi = "gateway.networking.k8s.io";
const to = {
  gateway: { group: gatewayApi, kind: "Gateway", name: "edge" },
  listener: { group: gatewayApi, kind: "Gateway", name: "edge", sectionName: "web" },
  set: { group: gatewayApi, kind: "ListenerSet", name: "extra" },
  namespace: { group: "", kind: "Namespace", name: "shop" },
  route: { group: gatewayApi, kind: "HTTPRoute", name: "cart" },
  rule: { group: gatewayApi, kind: "HTTPRoute", name: "cart", sectionName: "pay" },
};

type Fields = TargetFields & JsonObject & { readonly mergeType?: MergeType };

function policy(name: string, spec: Fields, { namespace = "shop", created = "2026-01-01T00:00:00Z" } = {}) {
  const metadata = { namespace, name, creationTimestamp: created };
  return { apiVersion: "policy.example/v1", kind: "RetryPolicy", metadata, spec } satisfies InheritedPolicy;
}

const strict: AttachmentRules = {
  allows: ({ from }, { home, namespace }) => from === "All" || (from === "Same" && home === namespace),
  grants: () => false,
};

const shop = { namespace: "shop", labels: () => ({ team: "shop" }) };
const listener = {
  gateway: { ...shop, name: "edge" },
  listenerSet: undefined as (typeof shop & { name: string }) | undefined,
  listener: "web",
};
const route = { kind: "HTTPRoute", route: { ...shop, name: "cart" }, namespaceLabels: () => ({ tier: "gold" }) };

function levels(policies: readonly InheritedPolicy[], { rules = strict, at = listener, rule = "pay" } = {}) {
  return findLevels([...listenerLevels(at), ...routeLevels(route, rule)], () => policies, rules);
}

function inForce(policies: readonly InheritedPolicy[], options: Parameters<typeof levels>[1] = {}) {
  const effective = effectivePolicy(levels(policies, options), { "/rules": "name" });
  const names = (some: readonly InheritedPolicy[]) => some.map(({ metadata }) => metadata.name).join(" ");
  return {
    inForce: names(effective?.inForce ?? []),
    overridden: names(effective?.overridden ?? []),
    spec: effective?.traced.spec,
    fields: effective
      ? fieldSources(effective.traced).map(
          ({ field, from }) => `${field} ${from.policy.metadata.name}${from.pointer.slice("/spec".length)}`,
        )
      : [],
  };
}

describe("effectivePolicy", () => {
  const onGateway = policy("gateway", { targetRef: to.gateway, count: 1, wait: 1 });
  const onListener = policy("listener", { targetRefs: [to.listener], count: 2 });
  const onNamespace = policy("namespace", { targetRefs: [to.namespace], count: 3, rules: [{ name: "a", cost: 1 }] });
  const onRoute = policy("route", { targetRefs: [to.gateway, to.route], count: 4 });
  const onRule = policy("rule", { targetRefs: [to.rule], count: 5 });

  it("is that of the most specific target: rule, route, namespace, listener, Gateway", () => {
    const all = [onGateway, onListener, onNamespace, onRoute, onRule];
    for (const [place, name] of ["gateway", "listener", "namespace", "route", "rule"].entries()) {
      const found = inForce(all.slice(0, place + 1).toReversed());
      assert.equal(found.inForce, name);
      assert.deepEqual(found.spec?.["count"], place + 1);
      assert.equal(found.spec?.["targetRef"], undefined);
    }
    assert.equal(inForce(all).overridden, "gateway listener namespace route");
    assert.deepEqual(inForce([]), { inForce: "", overridden: "", spec: undefined, fields: [] });
  });

  it("is that of the route where the rule has no name, or another", () => {
    assert.equal(inForce([onRoute, onRule], { rule: "other" }).inForce, "route");
  });

  it("on a listener of a ListenerSet comes from the Gateway, the ListenerSet, then its listener", () => {
    const at = { ...listener, listenerSet: { ...shop, name: "extra" } };
    const onSet = policy("set", { targetRefs: [to.set], mergeType: "JSONMerge" });
    const onSetListener = policy("own", { targetRefs: [{ ...to.set, sectionName: "web" }], mergeType: "JSONMerge" });
    assert.equal(inForce([onSetListener, onSet, onListener, onGateway], { at }).inForce, "gateway set own");
    assert.equal(inForce([onSetListener, onSet, onListener, onGateway]).inForce, "listener");
  });

  it("with a mergeType is merged over its parents, field by field", () => {
    const merged = policy("merged", {
      targetRefs: [to.route],
      mergeType: "StrategicMerge",
      wait: 9,
      rules: [{ name: "b" }],
    });
    assert.deepEqual(inForce([onGateway, merged]), {
      inForce: "gateway merged",
      overridden: "",
      spec: { count: 1, wait: 9, rules: [{ name: "b" }] },
      fields: ["/count gateway/count", "/wait merged/wait", "/rules merged/rules"],
    });
    assert.deepEqual(inForce([onGateway, onNamespace, merged]), {
      inForce: "namespace merged",
      overridden: "gateway",
      spec: { count: 3, rules: [{ name: "a", cost: 1 }, { name: "b" }], wait: 9 },
      fields: [
        "/count namespace/count",
        "/rules/0/name namespace/rules/0/name",
        "/rules/0/cost namespace/rules/0/cost",
        "/rules/1/name merged/rules/0/name",
        "/wait merged/wait",
      ],
    });
  });

  it("replaces the parents with `Replace`, as without any mergeType", () => {
    const replacing = policy("replacing", { targetRefs: [to.route], mergeType: "Replace", wait: 9 });
    assert.deepEqual(inForce([onGateway, replacing]).spec, { wait: 9 });
    assert.equal(inForce([onGateway, replacing]).overridden, "gateway");
  });

  it("counts a policy on several levels once, on the most specific", () => {
    const twice = policy("twice", { targetRefs: [to.gateway, to.route], mergeType: "JSONMerge", count: 7 });
    const { inForce: names, overridden } = inForce([twice, onNamespace]);
    assert.deepEqual({ names, overridden }, { names: "namespace twice", overridden: "" });
  });
});

describe("findLevels", () => {
  it("lets the oldest of one target win, then the first by name, and tells who loses", () => {
    const young = policy("a", { targetRefs: [to.route] }, { created: "2026-02-01T00:00:00Z" });
    const old = [policy("c", { targetRef: to.route }), policy("b", { targetRefs: [to.route] })];
    const [level] = levels([young, ...old]);
    assert.deepEqual(
      [level?.winner.metadata.name, ...(level?.conflicted ?? []).map(({ policy: { metadata } }) => metadata.name)],
      ["b", "c", "a"],
    );
  });

  it("reaches nothing outside the policy's namespace by name", () => {
    const elsewhere = policy("x", { targetRefs: [to.gateway, to.route, to.rule, to.namespace] }, { namespace: "blog" });
    assert.deepEqual(levels([elsewhere]), []);
    // References have no namespace, so a grant cannot make one mean another object; a Namespace is named by itself.
    const granted = levels([elsewhere], { rules: { ...strict, grants: () => true } });
    assert.deepEqual(
      granted.map(({ target }) => target.kind),
      ["Namespace"],
    );
  });

  it("selects by label, in its own namespace unless it says otherwise, and elsewhere only by grant", () => {
    const select = (selector: object) => [{ group: gatewayApi, kind: "HTTPRoute", ...selector }];
    const found = (selector: object, namespace: string, grants = false) =>
      levels([policy("x", { targetSelectors: select(selector) }, { namespace })], {
        rules: {
          ...strict,
          grants: (from, target) => grants && from.group === "policy.example" && target.name === "cart",
        },
      }).map(({ target }) => `${target.kind} ${target.section?.name ?? ""}`);
    const team = { matchLabels: { team: "shop" } };
    assert.deepEqual(found(team, "shop"), ["HTTPRoute "]);
    assert.deepEqual(found({ matchExpressions: [{ key: "team", operator: "NotIn", values: ["shop"] }] }, "shop"), []);
    assert.deepEqual(found(team, "blog", true), []);
    assert.deepEqual(found({ ...team, namespaces: { from: "All" } }, "blog"), []);
    assert.deepEqual(found({ ...team, namespaces: { from: "All" } }, "blog", true), ["HTTPRoute "]);
  });

  it("selects namespaces by their labels", () => {
    const gold = { group: "", kind: "Namespace", matchLabels: { tier: "gold" } };
    assert.deepEqual(
      levels([policy("x", { targetSelectors: [gold] })]).map(({ target }) => target.kind),
      ["Namespace"],
    );
  });
});
