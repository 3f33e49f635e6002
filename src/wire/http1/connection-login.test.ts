import assert from "node:assert/strict";
import { test } from "node:test";
import { isConnectionLogin } from "./connection-login.ts";

test("isConnectionLogin: schemes of RFC 4559 and their kin, anywhere in the list, in any letter case", () => {
  for (const value of [
    "NTLM",
    "Negotiate",
    "negotiate oYG1",
    'Basic realm="a", NTLM',
    "Bearer x,NTLM TlRM",
    "Nego2",
    "Kerberos",
  ]) {
    assert.equal(isConnectionLogin(value), true, value);
  }
  for (const value of [undefined, "", "Basic bnRsbQ==", "Bearer ntlm", "NTLMv9", "Digest realm=ntlm", "X-NTLM a"]) {
    assert.equal(isConnectionLogin(value), false, String(value));
  }
});
