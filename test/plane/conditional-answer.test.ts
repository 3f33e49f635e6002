import assert from "node:assert/strict";
import type { ConditionalAnswer } from "../../src/ir/conditional-answer.ts";
import type { Filter } from "../../src/ir/filter.ts";
import type { Template } from "../../src/ir/template.ts";
import { startFilters } from "./answer-filters-lab.ts";
import { ask, testPairs } from "./filter-lab.ts";

const answering = (...rows: readonly ConditionalAnswer[]): Filter => ({ kind: "conditionalAnswer", rows });

const redirect = (location: Template): Filter =>
  answering({ when: [], status: 308, location, headers: [], body: undefined });

testPairs("Location is made of parts of the request as the client spelled them", async (pair) => {
  const unslashed = redirect(["https://", { from: "hostname" }, { from: "unslashedTarget" }]);
  await using lab = await startFilters(pair, [unslashed]);
  const locationOf = async (path: string) => {
    const { status, headers } = await ask(pair.client, lab.port, { path });
    assert.equal(status, 308);
    return headers["location"];
  };
  assert.equal(await locationOf("/a%2Fb/%63/"), "https://app.example.test/a%2Fb/%63");
  assert.equal(await locationOf("/a?x=/"), "https://app.example.test/a?x=");
  assert.equal(await locationOf("/"), "https://app.example.test");
  assert.equal(lab.app.arrived.length, 0);
});

testPairs("requests that no row is for pass; a refusal has a page of the gateway's own", async (pair) => {
  await using lab = await startFilters(pair, [
    answering(
      {
        when: [{ value: { from: "method" }, test: { kind: "exact", value: "DELETE" }, negated: false }],
        status: 405,
        location: [],
        headers: [{ name: "x-why", value: ["no ", { from: "method" }] }],
        body: undefined,
      },
      {
        when: [{ value: { from: "decodedPath" }, test: { kind: "exact", value: "/a/ok" }, negated: false }],
        status: 200,
        location: [],
        headers: [{ name: "content-type", value: ["text/plain"] }],
        body: ["ok ", { from: "hostname" }],
      },
    ),
  ]);
  const refused = await ask(pair.client, lab.port, { method: "DELETE" });
  assert.deepEqual([refused.status, refused.headers["x-why"]], [405, "no DELETE"]);
  assert.match(String(refused.body), /not allowed/);
  const ok = await ask(pair.client, lab.port, { path: "/a%2Fok" });
  assert.deepEqual(
    [ok.status, ok.headers["content-type"], String(ok.body)],
    [200, "text/plain", "ok app.example.test"],
  );
  assert.equal(lab.app.arrived.length, 0);
  await ask(pair.client, lab.port, { path: "/b" });
  assert.equal(lab.app.arrived.length, 1);
});

testPairs("groups of a path are escaped in Location; a path that would cost too much gets 414", async (pair) => {
  await using lab = await startFilters(pair, [
    answering({
      when: [{ value: { from: "decodedPath" }, test: { kind: "find", value: "^/old/(.*)$" }, negated: false }],
      status: 301,
      location: ["https://new.test/", { from: "capture", group: 1, escaped: true }],
      headers: [],
      body: undefined,
    }),
    answering({
      when: [{ value: { from: "path" }, test: { kind: "find", value: "(a{100}){9}" }, negated: false }],
      status: 302,
      location: [{ from: "capture", group: 1, escaped: true }],
      headers: [],
      body: undefined,
    }),
  ]);
  const { status, headers } = await ask(pair.client, lab.port, { path: "/old/a%20b%3F" });
  assert.deepEqual([status, headers["location"]], [301, "https://new.test/a%20b%3F"]);
  assert.equal((await ask(pair.client, lab.port, { path: `/${"a".repeat(7_000)}` })).status, 414);
});

testPairs("headers of answers can be for some statuses alone, those of the gateway's own answers too", async (pair) => {
  const none = { set: [], add: [], addIfAbsent: [], remove: [], removeOnMatch: [] };
  const mutation = (name: string, statuses?: readonly number[]): Filter => ({
    kind: "headerMutation",
    request: none,
    response: { ...none, set: [{ name, value: ["1"] }] },
    ...(statuses === undefined ? {} : { statuses }),
  });
  await using lab = await startFilters(pair, [
    answering({
      when: [{ value: { from: "path" }, test: { kind: "exact", value: "/closed" }, negated: false }],
      status: 403,
      location: [],
      headers: [],
      body: undefined,
    }),
    mutation("x-always"),
    mutation("x-success", [200, 204]),
  ]);
  const names = async (path: string) => {
    const { headers } = await ask(pair.client, lab.port, { path });
    return ["x-always", "x-success"].filter((name) => headers[name] !== undefined);
  };
  assert.deepEqual(await names("/closed"), ["x-always"]);
  assert.deepEqual(await names("/"), ["x-always", "x-success"]);
});
