import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import type { JsonObject } from "../../resource/json.ts";
import { advance, initialState, retreat } from "./advance.ts";
import { type HostFacts, judgeChecks } from "./checks.ts";
import { readMoveState, writeMoveState } from "./move-state.ts";
import { type MoveInput, type MoveUnit, readMoveInput } from "./move-unit.ts";
import { type MoveChange, stageChanges } from "./stage-changes.ts";
import { type HostState, type Stage, steps } from "./stages.ts";

const nowMs = Date.parse("2026-11-30T12:00:00Z");

const manifests = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop, namespace: shop }
spec:
  tls: [{ hosts: [shop.test], secretName: shop }]
  rules: [{ host: shop.test, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: both, namespace: shop }
spec:
  tls: [{ hosts: [a.test, b.test], secretName: ab }, { hosts: [a.test], secretName: a }]
  rules: [{ host: a.test }, { host: b.test }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec: { gatewayClassName: sluice, listeners: [] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra, sectionName: https-shop }]
  hostnames: [shop.test]
  rules: [{ backendRefs: [{ name: web, port: 80 }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop-redirect, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra, sectionName: http }]
  hostnames: [shop.test]
  rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { scheme: https, statusCode: 308 } }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: both, namespace: shop }
spec: { parentRefs: [{ name: edge, namespace: infra }], hostnames: [a.test], rules: [{}] }
`;

function inputOf(yaml: string): MoveInput {
  return readMoveInput(parseAllDocuments(yaml).map((document) => document.toJS() as JsonObject));
}

const input = inputOf(manifests);
const options = { base: input.base, oldService: { namespace: "ingress-nginx", name: "ingress-nginx-controller" } };

function unitOf(hostname: string): MoveUnit {
  const unit = input.units.find(({ hostnames }) => hostnames.includes(hostname));
  assert.ok(unit);
  return unit;
}

/** Changes as `apply HTTPRoute shop/shop`. */
function changesOf(unit: MoveUnit, from: Stage, stage: Stage): readonly string[] {
  const result = stageChanges(unit, from, { stage, weight: 0 }, options);
  if ("problem" in result) return [result.problem];
  return result.changes.map(({ kind, object }) => {
    const { namespace, name } = object["metadata"] as JsonObject;
    return `${kind} ${String(object["kind"])} ${String(namespace)}/${String(name)}`;
  });
}

function objectOf(stage: Stage, kind: string, name: string, weight = 0): JsonObject {
  const result = stageChanges(unitOf("shop.test"), "percentage", { stage, weight }, options);
  assert.ok("changes" in result);
  const change = result.changes.find(
    ({ object }: MoveChange) => object["kind"] === kind && (object["metadata"] as JsonObject)["name"] === name,
  );
  assert.ok(change);
  return change.object;
}

test("readMoveInput() finds the hosts, what is theirs, and what all need", () => {
  assert.deepEqual(
    input.units.map(({ hostnames, ingresses, routes }) => [hostnames, ingresses.length, routes.length]),
    [
      [["a.test"], 1, 1],
      [["b.test"], 1, 0],
      [["shop.test"], 1, 2],
    ],
  );
  assert.deepEqual(
    input.base.map(({ kind }) => kind),
    ["Gateway"],
  );
});

test("readMoveInput() moves hosts together that share a route", () => {
  const { units } = inputOf(`${manifests}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shared, namespace: shop }
