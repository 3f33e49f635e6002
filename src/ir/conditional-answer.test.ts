import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConditionalAnswer, compileAnswers, escapePath, type RequestCondition } from "./conditional-answer.ts";
import type { Placeholder } from "./template.ts";

const path: Placeholder = { from: "decodedPath" };
const method: Placeholder = { from: "method" };

function row(status: number, when: readonly RequestCondition[]): ConditionalAnswer {
  return { when, status, location: [], headers: [], body: undefined };
}

function statusOf(rows: readonly ConditionalAnswer[], values: Readonly<Record<string, string>>): unknown {
  const found = compileAnswers(rows)((place) => values[place.from] ?? "");
  return found === undefined || found === "tooCostly" ? found : found.status;
}

test("the first row whose conditions all hold answers", () => {
  const post: RequestCondition = { value: method, test: { kind: "exact", value: "POST" }, negated: false };
  const admin: RequestCondition = { value: path, test: { kind: "prefix", value: "/admin" }, negated: false };
  const rows = [row(405, [post, admin]), row(403, [admin]), row(404, [{ ...admin, negated: true }])];
  assert.equal(statusOf(rows, { method: "POST", decodedPath: "/admin/x" }), 405);
  assert.equal(statusOf(rows, { method: "GET", decodedPath: "/admin/x" }), 403);
  assert.equal(statusOf(rows, { method: "GET", decodedPath: "/" }), 404);
  assert.equal(statusOf(rows.slice(0, 2), { method: "GET", decodedPath: "/" }), undefined);
  assert.equal(statusOf([row(200, [])], {}), 200);
});

test("a value is set unless it is empty or 0; an expression fits anywhere", () => {
  const set = [row(200, [{ value: method, test: { kind: "set" }, negated: false }])];
  assert.deepEqual(
    ["", "0", "00", "GET"].map((value) => statusOf(set, { method: value })),
    [undefined, undefined, 200, 200],
  );
  const find = [row(200, [{ value: path, test: { kind: "find", value: "(?i)b+$" }, negated: false }])];
  assert.deepEqual(
    ["/a", "/aB", "/b/a", "/x\n/b"].map((value) => statusOf(find, { decodedPath: value })),
    [undefined, 200, undefined, 200],
  );
});

test("groups go into Location, headers and content, escaped where they are parts of a path", () => {
  const answer: ConditionalAnswer = {
    when: [{ value: path, test: { kind: "find", value: "^/old/(.*)$" }, negated: false }],
    status: 301,
    location: ["/new/", { from: "capture", group: 1, escaped: true }, { from: "capture", group: 2, escaped: true }],
    headers: [{ name: "x-group", value: [{ from: "capture", group: 1, escaped: false }] }],
    body: [{ from: "capture", group: 0, escaped: false }],
  };
  const found = compileAnswers([answer])(() => "/old/a b?%ü");
  assert.ok(found !== undefined && found !== "tooCostly");
  assert.deepEqual(found.location.join(""), "/new/a%20b%3F%25%C3%BC");
  assert.deepEqual(found.headers[0]?.value, ["a b?%ü"]);
  assert.deepEqual(found.body, ["/old/a b?%ü"]);
});

test("a path is escaped so that it means what it was decoded from", () => {
  assert.equal(escapePath("/a/;=&+,'!*()[]@:$~-._"), "/a/;=&+,'!*()[]@:$~-._");
  assert.equal(escapePath('/"#<>\\^`{|}\n\ud800'), "/%22%23%3C%3E%5C%5E%60%7B%7C%7D%0A%EF%BF%BD");
});
