import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { mockTime } from "../../test/kube/mock-time.ts";
import { StoreClient, unreachable } from "../../test/kube/store-client.ts";
import { EventRecorder, type EventRecorderOptions } from "./events.ts";
import { KubeError } from "./kube-client.ts";
import { cutNote, eventName, type ObjectEvent } from "./object-event.ts";

const minuteMs = 60_000;

const event = (fields: Partial<ObjectEvent> = {}, name = "web"): ObjectEvent => ({
  regarding: {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    namespace: "shop",
    name,
    uid: `uid-of-${name}`,
  },
  type: "Warning",
  reason: "BackendNotFound",
  note: "There is no Service cart. Create it.",
  ...fields,
});

const holding = new WeakMap<EventRecorder, readonly ObjectEvent[]>();

/** `events` is all that holds now. */
function observe(recorder: EventRecorder, events: readonly ObjectEvent[]): void {
  recorder.observe({ began: events, ended: holding.get(recorder) ?? [] });
  holding.set(recorder, events);
}

function setUp(t: TestContext, options: Partial<EventRecorderOptions> = {}) {
  const time = mockTime(t);
  const client = new StoreClient();
  const results: string[] = [];
  const errors: unknown[] = [];
  const another = () => {
    const recorder = new EventRecorder({
      client,
      controller: "sluice.dev/gateway-controller",
      instance: "sluice-0",
      warnAfterMs: 0,
      clock: time,
      onResult: (result) => results.push(result),
      onError: (error) => errors.push(error),
      ...options,
    });
    t.after(() => recorder.stop());
    return recorder;
  };
  return {
    time,
    client,
    results,
    errors,
    recorder: another(),
    another,
    stored: (namespace = "shop") => client.store.list("events.k8s.io", "events", namespace),
    passMinutes: (count: number) => time.pass(count * minuteMs, 2000),
  };
}

test("EventRecorder: an event has everything that the API and kubectl describe ask for", async (t) => {
  const { recorder, time, stored } = setUp(t);
  recorder.start();
  observe(recorder, [event()]);
  await time.pass(0);
  const [{ metadata, ...rest } = { metadata: { name: "", namespace: "" } }] = stored();
  assert.equal(metadata.name, eventName(event()));
  assert.equal(metadata.namespace, "shop");
  assert.deepEqual(rest, {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    eventTime: "2026-01-01T00:00:00.000000Z",
    reportingController: "sluice.dev/gateway-controller",
    reportingInstance: "sluice-0",
    action: "Reconcile",
    reason: "BackendNotFound",
    regarding: event().regarding,
    note: "There is no Service cart. Create it.",
    type: "Warning",
  });
});

test("EventRecorder: events about cluster-scoped objects are in the namespace default", async (t) => {
  const { recorder, time, stored } = setUp(t);
  const { namespace: _, ...regarding } = event().regarding;
  recorder.start();
  observe(recorder, [event({ regarding })]);
  await time.pass(0);
  assert.equal(stored("default").length, 1);
});

test("EventRecorder: sends nothing before it leads and after it has stopped", async (t) => {
  const { recorder, time, client, passMinutes } = setUp(t);
  observe(recorder, [event()]);
  await time.pass(1000);
  assert.equal(client.calls.length, 0);
  recorder.start();
  await time.pass(0);
  assert.equal(client.calls.length, 1);
  await recorder.stop();
  observe(recorder, [event({ note: "another" })]);
  await passMinutes(1);
  assert.equal(client.calls.length, 1);
});

test("EventRecorder: warns of what has held for a while, and not of what passes in its first seconds", async (t) => {
  const { recorder, client, time, stored } = setUp(t, { warnAfterMs: 15_000 });
  recorder.start();
  observe(recorder, [event({ note: "passes" }), event({ type: "Normal", reason: "Programmed", note: "at once" })]);
  await time.pass(10_000);
  assert.deepEqual(
    stored().map(({ note }) => note),
    ["at once"],
  );
  observe(recorder, [event({ note: "stays" })]);
  await time.pass(14_000);
  assert.equal(stored().length, 1);
  // What is seen again meanwhile does not begin anew.
  observe(recorder, [event({ note: "stays" })]);
  await time.pass(1_500);
  assert.deepEqual(
    stored().map(({ note }) => note),
    ["at once", "stays"],
  );
  assert.equal(client.count("create"), 2);
});

test("EventRecorder: what goes on holding is said once, and again before the server forgets it", async (t) => {
  const { recorder, client, stored, passMinutes } = setUp(t);
  recorder.start();
  for (let minute = 0; minute < 29; minute++) {
    observe(recorder, [event(), event({ type: "Normal", reason: "Programmed" })]);
    await passMinutes(1);
  }
  assert.deepEqual([client.count("create"), client.count("patch")], [2, 0]);
  await passMinutes(3);
  const series = stored().map((object) => object["series"]);
  assert.deepEqual(series.filter(Boolean), [{ count: 2, lastObservedTime: "2026-01-01T00:30:00.000000Z" }]);
});

