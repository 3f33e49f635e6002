import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { FakeObjectStore } from "../../test/kube/fake-object-store.ts";
import { type MockTime, mockTime } from "../../test/kube/mock-time.ts";
import { StoreClient, unreachable } from "../../test/kube/store-client.ts";
import { KubeError } from "./kube-client.ts";
import { isRunOf, LeaderElection, type LeaderElectionOptions, leaderIdentity } from "./leader-election.ts";
import { readLease } from "./lease.ts";

const place = { group: "coordination.k8s.io", plural: "leases", namespace: "sluice-system", name: "sluice" };

type Candidate = {
  readonly election: LeaderElection;
  readonly client: StoreClient;
  readonly states: string[];
  readonly errors: unknown[];
};

function setUp(t: TestContext) {
  const time = mockTime(t);
  const store = new FakeObjectStore();
  const candidates: Candidate[] = [];
  const stand = (identity: string, options: Partial<LeaderElectionOptions> = {}): Candidate => {
    const client = new StoreClient(store);
    const states: string[] = [];
    const errors: unknown[] = [];
    const election = new LeaderElection({
      client,
      namespace: place.namespace,
      name: place.name,
      identity,
      clock: time,
      random: () => 0.5,
      onError: (error) => errors.push(error),
      ...options,
    });
    election.subscribe((state) => states.push(state.phase === "following" ? `following ${state.leader}` : state.phase));
    election.start();
    const candidate = { election, client, states, errors };
    candidates.push(candidate);
    return candidate;
  };
  t.after(async () => {
    const stopped = candidates.map(({ election }) => election.stop());
    await time.pass(5000);
    await Promise.all(stopped);
  });
  const leaders = () => candidates.filter(({ election }) => election.isLeading).length;
  return { time, store, stand, leaders, lease: () => readLease(store.get(place) ?? {}) };
}

/** Passes time in small steps until `done`, and says how long that took. */
async function until(time: MockTime, done: () => boolean, limitMs = 60_000): Promise<number> {
  const startMs = time.monotonicMs();
  while (!done()) {
    assert.ok(time.monotonicMs() - startMs < limitMs, `not within ${limitMs} ms`);
    await time.pass(50);
  }
  return time.monotonicMs() - startMs;
}

test("LeaderElection: of two candidates one leads, the other follows and knows whom", async (t) => {
  const { time, stand, lease } = setUp(t);
  const a = stand("a");
  await time.pass(0);
  const b = stand("b");
  await time.pass(30_000);
  assert.deepEqual(a.states, ["leading"]);
  assert.deepEqual(b.states, ["following a"]);
  assert.deepEqual(lease(), { holder: "a", durationMs: 10_000, transitions: 0 });
  assert.deepEqual([a.errors, b.errors], [[], []]);
});

test("LeaderElection: who follows knows where the leader is, for as long as it is sure to lead", async (t) => {
  const { time, stand, store } = setUp(t);
  const a = stand("a", { address: "10.0.0.1:9443" });
  await time.pass(0);
  const b = stand("b", { address: "10.0.0.2:9443" });
  await time.pass(5000);
  assert.equal(b.election.leaderAddress, "10.0.0.1:9443");
  assert.equal(a.election.leaderAddress, undefined);
  a.client.before = unreachable;
  await until(time, () => !a.election.isLeading);
  await time.pass(1500);
  assert.equal(b.election.leaderAddress, undefined);
  await until(time, () => b.election.isLeading);
  assert.equal(store.get(place)?.metadata["annotations"] instanceof Object, true);
  a.client.before = () => {};
  await until(time, () => a.election.leaderAddress === "10.0.0.2:9443");
});

test("LeaderElection: the Lease of an earlier run of the same pod is taken at once, that of another pod is not", async (t) => {
  const { time, stand, store } = setUp(t);
  const killed = stand(leaderIdentity("pod-a"));
  await until(time, () => killed.election.isLeading);
  killed.client.before = unreachable;
  const other = stand(leaderIdentity("pod-b"), { isGone: (holder) => isRunOf("pod-b", holder) });
  await time.pass(3000);
  assert.equal(other.election.isLeading, false);
  const restarted = stand(leaderIdentity("pod-a"), { isGone: (holder) => isRunOf("pod-a", holder) });
  await time.pass(50);
  assert.equal(restarted.election.isLeading, true);
  assert.match(readLease(store.get(place) ?? {}).holder ?? "", /^pod-a_/);
});

test("isRunOf: knows runs of a pod, and not those of pods whose name begins alike", () => {
  assert.equal(isRunOf("pod-a", leaderIdentity("pod-a")), true);
  assert.equal(isRunOf("pod", leaderIdentity("pod_a")), false);
  assert.equal(isRunOf("pod-a", leaderIdentity("pod-ab")), false);
  assert.equal(isRunOf("pod-a", "pod-a"), false);
});

test("LeaderElection: candidates that begin at the same moment end with one leader", async (t) => {
  const { time, stand, leaders } = setUp(t);
  for (const name of ["a", "b", "c", "d"]) stand(name);
  await time.pass(5000);
  assert.equal(leaders(), 1);
});

