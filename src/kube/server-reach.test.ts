import assert from "node:assert/strict";
import { test } from "node:test";
import { mockTime } from "../../test/kube/mock-time.ts";
import { ServerReach } from "./server-reach.ts";

test("ServerReach: tells once when the server is back, and nobody while all is well", () => {
  const reach = new ServerReach();
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
  const reach = new ServerReach(time);
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
