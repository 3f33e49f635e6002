import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { mockTime } from "../../test/kube/mock-time.ts";
import { ServerReach } from "./server-reach.ts";

function setUp(t: TestContext) {
  const time = mockTime(t);
  const server = { isUp: true, probes: 0, told: 0 };
  const reach = new ServerReach({
    probe: async () => {
      server.probes += 1;
      return server.isUp;
    },
    clock: time,
  });
  reach.subscribe(() => {
    server.told += 1;
  });
  t.after(() => reach.close());
  return { time, server, reach };
}

test("ServerReach: a request that fails at a server that answers others tells nobody anything", async (t) => {
  const { time, server, reach } = setUp(t);
  for (let i = 0; i < 5; i++) {
    reach.failed();
    reach.answered();
    await time.pass(2000);
  }
  assert.deepEqual(server, { isUp: true, probes: 5, told: 0 });
  assert.equal(reach.isStarting, false);
});

test("ServerReach: a server that is away is asked once a second, and who waits is told once when it is back", async (t) => {
  const { time, server, reach } = setUp(t);
  server.isUp = false;
  for (let i = 0; i < 5; i++) reach.failed();
  await time.pass(10_500);
  assert.deepEqual(server, { isUp: false, probes: 10, told: 0 });
  server.isUp = true;
  await time.pass(10_000);
  assert.deepEqual(server, { isUp: true, probes: 11, told: 1 });
});

test("ServerReach: the first request that is answered says that the server is back", async (t) => {
  const { time, server, reach } = setUp(t);
  server.isUp = false;
  reach.failed();
  await time.pass(1500);
  reach.answered();
  reach.answered();
  assert.equal(server.told, 1);
});

test("ServerReach: a server is starting for a while after it was away, and is asked again once a second meanwhile", async (t) => {
  const { time, server, reach } = setUp(t);
  server.isUp = false;
  reach.failed();
  await time.pass(1500);
  server.isUp = true;
  reach.answered();
  for (let second = 0; second < 29; second++) {
    assert.equal(reach.isStarting, true);
    for (let i = 0; i < 20; i++) reach.refused();
    await time.pass(1000);
  }
  assert.equal(server.told, 30);
  await time.pass(1500);
  assert.equal(reach.isStarting, false);
});
