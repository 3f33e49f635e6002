import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { maxPins, type Pin, SessionTokens } from "./session-token.ts";

const tokens = new SessionTokens(Buffer.alloc(32, 1));
const hex = (digits: number) =>
  fc.uint8Array({ minLength: digits / 2, maxLength: digits / 2 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const pin: fc.Arbitrary<Pin> = fc
  .tuple(hex(8), hex(16), fc.nat({ max: 2 ** 32 - 1 }))
  .map(([backend, endpoint, startSeconds]) => ({ backend, endpoint, startSeconds }));
const pins = fc.array(pin, { minLength: 1, maxLength: maxPins });

test("SessionTokens: reads back what it wrote, in characters that a cookie may hold", () => {
  fc.assert(
    fc.property(pins, (some) => {
      const token = tokens.write("s", some);
      assert.match(token, /^[A-Za-z0-9_-]+$/);
      assert.deepEqual(tokens.read("s", token), some);
    }),
  );
});

test("SessionTokens: refuses a token with any other key, name or character", () => {
  fc.assert(
    fc.property(pins, fc.nat(), (some, at) => {
      const token = tokens.write("s", some);
      assert.equal(new SessionTokens(Buffer.alloc(32, 2)).read("s", token), undefined);
      assert.equal(tokens.read("t", token), undefined);
      const bytes = Buffer.from(token, "base64url");
      const place = at % bytes.length;
      bytes[place] = bytes[place]! ^ 1;
      assert.equal(tokens.read("s", bytes.toString("base64url")), undefined);
    }),
  );
});

test("SessionTokens: whatever else comes is no token", () => {
  fc.assert(fc.property(fc.string({ maxLength: 400 }), (text) => assert.equal(tokens.read("s", text), undefined)));
  assert.equal(tokens.read("s", ""), undefined);
});

test("SessionTokens: ids depend on the key and hide the address", () => {
  const id = tokens.idOf("endpoint", "10.0.0.1:8080");
  assert.match(id, /^[0-9a-f]{16}$/);
  assert.notEqual(id, new SessionTokens(Buffer.alloc(32, 2)).idOf("endpoint", "10.0.0.1:8080"));
});