spec: { hostnames: [A.test, shop.test] }
`);
  assert.deepEqual(
    units.map(({ hostnames }) => hostnames),
    [["a.test", "shop.test"], ["b.test"]],
  );
});

test("stageChanges(): side by side has the routes as converted, held back from external-dns", () => {
  assert.deepEqual(changesOf(unitOf("shop.test"), "ingress", "sideBySide"), [
    "apply HTTPRoute shop/shop",
    "apply HTTPRoute shop/shop-redirect",
  ]);
  const route = objectOf("sideBySide", "HTTPRoute", "shop");
  assert.deepEqual((route["metadata"] as JsonObject)["annotations"], {
    "external-dns.alpha.kubernetes.io/controller": "sluice-migrate",
  });
  assert.deepEqual((objectOf("sideBySide", "Ingress", "shop")["metadata"] as JsonObject)["annotations"], {});
});

test("stageChanges(): the mirror is a side Gateway that gets copies from nginx", () => {
  const { annotations } = objectOf("mirror", "Ingress", "shop")["metadata"] as { readonly annotations: JsonObject };
  assert.deepEqual(annotations, {
    "nginx.ingress.kubernetes.io/mirror-target": "http://edge-move-sluice.infra.svc.cluster.local$request_uri",
    "nginx.ingress.kubernetes.io/mirror-host": "shop.test",
  });
  const spec = objectOf("mirror", "HTTPRoute", "shop")["spec"] as { readonly parentRefs: readonly JsonObject[] };
  assert.deepEqual(
    spec.parentRefs.map(({ name }) => name),
    ["edge", "edge-move"],
  );
  assert.match(
    changesOf(unitOf("a.test"), "sideBySide", "mirror")[0] ?? "",
    /^Ingress shop\/both has 2 hosts, and nginx sends copies under one name/,
  );
});

test("stageChanges(): a share of requests goes to the side Gateway, the rest to the Ingress controller", () => {
  const split = objectOf("percentage", "HTTPRoute", "move-shop-test", 10);
  assert.deepEqual(split["spec"], {
    parentRefs: [{ namespace: "infra", name: "edge", sectionName: "https-shop" }],
    hostnames: ["shop.test"],
    rules: [
      {
        backendRefs: [
          { group: "gateway.sluice.dev", kind: "Backend", name: "move-shop-test", weight: 90 },
          { name: "edge-move-sluice", port: 80, weight: 10 },
        ],
      },
    ],
  });
  assert.deepEqual((objectOf("percentage", "Backend", "move-shop-test", 10)["spec"] as JsonObject)["endpoints"], [
    { fqdn: { hostname: "ingress-nginx-controller.ingress-nginx.svc.cluster.local", port: 443 } },
  ]);
  const parents = (name: string) =>
    (
      objectOf("percentage", "HTTPRoute", name, 10)["spec"] as { readonly parentRefs: readonly JsonObject[] }
    ).parentRefs.map((ref) => ref["name"]);
  assert.deepEqual([parents("shop"), parents("shop-redirect")], [["edge-move"], ["edge"]]);
});

test("stageChanges(): cut over, routes are as converted again; going back to the Ingress removes them", () => {
  assert.deepEqual((objectOf("cutOver", "HTTPRoute", "shop")["metadata"] as JsonObject)["annotations"], undefined);
  assert.deepEqual(changesOf(unitOf("shop.test"), "percentage", "ingress"), [
    "delete HTTPRoute shop/shop",
    "delete HTTPRoute shop/shop-redirect",
    "delete HTTPRoute infra/move-shop-test",
    "delete Backend infra/move-shop-test",
    "apply Ingress shop/shop",
  ]);
});

test("stageChanges(): cleaning up removes an Ingress that has no other host, and the host from one that has", () => {
  assert.ok(changesOf(unitOf("shop.test"), "cutOver", "cleanedUp").includes("delete Ingress shop/shop"));
  const result = stageChanges(unitOf("a.test"), "cutOver", { stage: "cleanedUp", weight: 100 }, options);
  assert.ok("changes" in result);
  const change = result.changes.find(({ kind }) => kind === "merge");
  assert.deepEqual(change?.object["spec"], {
    rules: [{ host: "b.test" }],
    tls: [{ hosts: ["a.test", "b.test"], secretName: "ab" }],
  });
});

test("stageChanges() refuses what has not been converted", () => {
  assert.deepEqual(changesOf(unitOf("b.test"), "ingress", "sideBySide"), [
    "no converted route of the host names a Gateway that is among the converted objects",
  ]);
});

const state = (stage: Stage, weight = 0, since = "2026-11-28T11:00:00Z"): HostState => ({
  hostname: "shop.test",
  stage,
  weight,
  since,
});

test("advance() takes a host through all stages, one command after the other", () => {
  const walked: (readonly [Stage, number])[] = [];
  let now = initialState("shop.test");
  for (const command of ["apply", "apply", "apply", "apply", "apply", "cutover", "cleanup"] as const) {
    const result = advance(now, { command, to: undefined, weight: undefined, nowMs });
    assert.ok("next" in result, "problem" in result ? result.problem : "");
    now = result.next;
    walked.push([now.stage, now.weight]);
  }
  assert.deepEqual(walked, [
    ["sideBySide", 0],
    ["mirror", 0],
    ["percentage", 1],
    ["percentage", 10],
    ["percentage", 50],
    ["cutOver", 100],
    ["cleanedUp", 100],
  ]);
  assert.equal(now.since, "2026-11-30T12:00:00.000Z");
});

test("advance() says what is possible instead", () => {
  const problem = (from: HostState, command: "apply" | "cutover" | "cleanup", to?: Stage) => {
    const result = advance(from, { command, to, weight: undefined, nowMs });
    return "problem" in result ? result.problem : "";
  };
  assert.match(
    problem(state("ingress"), "cutover"),
    /is in the stage ingress.*Possible: sluice migrate apply --host shop\.test --stage sideBySide$/,
  );
  assert.match(
    problem(state("percentage", 50), "apply"),
    /50 % already\. Run: sluice migrate cutover --host shop\.test$/,
  );
  assert.match(problem(state("cleanedUp"), "apply"), /There is nothing left to do\.$/);
});

test("retreat() leads back to where clients come to the Ingress controller, or further", () => {
  const back = (from: Stage, to?: Stage) => {
    const result = retreat(state(from), to, nowMs);
    return "next" in result ? result.next.stage : result.problem;
  };
  assert.deepEqual(
    (["sideBySide", "mirror", "percentage", "cutOver"] as const).map((from) => back(from)),
    ["ingress", "sideBySide", "sideBySide", "sideBySide"],
  );
  assert.equal(back("cutOver", "ingress"), "ingress");
  assert.match(back("mirror", "cutOver"), /cutOver is not before mirror/);
  assert.match(back("ingress"), /nothing to take back/);
  assert.match(back("cleanedUp"), /apply them again/);
});

const good: HostFacts = {
  routes: 1,
  problems: [],
  differences: [],
  certificate: { daysLeft: 80, namesHost: true, complete: true },
  dnsTtlSeconds: 60,
  dnsMoved: true,
  forwardedHeaders: true,
};
const nothing: HostFacts = {
  routes: 0,
  problems: undefined,
  differences: undefined,
  certificate: undefined,
  dnsTtlSeconds: undefined,
  dnsMoved: undefined,
  forwardedHeaders: undefined,
};
const bad: HostFacts = {
  routes: 0,
  problems: ["x"],
  differences: ["y"],
  certificate: { daysLeft: 80, namesHost: false, complete: true },
  dnsTtlSeconds: 3600,
  dnsMoved: false,
  forwardedHeaders: false,
};

test("judgeChecks(): what is good passes, what is bad fails, and what nobody knows is said", () => {
  for (const step of steps) {
    const results = (facts: HostFacts, since: string) =>
      judgeChecks(step.checks, { state: state(step.from[0] ?? "ingress", 0, since), facts, nowMs }).map(
        ({ result }) => result,
      );
    assert.deepEqual(new Set(results(good, "2026-11-28T11:00:00Z")), new Set(["passed"]));
    assert.deepEqual(new Set(results(bad, "2026-11-30T11:00:00Z")), new Set(["failed"]));
    for (const result of results(nothing, "2026-11-30T11:00:00Z")) assert.notEqual(result, "passed");
  }
});

test("the state of hosts is read as it was written, and nothing else is taken for one", () => {
  const states = [state("percentage", 10), { ...state("ingress"), hostname: "a.test" }];
  assert.deepEqual(readMoveState(writeMoveState(states)), [states[1], states[0]]);
  for (const text of ["", "{}", '{"hosts":[{}]}', writeMoveState(states).replace("percentage", "gone"), '{"hosts":3}'])
    assert.ok("problem" in readMoveState(text), text);
  const twice = writeMoveState([state("ingress"), state("cutOver")]);
  assert.deepEqual(readMoveState(twice), { problem: "a host is in it twice" });
});