test("LeaderElection: a leader renews with one request each time and does not look first", async (t) => {
  const { time, stand } = setUp(t);
  const { client } = stand("a");
  await time.pass(100);
  client.calls.length = 0;
  await time.pass(20_000);
  assert.deepEqual([client.count("get"), client.count("replace")], [0, 10]);
});

test("LeaderElection: a killed leader is replaced when its lease is over, and within 13 s", async (t) => {
  const { time, stand, lease } = setUp(t);
  const a = stand("a");
  await time.pass(0);
  const b = stand("b");
  await time.pass(7900);
  // Killed: nothing of it reaches the server any more, and it notices nothing.
  a.client.before = () => new Promise(() => {});
  const tookMs = await until(time, () => b.election.isLeading);
  assert.ok(tookMs >= 8000 && tookMs <= 13_000, `${tookMs} ms`);
  assert.deepEqual([lease().holder, lease().transitions], ["b", 1]);
});

for (const [what, partition] of [
  ["are refused", unreachable],
  ["never come back", () => new Promise<void>(() => {})],
] as const) {
  test(`LeaderElection: a leader whose requests ${what} stops leading before another begins`, async (t) => {
    const { time, stand, leaders } = setUp(t);
    const a = stand("a");
    await time.pass(0);
    const b = stand("b");
    await time.pass(5000);
    a.client.before = partition;
    const stoppedMs = await until(time, () => {
      assert.ok(leaders() <= 1);
      return !a.election.isLeading;
    });
    assert.ok(stoppedMs <= 6000, `${stoppedMs} ms`);
    assert.deepEqual(a.states.at(-1), "following a");
    assert.ok((await until(time, () => b.election.isLeading)) >= 3000);
    a.client.before = () => {};
    await time.pass(10_000);
    assert.equal(a.states.at(-1), "following b");
    assert.equal(leaders(), 1);
    assert.ok(a.errors.length > 0);
  });
}

test("LeaderElection: an answer that comes when its time is over does not make a leader; the next one does", async (t) => {
  const { time, stand, lease } = setUp(t);
  let aheadMs = 0;
  const a = stand("a", { clock: { nowMs: time.nowMs, monotonicMs: () => time.monotonicMs() + aheadMs } });
  // The process is suspended while the first answer is on its way.
  a.client.after = (call) => {
    if (call === "create") aheadMs = 6000;
  };
  await time.pass(0);
  assert.equal(lease().holder, "a");
  assert.deepEqual(a.states, ["following a"]);
  await time.pass(1200);
  assert.deepEqual(a.states, ["following a", "leading"]);
});

test("LeaderElection: isLeading is false as soon as the time is over, also when no timer has fired", async (t) => {
  const { time, stand } = setUp(t);
  let aheadMs = 0;
  const a = stand("a", { clock: { nowMs: time.nowMs, monotonicMs: () => time.monotonicMs() + aheadMs } });
  await time.pass(100);
  assert.equal(a.election.isLeading, true);
  aheadMs = 6000;
  assert.deepEqual([a.election.state.phase, a.election.isLeading], ["leading", false]);
});

for (const skewMs of [-3_600_000, 3_600_000]) {
  test(`LeaderElection: a wall clock that is off by ${skewMs / 60_000} min changes nothing`, async (t) => {
    const { time, stand, leaders } = setUp(t);
    const skewed = { nowMs: () => time.nowMs() + skewMs, monotonicMs: time.monotonicMs };
    const a = stand("a");
    await time.pass(0);
    const b = stand("b", { clock: skewed });
    await time.pass(40_000);
    assert.deepEqual([a.states, b.states], [["leading"], ["following a"]]);
    a.client.before = () => new Promise(() => {});
    const tookMs = await until(time, () => b.election.isLeading);
    assert.ok(tookMs <= 13_000, `${tookMs} ms`);
    a.client.before = () => {};
    await time.pass(20_000);
    assert.equal(leaders(), 1);
    assert.equal(a.states.at(-1), "following b");
  });
}

test("LeaderElection: somebody else's change of the Lease makes it look again, and it goes on leading", async (t) => {
  const { time, stand, store } = setUp(t);
  const a = stand("a");
  await time.pass(1000);
  store.merge(place, { metadata: { annotations: { note: "hello" } } }, "object");
  await time.pass(20_000);
  assert.deepEqual([a.states, a.errors], [["leading"], []]);
  assert.deepEqual(store.get(place)?.metadata["annotations"], { note: "hello" });
});

test("LeaderElection: a leader that finds another holder in the Lease stops at its next renewal", async (t) => {
  const { time, stand, store } = setUp(t);
  const a = stand("a");
  await time.pass(1000);
  store.merge(place, { spec: { holderIdentity: "by-hand" } }, "object");
  await time.pass(2000);
  assert.deepEqual(a.states, ["leading", "following by-hand"]);
});

