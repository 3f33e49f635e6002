import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RequestView } from "../../src/filter/contract/message.ts";
import type { GatewayModel, HttpListener, HttpRule, RoutingModel } from "../../src/ir/routing-model.ts";
import { listenersOn, ownHeader, type SelectRequest, select, selectTls } from "../../src/ir/select.ts";
import { RouteTable, streamRouteFor } from "../../src/proxy/route-table.ts";
import { routingModel, selectRequest } from "./routing-model.ts";

const runs = 4000;

function viewOf(request: SelectRequest): RequestView {
  const { path, spelling } = request;
  const keptPath = spelling === undefined ? path : spelling.keptPath;
  return { ...request, keptPath, header: (name) => ownHeader(request.headers, name) };
}

type Bound = { readonly gateway: GatewayModel; readonly listener: HttpListener; readonly rule: HttpRule };

const makeRule = (rule: HttpRule, listener: HttpListener, gateway: GatewayModel): Bound => ({
  gateway,
  listener,
  rule,
});

function tableOf(model: RoutingModel, port: number): RouteTable<Bound> {
  return RouteTable.build(listenersOn(model, { port }), makeRule);
}

/** What the definition says, in words that can be compared. */
function defined(model: RoutingModel, request: SelectRequest): unknown {
  const found = select(model, request);
  if (found.kind === "none") return found.reason;
  return {
    gateway: found.gateway.key,
    listener: found.listener.key,
    hostname: found.virtualHost.hostname,
    at: found.virtualHost.entries.indexOf(found.entry),
    rule: found.rule.key,
  };
}

/** What the table does, in the same words. */
function tabled(model: RoutingModel, request: SelectRequest): unknown {
  const table = tableOf(model, request.port);
  const target = request.scheme === "https" ? table.forSni(request.sni ?? "") : undefined;
  if (request.scheme === "https" && target?.kind !== "http") return "noTlsListener";
  const found = table.match(viewOf(request), target?.kind === "http" ? target : undefined);
  if (typeof found === "string") return found;
  const { gateway, listener, rule } = found.runtime;
  const virtualHost = listener.virtualHosts.find(({ hostname }) => hostname === found.hostname);
  assert.equal(rule, found.rule);
  return {
    gateway: gateway.key,
    listener: listener.key,
    hostname: found.hostname,
    at: virtualHost?.entries.indexOf(found.entry),
    rule: found.rule.key,
  };
}

test("RouteTable.match() finds what select() defines, for any model and request", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(routingModel, fc.array(selectRequest, { minLength: 1, maxLength: 5 }), (model, requests) => {
      for (const request of requests) {
        const expected = defined(model, request);
        assert.deepEqual(tabled(model, request), expected);
        const outcome = typeof expected === "string" ? expected : "rule";
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }
    }),
    { numRuns: runs },
  );
  // The generator is only worth something if every outcome occurs.
  for (const outcome of [
    "rule",
    "noListener",
    "noTlsListener",
    "misdirected",
    "noVirtualHost",
    "noMatch",
    "ambiguousPath",
  ]) {
    assert.ok((seen.get(outcome) ?? 0) > 20, `${outcome} occurred ${seen.get(outcome) ?? 0} times`);
  }
});

test("RouteTable.forSni() finds the listener and stream rule that selectTls() defines", () => {
  fc.assert(
    fc.property(routingModel, selectRequest, (model, request) => {
      const expected = selectTls(model, { port: 443, ...(request.sni ? { sni: request.sni } : {}) });
      const target = tableOf(model, 443).forSni(request.sni ?? "");
      assert.equal(target?.kind ?? "none", expected.kind);
      if (target?.kind === "http" && expected.kind === "http") {
        assert.deepEqual(
          target.listeners.map(({ listener }) => listener.key),
          expected.listeners.map(({ listener }) => listener.key),
        );
      }
      if (target?.kind === "stream" && expected.kind === "stream") {
        const route = streamRouteFor(target, request.sni ?? "");
        assert.equal(route?.rule.key, expected.rule?.key);
        assert.equal((route ?? target.bound).listener.key, expected.listener.key);
      }
    }),
    { numRuns: runs },
  );
});

test("RouteTable.match() does not depend on how many other routes there are", () => {
  fc.assert(
    fc.property(routingModel, selectRequest, (model, request) => {
      const once = tabled(model, request);
      const crowded: RoutingModel = {
        ...model,
        gateways: model.gateways.map((gateway) => ({
          ...gateway,
          listeners: gateway.listeners.map((listener) =>
            "virtualHosts" in listener
              ? {
                  ...listener,
                  virtualHosts: listener.virtualHosts.map((host) => ({
                    ...host,
                    entries: [
                      ...host.entries,
                      ...Array.from({ length: 20 }, (_, index) => ({
                        match: {
                          path: { kind: "prefix" as const, value: `/unrelated/${index}` },
                          headers: [],
                          query: [],
                        },
                        rule: Object.keys(gateway.httpRules)[0]!,
                        matchIndex: 0,
                      })),
                    ],
                  })),
                }
              : listener,
          ),
        })),
      };
      assert.deepEqual(tabled(crowded, request), once);
    }),
    { numRuns: 500 },
  );
});
