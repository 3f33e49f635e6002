import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { ask, testPairs } from "./filter-lab.ts";
import { startGuarded } from "./filter-with-secrets.ts";

const credential = "Secret/demo/backend#entry/credential";
const inject = (overwrite: boolean): Filter => ({
  kind: "credentialInjection",
  header: "authorization",
  overwrite,
  credential,
});

testPairs("credentialInjection gives the credential, over the client's own only when that is written", async (pair) => {
  for (const overwrite of [true, false]) {
    await using guarded = await startGuarded(pair, [inject(overwrite)], { [credential]: "Bearer s3cret\r\n" });
    await ask(pair.client, guarded.gateway.port);
    await ask(pair.client, guarded.gateway.port, { headers: { authorization: "mine" } });
    assert.deepEqual(
      guarded.backend.arrived.map(({ headers }) => headers.authorization),
      ["Bearer s3cret", overwrite ? "Bearer s3cret" : "mine"],
    );
  }
});

test("credentialInjection: without the credential no request goes out", async () => {
  await using guarded = await startGuarded({ client: "http1", backend: "http1" }, [inject(true)], {});
  assert.equal((await ask("http1", guarded.gateway.port)).status, 500);
  assert.equal(guarded.backend.arrived.length, 0);
});
