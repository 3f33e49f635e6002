import assert from "node:assert/strict";
import { test } from "node:test";
import { mockTime } from "../../test/kube/mock-time.ts";
import { ServerReach } from "./server-reach.ts";

test("ServerReach: tells once when the server is back, and nobody while all is well", () => {
  const reach = new ServerReach({ probe: async () => {} });
  let told = 0;
  const unsubscribe = reach.subscribe(() => told++);
  reach.answered();
  assert.equal(told, 0);
  reach.lost();
  reach.lost();
  reach.answered();
  reach.answered();
  assert.equal(told, 1);
  unsubscribe();
  reach.close();
});

test("ServerReach: of a server that comes and goes it tells once a second", async (t) => {
  const time = mockTime(t);
  const reach = new ServerReach({ probe: async () => {}, clock: time });
  let told = 0;
  reach.subscribe(() => told++);
  for (let i = 0; i < 50; i++) {
    reach.lost();
    reach.answered();
    await time.pass(100);
  }
  assert.equal(told, 6);
  reach.close();
});

test("ServerReach: asks a server that is away once a second, while somebody waits for it", async (t) => {
  const time = mockTime(t);
  let probes = 0;
  const reach = new ServerReach({
    probe: async () => {
      probes += 1;
      if (probes === 3) reach.answered();
      else throw new Error("away");
    },
    clock: time,
  });
  reach.lost();
  await time.pass(5000);
  assert.equal(probes, 0, "nobody waits");
  let told = 0;
  reach.subscribe(() => told++);
  await time.pass(2500);
  assert.deepEqual([probes, told], [2, 0]);
  await time.pass(10_000);
  assert.deepEqual([probes, told], [3, 1]);
  reach.close();
});
