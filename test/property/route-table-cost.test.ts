import assert from "node:assert/strict";
import { test } from "node:test";
import type { RequestView } from "../../src/filter/contract/message.ts";
import { RouteTable } from "../../src/proxy/route-table.ts";
import { gateway, http, httpRule, match, virtualHost } from "../ir/model.ts";

test("RouteTable.match() among 5,000 prefixes asks only the candidates on the path, and makes each rule once", () => {
  const rules = Array.from({ length: 5000 }, (_, index) => httpRule(`r${index}`));
  const entries = rules.map(
    (rule, index) =>
      [
        match({
          path: { kind: "prefix", value: `/team-${index % 50}/app-${index}` },
          headers: [{ name: "x-a", kind: "exact", value: "1" }],
        }),
        rule,
      ] as const,
  );
  const listener = http("web", "", [virtualHost("*", entries), virtualHost("*.b.test", entries)].reverse());
  const owner = gateway([listener], rules);
  let made = 0;
  const table = RouteTable.build([{ gateway: owner, listener }], () => ++made);
  assert.equal(made, 5000);

  let headersRead = 0;
  const view: RequestView = {
    method: "GET",
    host: "a.b.test",
    path: "/team-49/app-4999/x",
    keptPath: "/team-49/app-4999/x",
    query: "",
    header: () => {
      headersRead++;
      return "1";
    },
  };
  const found = table.match(view);
  assert.equal(typeof found !== "string" && found.rule.name, "r4999");
  assert.equal(typeof found !== "string" && found.matchedPrefix, "/team-49/app-4999");
  assert.equal(headersRead, 1);
});
