import assert from "node:assert/strict";
import { test } from "node:test";
import { readJwks } from "./read-jwks.ts";

const rsa = { kty: "RSA", n: "AQ", e: "AQAB", kid: "r" };

test("readJwks() keeps public keys for signatures, and nothing private of them", () => {
  const keys = [
    { ...rsa, d: "secret", use: "sig", x5c: ["MII"] },
    { kty: "oct", k: "secret" },
    { ...rsa, use: "enc" },
    { ...rsa, key_ops: ["encrypt"] },
    { kty: "EC", crv: "P-256", x: "AA" },
    { kty: "OKP", crv: "Ed25519", x: "AA", key_ops: ["verify"], alg: "EdDSA" },
    null,
    "key",
    { ...rsa, kid: 7 },
  ];
  assert.deepEqual(readJwks(JSON.stringify({ keys })), [
    { ...rsa, use: "sig" },
    { kty: "OKP", crv: "Ed25519", x: "AA", alg: "EdDSA" },
  ]);
});

test("readJwks() knows what is no key set", () => {
  for (const text of ["", "[]", "{}", '{"keys":{}}', "<html>", "null"]) assert.equal(readJwks(text), undefined, text);
  assert.deepEqual(readJwks('{"keys":[]}'), []);
  assert.equal(readJwks(JSON.stringify({ keys: Array.from({ length: 500 }, () => rsa) }))?.length, 100);
});
