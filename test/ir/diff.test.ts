import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeDiff, diffModels } from "../../src/ir/diff.ts";
import type { RoutingModel } from "../../src/ir/routing-model.ts";
import { backend, gateway, http, httpRule, match, model, stream, streamRule, virtualHost } from "./model.ts";

const app = httpRule("app");
const api = httpRule("api");
const routed = (path: string) =>
  http("web", "", [virtualHost("*", [[match({ path: { kind: "prefix", value: path } }), app]])]);
const base = model(gateway([routed("/")], [app]));

describe("describeDiff(diffModels()) says", () => {
  const rows: readonly [title: string, after: RoutingModel, words: string][] = [
    ["nothing for equal models", structuredClone(base), "nothing"],
    [
      "a changed match as a changed rule",
      model(gateway([routed("/x")], [app])),
      "rule infra/g HTTPRoute/shop/app/0 changed",
    ],
    [
      "a changed weight as a changed rule",
      model(gateway([routed("/")], [httpRule("app", { backends: [backend("app", 2)] })])),
      "rule infra/g HTTPRoute/shop/app/0 changed",
    ],
    ["a new rule with its backend", model(gateway([routed("/")], [app, api])), "+1 rule, +1 backend"],
    [
      "a changed listener, not its routes",
      model(gateway([{ ...routed("/"), port: 81 }], [app])),
      "listener Gateway/infra/g/web changed",
    ],
    [
      "a new listener with its stream rule",
      model(gateway([routed("/"), stream("db", "TCP", 5432, streamRule("db", "TCPRoute", [backend("db", 1)]))], [app])),
      "+1 listener, +1 rule, +1 backend",
    ],
    ["what went", model(), "-1 gateway, -1 listener, -1 rule, -1 backend"],
    [
      "how many changed when they are many",
      model(
        gateway(
          [
            http("web", "", [
              virtualHost(
                "*",
                [0, 1, 2, 3].map((ruleIndex) => [match({ method: "GET" }), httpRule("app", { ruleIndex })]),
              ),
            ]),
          ],
          [0, 1, 2, 3].map((ruleIndex) => httpRule("app", { ruleIndex })),
        ),
      ),
      "+3 rules, rule infra/g HTTPRoute/shop/app/0 changed",
    ],
  ];
  for (const [title, after, words] of rows) {
    test(title, () => assert.equal(describeDiff(diffModels(base, after)), words));
  }

  test("a number instead of names when more than three changed", () => {
    const many = (weight: number) => {
      const rules = [0, 1, 2, 3].map((ruleIndex) => httpRule("app", { ruleIndex, backends: [backend("app", weight)] }));
      return model(
        gateway(
          [
            http("web", "", [
              virtualHost(
                "*",
                rules.map((rule) => [match(), rule]),
              ),
            ]),
          ],
          rules,
        ),
      );
    };
    assert.equal(describeDiff(diffModels(many(1), many(2))), "4 rules changed");
  });
});
