import assert from "node:assert/strict";
import { test } from "node:test";
import { shownLines } from "./shown-lines.ts";

const route = (filter: string): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, annotations: { tool: hush } }
spec:
  rules:
    - filters:
        - type: RequestHeaderModifier
          requestHeaderModifier:
            ${filter}
      backendRefs: [{ name: web, port: 80 }]`;

test("shownLines: covers what may be a secret, in its place", () => {
  const lines = shownLines(route('set: [{ name: X-Key, value: "hush" }, { name: X-Other, value: hush }]'));
  assert.equal(lines[2], "metadata: { name: web, annotations: { tool: •••• } }");
  assert.equal(lines[8], "            set: [{ name: X-Key, value: •••••• }, { name: X-Other, value: •••• }]");
  assert.equal(lines[9], "      backendRefs: [{ name: web, port: 80 }]");
});

const misplaced: readonly string[] = [
  "set: { X-Key: hush }",
  "set: hush",
  "set: [hush]",
  "set: [{ name: X-Key, value: { hush: hush } }]".replace("{ hush: hush }", "[hush]"),
  "add: [{ name: X-Key, valeu: hush }]",
  "set:\n              - name: X-Key\n                value: |\n                  hush\n                  hush",
  'set: [{ name: X-Key, value: "a\\\n              hush" }]',
];

for (const filter of misplaced) {
  test(`shownLines: covers header values however they are written: ${JSON.stringify(filter)}`, () => {
    const text = shownLines(route(filter)).join("\n");
    assert.doesNotMatch(text, /hush/);
    assert.match(text, /backendRefs: \[\{ name: web, port: 80 \}\]/);
  });
}

const hidden: readonly (readonly [title: string, text: string])[] = [
  ["Secrets", "apiVersion: v1\nkind: Secret\nmetadata: { name: a }\nstringData: { a: hush }"],
  ["ConfigMaps", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: hush }"],
  ["Secrets in lists", "apiVersion: v1\nkind: List\nitems: [{ kind: Gateway }, { kind: Secret, data: { a: hush } }]"],
  ["kinds that are not known", "apiVersion: v1\nkind: SealedSecret\nspec: { a: hush }"],
  ["objects without a kind", "data: { a: hush }"],
  ["what is no object", "hush"],
  ["documents that cannot be read", "apiVersion: v1\nkind: Gateway\n\thush: [\n"],
  ["private keys", "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----"],
];

for (const [title, text] of hidden) {
  test(`shownLines: shows nothing of ${title}, and the documents beside them`, () => {
    const plain = "apiVersion: v1\nkind: Service\nmetadata: { name: b }\n";
    const lines = shownLines(`${plain}---\n${text}\n---\n${plain}`);
    assert.doesNotMatch(lines.join("\n"), /hush/);
    assert.equal(lines[1], "kind: Service");
    assert.equal(lines.at(-3), "kind: Service");
    const between = lines.slice(3, -5);
    assert.ok(between.length > 0 && between.every((line) => line === undefined), JSON.stringify(lines));
  });
}

test("shownLines: of JSON objects that share a line nothing is shown where one is a Secret, and lines keep their numbers", () => {
  const service = (name: string) => `{"apiVersion":"v1","kind":"Service","metadata":{"name":"${name}"}}`;
  const secret = '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"a":"hush"}}';
  const lines = shownLines(`${service("a")}\n${service("b")} ${service("c")}\n${service("d")} ${secret}\n`);
  assert.deepEqual(lines, [service("a"), `${service("b")} ${service("c")}`, undefined, ""]);
});