test("LeaderElection: a leader that stops hands over at once", async (t) => {
  const { time, stand, lease } = setUp(t);
  const a = stand("a");
  await time.pass(0);
  const b = stand("b");
  await time.pass(5000);
  const wasLeading = { atRelease: true };
  a.client.before = () => {
    wasLeading.atRelease = a.election.isLeading;
  };
  await a.election.stop();
  assert.equal(wasLeading.atRelease, false);
  assert.equal(lease().holder, undefined);
  const tookMs = await until(time, () => b.election.isLeading);
  assert.ok(tookMs <= 1200, `${tookMs} ms`);
  assert.deepEqual(a.states, ["leading", "stopped"]);
});

test("LeaderElection.stop: gives up a Lease that was won while stopping, and leaves another's alone", async (t) => {
  const { time, stand, lease } = setUp(t);
  const a = stand("a");
  const answer = Promise.withResolvers<void>();
  a.client.after = (call) => (call === "create" ? answer.promise : undefined);
  await time.pass(0);
  assert.equal(lease().holder, "a");
  const stopped = a.election.stop();
  answer.resolve();
  await stopped;
  assert.deepEqual(a.states, ["stopped"]);
  assert.equal(lease().holder, undefined);

  const b = stand("b");
  await time.pass(2000);
  const c = stand("c");
  await time.pass(2000);
  await c.election.stop();
  assert.equal(lease().holder, "b");
  assert.equal(b.election.isLeading, true);
});

test("LeaderElection.stop: ends while the server is away", async (t) => {
  const { time, stand } = setUp(t);
  const a = stand("a");
  await time.pass(0);
  a.client.before = () => new Promise(() => {});
  let isStopped = false;
  void a.election.stop().then(() => {
    isStopped = true;
  });
  await until(time, () => isStopped, 5000);
  assert.ok(a.errors.length > 0);
});

test("LeaderElection: a deleted Lease is made anew by the leader; who knows it waits", async (t) => {
  const { time, stand, store, lease } = setUp(t);
  const a = stand("a");
  await time.pass(0);
  const b = stand("b");
  await time.pass(2100);
  store.delete(place);
  await time.pass(30_000);
  assert.deepEqual([a.states, b.states], [["leading"], ["following a"]]);
  assert.equal(lease().holder, "a");
});

test("LeaderElection: a Lease whose holder is gone and deleted is taken when its time is over", async (t) => {
  const { time, stand, store } = setUp(t);
  const a = stand("a");
  await time.pass(0);
  const b = stand("b");
  await time.pass(2100);
  a.client.before = () => new Promise(() => {});
  store.delete(place);
  const tookMs = await until(time, () => b.election.isLeading);
  assert.ok(tookMs <= 13_000, `${tookMs} ms`);
});

test("LeaderElection: a Lease with nonsense in it is taken after a lease's time", async (t) => {
  const { time, stand, store, lease } = setUp(t);
  store.create(place, { spec: { holderIdentity: "x", leaseDurationSeconds: "long", leaseTransitions: -0.5 } });
  const a = stand("a");
  await time.pass(9900);
  assert.equal(a.election.isLeading, false);
  await time.pass(1500);
  assert.equal(a.election.isLeading, true);
  assert.equal(lease().holder, "a");
});

test("LeaderElection: candidates that see a Lease expire while the server is away do not storm it", async (t) => {
  const { time, stand } = setUp(t);
  stand("a");
  await time.pass(0);
  const b = stand("b");
  await time.pass(1000);
  b.client.before = unreachable;
  await time.pass(20_000);
  b.client.calls.length = 0;
  await time.pass(10_000);
  assert.ok(b.client.calls.length <= 10, `${b.client.calls.length} requests`);
});

test("LeaderElection: a listener that fails does not end the leadership", async (t) => {
  const { time, stand } = setUp(t);
  const a = stand("a");
  a.election.subscribe(() => {
    throw new Error("listener");
  });
  await time.pass(20_000);
  assert.equal(a.election.isLeading, true);
  assert.equal(a.errors.length, 1);
});

test("LeaderElection: a request that may not be made is told and tried again", async (t) => {
  const { time, stand } = setUp(t);
  const a = stand("a");
  a.client.before = () => {
    throw new KubeError("leases is forbidden", { status: 403 });
  };
  await time.pass(5000);
  assert.equal(a.election.isLeading, false);
  assert.match(String(a.errors[0]), /forbidden/);
  a.client.before = () => {};
  await time.pass(1500);
  assert.equal(a.election.isLeading, true);
});

test("LeaderElection: refuses times in which two could lead", (t) => {
  const { stand } = setUp(t);
  assert.throws(() => stand("a", { giveUpMs: 10_000 }), RangeError);
  assert.throws(() => stand("a", { renewMs: 6000 }), RangeError);
});

test("leaderIdentity: names the pod, and differs from run to run", () => {
  assert.match(leaderIdentity("sluice-0"), /^sluice-0_[0-9a-f-]{36}$/);
  assert.notEqual(leaderIdentity("sluice-0"), leaderIdentity("sluice-0"));
});
