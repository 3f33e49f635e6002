import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mergeFolder } from "./merge-folder.ts";

const route = (fields: string, name = "web") => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: ${name}
  namespace: shop
spec:
${fields}`;

const merge = (existing: string | undefined, base: string | undefined, converted: string | undefined) => {
  const texts = (text: string | undefined) => new Map(text === undefined ? [] : [["shop/web.yaml", text]]);
  const { files, notes } = mergeFolder(texts(existing), texts(base), texts(converted));
  return { text: files.get("shop/web.yaml"), notes };
};

const one = route("  hostnames: [a.test]\n  rules:\n    - name: main\n      timeouts: { request: 1s }\n");
const two = route("  hostnames: [a.test, b.test]\n  rules:\n    - name: main\n      timeouts: { request: 2s }\n");
const web = "gateway.networking.k8s.io/HTTPRoute/shop/web";

describe("mergeFolder", () => {
  it("writes what is new, replaces what nobody edited, and takes out what is no longer converted", () => {
    assert.deepEqual(merge(undefined, undefined, one), { text: one, notes: [] });
    assert.deepEqual(merge(one, one, two), { text: two, notes: [] });
    assert.deepEqual(merge(one, one, undefined), { text: undefined, notes: [] });
  });

  it("keeps edits and comments when other fields are converted anew", () => {
    const edited = one.replace("[a.test]", "[a.test, mine.test] # asked for by sales");
    const { text, notes } = merge(edited, one, two);
    assert.deepEqual(notes, []);
    assert.match(text ?? "", /request: 2s/);
    assert.match(text ?? "", /hostnames: \[ ?a.test, mine.test, b.test ?\] # asked for by sales/);
  });

  it("keeps the person's value where both changed it, and tells of both", () => {
    const { text, notes } = merge(one.replace("1s", "9s"), one, two);
    assert.match(text ?? "", /request: 9s/);
    assert.deepEqual(notes, [
      {
        kind: "conflict",
        file: "shop/web.yaml",
        object: web,
        path: ["spec", "rules", "name=main", "timeouts", "request"],
        edited: "9s",
        converted: "2s",
      },
    ]);
  });

  it("keeps out what the person took out, and keeps what they edited and is no longer converted", () => {
    assert.deepEqual(merge(undefined, one, two).notes, [{ kind: "staysOut", file: "shop/web.yaml", object: web }]);
    const edited = one.replace("1s", "9s");
    assert.deepEqual(merge(edited, one, undefined), {
      text: edited,
      notes: [{ kind: "leftOver", file: "shop/web.yaml", object: web }],
    });
  });

  it("leaves objects of others in the file alone", () => {
    const other = route("  rules: []\n", "other");
    const { text, notes } = merge(`${one}---\n${other}`, one, two);
    assert.equal(text, `${two}---\n${other}`);
    assert.deepEqual(notes, []);
    assert.deepEqual(merge(one, undefined, two).notes, [{ kind: "notOurs", file: "shop/web.yaml", object: web }]);
  });

  it("does not touch a file that is no YAML", () => {
    const broken = "a: [1";
    assert.deepEqual(merge(broken, one, two), {
      text: broken,
      notes: [{ kind: "unreadable", file: "shop/web.yaml", object: "" }],
    });
  });

  it("does nothing when it is run again", () => {
    const edited = one.replace("1s", "9s");
    const { text } = merge(edited, one, two);
    assert.deepEqual(merge(text, two, two), { text, notes: [] });
  });
});