test("EventRecorder: what comes and goes is counted, at most once in five minutes", async (t) => {
  const { recorder, client, stored, passMinutes, time } = setUp(t);
  recorder.start();
  for (let round = 0; round < 10; round++) {
    observe(recorder, [event()]);
    observe(recorder, []);
    await time.pass(6000);
  }
  observe(recorder, [event()]);
  assert.equal(client.count("patch"), 0);
  await passMinutes(6);
  assert.equal(client.count("create"), 1);
  assert.equal(client.count("patch"), 1);
  assert.equal((stored()[0]!["series"] as { count: number }).count, 11);
  assert.equal(client.count("get"), 0);
});

test("EventRecorder: after a restart nothing is said that the server has, and counting goes on from there", async (t) => {
  const { errors, recorder, another, client, time, stored, passMinutes } = setUp(t);
  recorder.start();
  observe(recorder, [event()]);
  await passMinutes(31);
  assert.equal((stored()[0]!["series"] as { count: number }).count, 2);
  await recorder.stop();
  const next = another();
  next.start();
  observe(next, [event()]);
  await time.pass(1000);
  assert.equal(stored().length, 1);
  assert.equal(client.count("patch"), 1);
  assert.deepEqual(errors, []);
  await passMinutes(31);
  assert.equal((stored()[0]!["series"] as { count: number }).count, 3);
});

test("EventRecorder: an event that the server has forgotten is made anew", async (t) => {
  const { recorder, client, time, stored, passMinutes } = setUp(t);
  recorder.start();
  observe(recorder, [event()]);
  await time.pass(0);
  client.store.delete({ group: "events.k8s.io", plural: "events", namespace: "shop", name: eventName(event()) });
  await passMinutes(32);
  assert.equal(stored().length, 1);
  assert.equal(stored()[0]!["series"], undefined);
});

test("EventRecorder: keeps to its rate, and drops what does not fit in its queue", async (t) => {
  const { recorder, time, client, results } = setUp(t, { requestsPerSecond: 10, burst: 50, maxWaiting: 100 });
  recorder.start();
  observe(
    recorder,
    Array.from({ length: 300 }, (_, index) => event({}, `web-${index}`)),
  );
  await time.pass(0);
  for (let round = 0; round < 60; round++) await time.pass(0);
  assert.equal(client.count("create"), 50);
  assert.equal(results.filter((result) => result === "dropped").length, 200);
  await time.pass(1000);
  assert.equal(client.count("create"), 60);
  await time.pass(10_000);
  assert.equal(client.count("create"), 100);
});

test("EventRecorder: what was dropped is offered again, and remembers no more than its bound", async (t) => {
  const { recorder, client, results, passMinutes } = setUp(t, { maxKnown: 3 });
  recorder.start();
  const events = Array.from({ length: 5 }, (_, index) => event({}, `web-${index}`));
  observe(recorder, events);
  await passMinutes(1);
  assert.equal(client.count("create"), 3);
  observe(recorder, events.slice(3));
  for (let minute = 0; minute < 63; minute++) await passMinutes(1);
  observe(recorder, events.slice(3));
  await passMinutes(1);
  assert.equal(client.count("create"), 5);
  assert.ok(results.includes("dropped"));
});

test("EventRecorder: while the server is away it tries once a minute and complains once a minute", async (t) => {
  const { recorder, client, errors, stored, passMinutes } = setUp(t);
  client.before = unreachable;
  recorder.start();
  observe(recorder, [event(), event({ type: "Normal" })]);
  for (let minute = 0; minute < 3; minute++) await passMinutes(1);
  assert.ok(client.calls.length >= 6 && client.calls.length <= 8, `${client.calls.length} requests`);
  assert.ok(errors.length >= 2 && errors.length <= 4, `${errors.length} complaints`);
  client.before = () => {};
  await passMinutes(1);
  assert.equal(stored().length, 2);
});

test("EventRecorder: what the server refuses is not tried again soon", async (t) => {
  const { recorder, client, passMinutes } = setUp(t);
  client.before = () => {
    throw new KubeError("namespace is being terminated", { status: 403 });
  };
  recorder.start();
  observe(recorder, [event()]);
  for (let minute = 0; minute < 20; minute++) await passMinutes(1);
  assert.equal(client.calls.length, 1);
});

test("eventName: differs by object, reason and note, is the same in every process, and is a valid name", () => {
  const names = [
    event(),
    event({ note: "x" }),
    event({ reason: "X" }),
    event({ type: "Normal" }),
    event({ regarding: { ...event().regarding, uid: "other" } }),
    event({}, "a".repeat(253)),
    event({}, `${"a".repeat(199)}-.b`),
  ].map(eventName);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) {
    assert.match(name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
    assert.ok(name.length <= 253);
  }
  assert.equal(names[0], "web.d0f1b358f6ddfe7a");
});

test("cutNote: keeps to 1,024 bytes and to whole characters", () => {
  assert.equal(cutNote("x".repeat(1024)), "x".repeat(1024));
  for (const text of ["x", "é", "€", "😀"]) {
    const note = cutNote(text.repeat(1025));
    assert.ok(Buffer.byteLength(note) <= 1024 && Buffer.byteLength(note) > 1015);
    assert.match(note, new RegExp(`^(${text})+…$`, "u"));
  }
});
