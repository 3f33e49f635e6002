import assert from "node:assert/strict";
import { test } from "node:test";
import type { OwnRequestCaller, OwnRequests } from "../contract/own-request.ts";
import { outageMs, RemoteKeys, unknownKeyMs } from "./remote-keys.ts";

const cacheMs = 300_000;
const failedRefetchMs = 1_000;

const answer = (kid: string, status = 200) => ({
  status,
  headers: [],
  content: Buffer.from(JSON.stringify({ keys: [{ kty: "OKP", crv: "Ed25519", x: "AA", kid }] })),
  trailers: [],
  grpcStatus: -1,
});

/** Keys with a clock of the test's own, and requests that it answers itself. */
function start() {
  let nowMs = 0;
  const waiting: OwnRequestCaller[] = [];
  const results: string[] = [];
  let sent = 0;
  const requests: Pick<OwnRequests, "send"> = {
    send: (_message, _options, caller) => {
      sent++;
      waiting.push(caller);
      return { cancel: () => {} };
    },
  };
  const keys = new RemoteKeys(
    { kind: "remote", clusters: ["keys"], host: "login", target: "/", cacheMs, failedRefetchMs },
    {
      requests,
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      clusters: [{ cluster: {} as never }],
      onFetch: (result) => results.push(result),
    },
  );
  return {
    keys,
    results,
    sent: () => sent,
    pass: (ms: number) => {
      nowMs += ms;
    },
    reply: async (kid: string, status?: number) => {
      const { length } = results;
      waiting.shift()?.onAnswer(answer(kid, status));
      while (results.length === length) await new Promise((later) => setImmediate(later));
    },
    fail: () => waiting.shift()?.onFailure("timeout"),
  };
}

test("RemoteKeys: keys are fetched again before their time is over, and nobody waits for that", async () => {
  const { keys, pass, reply, sent } = start();
  const loading = keys.load();
  await reply("a");
  const first = await loading;
  assert.ok(first);
  pass(cacheMs * 0.7);
  assert.equal(keys.current(), first);
  assert.equal(sent(), 1);
  pass(cacheMs * 0.2);
  assert.equal(keys.current(), first);
  assert.equal(sent(), 2);
  await reply("a");
  // The same keys: what was verified with them holds.
  assert.equal(keys.current(), first);
  pass(cacheMs * 0.9);
  assert.equal(keys.current(), first);
  await reply("b");
  assert.notEqual(keys.current(), first);
});

test("RemoteKeys: keys whose time is over are waited for while the server has not failed", async () => {
  const { keys, pass, reply } = start();
  const loading = keys.load();
  await reply("a");
  const first = await loading;
  pass(cacheMs * 2);
  assert.equal(keys.current(), undefined);
  const newer = keys.load();
  await reply("b");
  assert.notEqual(await newer, first);
});

test("RemoteKeys: in an outage the last good keys go on within their bound, and fetches keep their distance", async () => {
  const { keys, pass, reply, fail, sent, results } = start();
  const loading = keys.load();
  await reply("a");
  const first = await loading;
  pass(cacheMs + 1);
  assert.equal(keys.current(), undefined);
  fail();
  for (let round = 0; round < 10; round++) assert.equal(keys.current(), first);
  assert.equal(sent(), 2);
  pass(failedRefetchMs);
  // A server that stalls keeps nobody waiting.
  assert.equal(keys.current(), first);
  assert.equal(sent(), 3);
  pass(outageMs);
  assert.equal(keys.current(), undefined);
  fail();
  assert.equal(await keys.load(), undefined);
  assert.deepEqual(results, ["ok", "failed", "failed"]);
});

test("RemoteKeys: unknown keys have the set fetched again, at a bounded rate", async () => {
  const { keys, pass, reply, sent } = start();
  const loading = keys.load();
  await reply("a");
  const first = await loading;
  assert.ok(first);
  assert.equal(await keys.loadNewer(first), first);
  assert.equal(sent(), 1);
  pass(unknownKeyMs);
  const both = [keys.loadNewer(first), keys.loadNewer(first)];
  assert.equal(sent(), 2);
  await reply("b");
  const [one, other] = await Promise.all(both);
  assert.notEqual(one, first);
  assert.equal(one, other);
  assert.equal(await keys.loadNewer(one!), one);
  assert.equal(sent(), 2);
});

test("RemoteKeys: an answer that is no key set is a failure", async () => {
  const { keys, reply, results } = start();
  const loading = keys.load();
  await reply("a", 404);
  assert.equal(await loading, undefined);
  assert.deepEqual(results, ["failed"]);
});
