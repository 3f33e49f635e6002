import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RequestField, ResponseField, requestFields, responseFields } from "./known-field.ts";
import { parseRequestHead, RequestHead } from "./request-head.ts";

function parsed(...lines: readonly string[]): { head: RequestHead; bytes: Buffer } {
  const bytes = Buffer.from(["GET / HTTP/1.1", "Host: a", ...lines, "", ""].join("\r\n"), "latin1");
  const head = new RequestHead();
  assert.equal(parseRequestHead(bytes, 0, bytes.length, head), bytes.length);
  return { head, bytes };
}

function kept(head: RequestHead, bytes: Buffer): string {
  let text = "";
  for (let i = 0; i < head.runLength; i += 2) text += bytes.toString("latin1", head.runs[i], head.runs[i + 1]);
  return text;
}

describe("MessageHead", () => {
  it("header joins lines of one name, cookies with a semicolon", () => {
    const { head, bytes } = parsed("X-A: 1", "Cookie: a=1", "x-a: 2", "COOKIE: b=2");
    assert.equal(head.header(bytes, "x-a"), "1, 2");
    assert.equal(head.header(bytes, "cookie"), "a=1; b=2");
    assert.equal(head.header(bytes, "x"), undefined);
  });

  it("value and isRepeated know the fields by number", () => {
    const { head, bytes } = parsed("Origin: http://a", "Cookie: a=1", "Cookie: b=2");
    assert.equal(head.value(bytes, RequestField.origin), "http://a");
    assert.equal(head.value(bytes, RequestField.authorization), undefined);
    assert.deepEqual([head.isRepeated(RequestField.cookie), head.isRepeated(RequestField.origin)], [true, false]);
  });

  it("dropField takes every line of a name out of the runs, padded ones whole", () => {
    const { head, bytes } = parsed("A: 1", "B:  2 ", "a:\t3", "C: 4", "B: 5");
    head.dropField(bytes, "b");
    assert.equal(kept(head, bytes), "A: 1\r\na:3\r\nC: 4\r\n");
    head.dropField(bytes, "a");
    head.dropField(bytes, "c");
    assert.equal(kept(head, bytes), "");
    assert.equal(head.header(bytes, "b"), "2, 5");
  });
});

describe("known fields", () => {
  it("the fields that frame a message have one number in both directions", () => {
    for (let id = 0; id <= RequestField.upgrade; id++) assert.equal(requestFields.names[id], responseFields.names[id]);
    assert.equal(RequestField.upgrade, ResponseField.upgrade);
  });

  it("numbers are without gaps", () => {
    for (const { names } of [requestFields, responseFields])
      assert.equal(names.filter((name) => name !== undefined).length, names.length);
  });
});
