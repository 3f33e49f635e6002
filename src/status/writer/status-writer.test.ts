import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { FakeObjectStore, StoredObject } from "../../../test/kube/fake-object-store.ts";
import { type MockTime, mockTime } from "../../../test/kube/mock-time.ts";
import { StoreClient, unreachable } from "../../../test/kube/store-client.ts";
import type { ObjectRef } from "../../finding/finding.ts";
import { KubeError } from "../../kube/kube-client.ts";
import { type Kind, kinds, type Resource } from "../../resource/kinds.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import type { MergedStatus, ObjectStatus, TimedCondition } from "../condition.ts";
import { type LiveObject, type LiveObjects, liveObjectOf } from "./live-object.ts";
import type { StatusTurn } from "./status-intents.ts";
import type { ForbiddenKind, StatusProblem } from "./status-problem.ts";
import { StatusWriter } from "./status-writer.ts";
import type { StatusWriterOptions } from "./status-writer-options.ts";

const controllerName = "sluice.dev/gateway-controller";
const group = "gateway.networking.k8s.io";

/** What a watch shows: the store as it is, or as it was when the watch was last let through. */
class Watch implements LiveObjects {
  readonly #store: FakeObjectStore;
  readonly #seen = new Map<string, StoredObject>();
  readonly #listeners = new Set<(ref: ObjectRef) => void>();
  #waiting: (() => void)[] = [];
  state: "open" | "held" = "open";

  constructor(store: FakeObjectStore) {
    this.#store = store;
    store.listeners.add(({ type, place, object }) => {
      const tell = () => {
        const key = `${place.plural}/${place.namespace}/${place.name}`;
        if (type === "DELETED") this.#seen.delete(key);
        else this.#seen.set(key, object);
        const ref = refOf(object.kind as Kind, place.name, place.namespace);
        for (const listener of this.#listeners) listener(ref);
      };
      // A watch is another connection: it says nothing while a request is being answered.
      if (this.state === "open") queueMicrotask(tell);
      else this.#waiting.push(tell);
    });
  }

  get store(): FakeObjectStore {
    return this.#store;
  }

  get(ref: ObjectRef): LiveObject | undefined {
    const { version, plural } = kinds[ref.kind as Kind];
    const object = this.#seen.get(`${plural}/${ref.namespace}/${ref.name}`);
    if (!object) return undefined;
    const path = { group: ref.group, version, plural, name: ref.name };
    return liveObjectOf(ref.namespace === undefined ? path : { ...path, namespace: ref.namespace }, object);
  }

  subscribe(listener: (ref: ObjectRef) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  letThrough(): void {
    this.state = "open";
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const tell of waiting) tell();
  }
}

function refOf(kind: Kind, name: string, namespace?: string): ObjectRef {
  return { kind, group: kinds[kind].group, name, ...(namespace === undefined ? {} : { namespace }) };
}

const condition = (generation: number, fields: Partial<TimedCondition> = {}): TimedCondition => ({
  type: "Accepted",
  status: "True",
  reason: "Accepted",
  message: "",
  observedGeneration: generation,
  lastTransitionTime: "2026-01-01T00:00:00Z",
  ...fields,
});

type World = {
  readonly time: MockTime;
  readonly client: StoreClient;
  readonly watch: Watch;
  readonly writer: StatusWriter;
  readonly problems: StatusProblem[];
  readonly results: string[];
  add(kind: Kind, name: string): StoredObject;
  find(kind: Kind, name: string): StoredObject | undefined;
  /** What a compilation of the store as it is concludes; `messages` by name. */
  turn(options?: {
    readonly attachedRoutes?: number;
    readonly message?: string;
    readonly without?: string;
  }): StatusTurn;
  another(options?: Partial<StatusWriterOptions>): StatusWriter;
};

function setUp(t: TestContext, options: Partial<StatusWriterOptions> = {}): World {
  const time = mockTime(t);
  const client = new StoreClient();
  const { store } = client;
  const watch = new Watch(store);
  const problems: StatusProblem[] = [];
  const results: string[] = [];
  const another = (more: Partial<StatusWriterOptions> = {}) => {
    const writer = new StatusWriter({
      client,
      live: watch,
      controllerName,
      clock: time,
      random: () => 0.5,
      onProblem: (problem) => problems.push(problem),
      onResult: (kind, result) => results.push(`${kind} ${result}`),
      ...options,
      ...more,
    });
    t.after(() => writer.stop());
    return writer;
  };
  const placeOf = (kind: Kind, name: string) => ({
    group: kinds[kind].group,
    plural: kinds[kind].plural,
    name,
    ...(kinds[kind].scope === "Namespaced" ? { namespace: "shop" } : {}),
  });
  return {
    time,
    client,
    watch,
    writer: another(),
    problems,
    results,
    another,
    add: (kind, name) => store.create(placeOf(kind, name), { apiVersion: `${group}/v1`, kind, spec: {} }),
    find: (kind, name) => store.get(placeOf(kind, name)),
    turn({ attachedRoutes = 0, message = "", without = "" } = {}) {
      const all = (["GatewayClass", "Gateway", "HTTPRoute", "BackendTLSPolicy"] as const).flatMap((kind) =>
        store.list(kinds[kind].group, kinds[kind].plural),
      );
      const status: MergedStatus = all
        .filter(({ metadata }) => metadata.name !== without)
        .map((object) => statusOf(object, attachedRoutes, message));
      return { status, snapshot: createSnapshot(all as unknown as Resource[]) };
    },
  };
}

function statusOf(object: StoredObject, attachedRoutes: number, message: string): ObjectStatus<TimedCondition> {
  const { kind, metadata } = object;
  const generation = Number(metadata["generation"]);
  const conditions = [condition(generation, { message })];
  const ref = refOf(kind as Kind, metadata.name, metadata.namespace);
  const name = "http";
  switch (kind) {
    case "GatewayClass":
      return { ref, generation, body: { shape: "gatewayClass", conditions, supportedFeatures: ["Gateway"] } };
    case "Gateway":
      return {
        ref,
        generation,
        body: {
          shape: "gateway",
          conditions,
          listeners: [{ name, supportedKinds: [{ group, kind: "HTTPRoute" }], attachedRoutes, conditions }],
          attachedListenerSets: 0,
          addresses: [],
        },
      };
    case "HTTPRoute":
      return { ref, generation, body: { shape: "route", parents: [{ parentRef: { name: "edge" }, conditions }] } };
    default:
      return { ref, generation, body: { shape: "policy", ancestors: [{ ancestorRef: { name: "edge" }, conditions }] } };
  }
}

const acceptedOf = (object: StoredObject | undefined): TimedCondition | undefined => {
  const status = object?.["status"] as { parents?: { conditions: TimedCondition[] }[] } | undefined;
  return status?.parents?.[0]?.conditions[0];
};

test("StatusWriter: writes each status once, and what stands there already not at all", async (t) => {
  const { add, find, turn, time, client, writer, results } = setUp(t);
  for (const kind of ["GatewayClass", "Gateway", "HTTPRoute", "BackendTLSPolicy"] as const) add(kind, "edge");
  writer.start();
  await time.pass(0);
  writer.update(turn());
  await time.pass(100);
  assert.deepEqual(results, [
    "GatewayClass written",
    "Gateway written",
    "HTTPRoute written",
    "BackendTLSPolicy written",
  ]);
  assert.equal(acceptedOf(find("HTTPRoute", "edge"))?.reason, "Accepted");
  for (let round = 0; round < 5; round++) writer.update(turn());
  await time.pass(10_000);
  assert.equal(client.count("patch"), 4);
  assert.equal(writer.pending, 0);
});

test("StatusWriter: writes nothing before it leads and after it has stopped, and nothing twice after a takeover", async (t) => {
  const { add, turn, time, client, writer, another } = setUp(t);
  add("HTTPRoute", "web");
  await time.pass(0);
  writer.update(turn());
  await time.pass(5000);
  assert.equal(client.calls.length, 0);
  writer.start();
  await time.pass(100);
  assert.equal(client.count("patch"), 1);
  await writer.stop();
  writer.update(turn({ message: "new" }));
  await time.pass(5000);
  assert.equal(client.count("patch"), 1);
  const next = another();
  next.update(turn());
  next.start();
  await time.pass(5000);
  assert.equal(client.count("patch"), 1);
  await next.stop();
  writer.start();
  await time.pass(100);
  assert.equal(client.count("patch"), 2);
});

test("StatusWriter.stop: waits for what is on its way, and leaves the rest", async (t) => {
  const { add, turn, time, client, writer, results } = setUp(t, { maxInFlight: 1 });
  for (const name of ["a", "b"]) add("HTTPRoute", name);
  await time.pass(0);
  const gate = Promise.withResolvers<void>();
  client.before = () => gate.promise;
  writer.start();
  writer.update(turn());
  await time.pass(0);
  let isStopped = false;
  const stopped = writer.stop().then(() => {
    isStopped = true;
  });
  await time.pass(1000);
  assert.equal(isStopped, false);
  gate.resolve();
  await stopped;
  await time.pass(5000);
  assert.equal(client.count("patch"), 1);
  assert.deepEqual(results, []);
});

test("StatusWriter: a write names the version and the uid of the object that it was worked out from", async (t) => {
  const { add, turn, time, client, writer } = setUp(t);
  const { metadata } = add("HTTPRoute", "web");
  await time.pass(0);
  writer.start();
  writer.update(turn());
  await time.pass(0);
  const { path, object } = client.calls[0] ?? {};
  assert.equal(path?.subresource, "status");
  assert.deepEqual(object?.["metadata"], { uid: metadata.uid, resourceVersion: metadata.resourceVersion });
});

test("StatusWriter: an object that was made anew does not get the status of the old one", async (t) => {
  const { add, find, turn, time, client, writer } = setUp(t);
  add("HTTPRoute", "web");
  await time.pass(0);
  const old = turn({ message: "old" });
  client.store.delete({ group, plural: "httproutes", namespace: "shop", name: "web" });
  add("HTTPRoute", "web");
  await time.pass(0);
  writer.start();
  writer.update(old);
  await time.pass(5000);
  assert.equal(client.calls.length, 0);
  writer.update(turn({ message: "new" }));
  await time.pass(100);
  assert.equal(acceptedOf(find("HTTPRoute", "web"))?.message, "new");
});

test("StatusWriter: a status from an older generation is not written over a newer one", async (t) => {
  const { add, find, turn, time, client, writer, another } = setUp(t);
  const route = add("HTTPRoute", "web");
  await time.pass(0);
  const old = turn({ message: "old" });
  client.store.merge(
    { group, plural: "httproutes", namespace: "shop", name: "web" },
    { ...route, metadata: {}, spec: { more: true } },
    "object",
  );
  await time.pass(0);
  another().start();
  writer.start();
  writer.update(turn({ message: "new" }));
  await time.pass(0);
  const late = another();
  late.start();
  late.update(old);
  await time.pass(5000);
  assert.equal(acceptedOf(find("HTTPRoute", "web"))?.message, "new");
  assert.equal(client.count("patch"), 1);
});

test("StatusWriter: after a conflict it writes as soon as the watch shows the newer object", async (t) => {
  const { add, find, turn, time, client, writer, watch, results } = setUp(t);
  add("HTTPRoute", "web");
  await time.pass(0);
  const first = turn();
  watch.state = "held";
  client.store.merge(
    { group, plural: "httproutes", namespace: "shop", name: "web" },
    { metadata: { annotations: { a: "1" } } },
    "object",
  );
  writer.start();
  writer.update(first);
  await time.pass(1000);
  assert.deepEqual(results, ["HTTPRoute conflict"]);
  watch.letThrough();
  await time.pass(0);
  assert.deepEqual(results, ["HTTPRoute conflict", "HTTPRoute written"]);
  assert.equal(client.count("get"), 0);
  assert.equal(acceptedOf(find("HTTPRoute", "web"))?.reason, "Accepted");
});

test("StatusWriter: when the watch shows nothing after a conflict, the object is asked for", async (t) => {
  const { add, find, turn, time, client, writer, watch, results } = setUp(t);
  add("HTTPRoute", "web");
  await time.pass(0);
  const first = turn();
  watch.state = "held";
  client.store.merge(
    { group, plural: "httproutes", namespace: "shop", name: "web" },
    { metadata: { annotations: { a: "1" } } },
    "object",
  );
  writer.start();
  writer.update(first);
  await time.pass(1900);
  assert.equal(client.count("get"), 0);
  await time.pass(200);
  assert.equal(client.count("get"), 1);
  assert.deepEqual(results, ["HTTPRoute conflict", "HTTPRoute written"]);
  // A later status is worked out from what the server answered, although the watch is still behind.
  writer.update({ ...first, ...turn({ message: "next" }) });
  await time.pass(1000);
  assert.equal(acceptedOf(find("HTTPRoute", "web"))?.message, "next");
  assert.deepEqual(results.slice(2), ["HTTPRoute written"]);
});

test("StatusWriter: a second writer in a loop loses nothing and keeps nobody from writing", async (t) => {
  const { add, find, turn, time, client, writer, results } = setUp(t);
  add("HTTPRoute", "web");
  await time.pass(0);
  const place = { group, plural: "httproutes", namespace: "shop", name: "web" };
  let rounds = 0;
  const writeAsOther = () => {
    const status = (client.store.get(place)?.["status"] ?? { parents: [] }) as { parents: Record<string, unknown>[] };
    const others = status.parents.filter((entry) => entry["controllerName"] !== "other.example/x");
    const entry = {
      controllerName: "other.example/x",
      parentRef: { name: "edge" },
      conditions: [{ ...condition(1), message: `round ${++rounds}` }],
    };
    client.store.merge(place, { status: { parents: [...others, entry] } }, "status");
  };
  // The other one gets in between, three times out of four.
  client.before = (call) => {
    if (call === "patch" && client.count("patch") % 4 !== 0) writeAsOther();
  };
  writer.start();
  for (let change = 0; change < 10; change++) {
    writer.update(turn({ message: `change ${change}` }));
    await time.pass(3000);
  }
  const { parents } = find("HTTPRoute", "web")!["status"] as {
    parents: { controllerName: string; conditions: TimedCondition[] }[];
  };
  const messageOf = (name: string) =>
    parents.filter((entry) => entry.controllerName === name).map(({ conditions }) => conditions[0]?.message);
  assert.deepEqual(messageOf("other.example/x"), [`round ${rounds}`]);
  assert.deepEqual(messageOf(controllerName), ["change 9"]);
  assert.ok(results.filter((result) => result.endsWith("conflict")).length >= 10);
});

test("StatusWriter: conflicts that never end are met more and more slowly", async (t) => {
  const { add, turn, time, client, writer } = setUp(t);
  add("HTTPRoute", "web");
  await time.pass(0);
  client.before = (call) => {
    if (call === "patch") throw new KubeError("conflict", { status: 409, reason: "Conflict" });
  };
  writer.start();
  writer.update(turn());
  await time.pass(600_000, 500);
  assert.ok(client.calls.length < 80, `${client.calls.length} requests`);
});

test("StatusWriter: an object that is gone is forgotten", async (t) => {
  const { add, turn, time, client, writer, watch, results } = setUp(t);
  add("HTTPRoute", "web");
  await time.pass(0);
  const known = turn();
  watch.state = "held";
  client.store.delete({ group, plural: "httproutes", namespace: "shop", name: "web" });
  writer.start();
  for (let round = 0; round < 5; round++) {
    writer.update(known);
    await time.pass(1000);
  }
  assert.deepEqual(results, ["HTTPRoute gone"]);
  watch.letThrough();
  await time.pass(1000);
  assert.equal(client.calls.length, 1);
});

test("StatusWriter: a kind that it may not write is told once, tried once a minute, and keeps no other from being written", async (t) => {
  const told: (readonly ForbiddenKind[])[] = [];
  const { add, turn, time, client, writer, results } = setUp(t, { onForbidden: () => told.push(writer.forbidden) });
  for (let index = 0; index < 20; index++) add("HTTPRoute", `web-${index}`);
  add("Gateway", "edge");
  await time.pass(0);
  let isAllowed = false;
  client.before = (_, { plural }) => {
    if (plural === "httproutes" && !isAllowed) throw new KubeError("httproutes is forbidden", { status: 403 });
  };
  writer.start();
  writer.update(turn());
  await time.pass(59_000);
  const forbidden = { object: refOf("HTTPRoute", "web-0", "shop"), message: "httproutes is forbidden" };
  assert.deepEqual(told, [[forbidden]]);
  assert.ok(results.includes("Gateway written"));
  const tried = client.calls.length;
  assert.ok(tried <= 9, `${tried} requests`);
  isAllowed = true;
  await time.pass(62_000);
  assert.equal(results.filter((result) => result === "HTTPRoute written").length, 20);
  assert.deepEqual(told, [[forbidden], []]);
  isAllowed = false;
  writer.update(turn({ message: "again" }));
  await time.pass(1000);
  assert.equal(told.length, 3);
});

test("StatusWriter: a status that the server refuses is told once and tried again only when another one is wanted", async (t) => {
  const { add, find, turn, time, client, writer, problems } = setUp(t);
  add("HTTPRoute", "web");
  await time.pass(0);
  client.before = () => {
    throw new KubeError("status.parents[0].conditions[0].reason: Invalid value", { status: 422, reason: "Invalid" });
  };
  writer.start();
  for (let round = 0; round < 5; round++) {
    writer.update(turn());
    await time.pass(2000);
  }
  assert.deepEqual(problems, [
    {
      kind: "refused",
      object: refOf("HTTPRoute", "web", "shop"),
      message: "status.parents[0].conditions[0].reason: Invalid value",
    },
  ]);
  assert.equal(client.calls.length, 1);
  client.before = () => {};
  writer.update(turn({ message: "better" }));
  await time.pass(0);
  assert.equal(acceptedOf(find("HTTPRoute", "web"))?.message, "better");
});

test("StatusWriter: while the API server is away it is asked rarely, and then everything is written", async (t) => {
  const { add, turn, time, client, writer, problems, results } = setUp(t);
  for (let index = 0; index < 40; index++) add("HTTPRoute", `web-${index}`);
  await time.pass(0);
  client.before = unreachable;
  writer.start();
  writer.update(turn());
  await time.pass(60_000);
  assert.ok(client.calls.length <= 8 * 10, `${client.calls.length} requests`);
  assert.equal(problems.length, 1);
  client.before = () => {};
  await time.pass(31_000);
  assert.equal(results.filter((result) => result.endsWith("written")).length, 40);
});

test("StatusWriter: waits as long as the server says", async (t) => {
  const { add, turn, time, client, writer } = setUp(t);
  add("HTTPRoute", "web");
  await time.pass(0);
  client.before = () => {
    client.before = () => {};
    throw new KubeError("too many requests", { status: 429, retryAfterMs: 7000 });
  };
  writer.start();
  writer.update(turn());
  await time.pass(6900);
  assert.equal(client.calls.length, 1);
  await time.pass(200);
  assert.equal(client.calls.length, 2);
});

test("StatusWriter: an error of one object does not hold up the others", async (t) => {
  const { add, turn, time, client, writer, results } = setUp(t, { maxInFlight: 1 });
  for (const name of ["a", "b", "c"]) add("HTTPRoute", name);
  await time.pass(0);
  client.before = (_, { name }) => {
    if (name === "a") throw new KubeError("webhook failed", { status: 500 });
  };
  writer.start();
  writer.update(turn());
  await time.pass(200);
  assert.equal(results.filter((result) => result.endsWith("written")).length, 2);
  await time.pass(60_000);
  assert.ok(client.calls.length < 15, `${client.calls.length} requests`);
});

test("StatusWriter: entries of ours are cleared from what no longer concerns us, also those of an earlier run", async (t) => {
  const { add, find, turn, time, client, writer, another } = setUp(t);
  for (const name of ["web", "other"]) add("HTTPRoute", name);
  await time.pass(0);
  writer.start();
  writer.update(turn());
  await time.pass(100);
  client.store.merge(
    { group, plural: "httproutes", namespace: "shop", name: "web" },
    {
      status: {
        parents: [
          ...(find("HTTPRoute", "web")!["status"] as { parents: unknown[] }).parents,
          { controllerName: "other.example/x", parentRef: { name: "edge" }, conditions: [] },
        ],
      },
    },
    "status",
  );
  await writer.stop();
  await time.pass(0);
  const next = another();
  next.start();
  next.update(turn({ without: "web" }));
  await time.pass(100);
  assert.deepEqual(find("HTTPRoute", "web")?.["status"], {
    parents: [{ controllerName: "other.example/x", parentRef: { name: "edge" }, conditions: [] }],
  });
  assert.ok(acceptedOf(find("HTTPRoute", "other")));
  const writes = client.count("patch");
  for (let round = 0; round < 5; round++) next.update(turn({ without: "web" }));
  await time.pass(5000);
  assert.equal(client.count("patch"), writes);
});

test("StatusWriter: entries of ours that somebody puts where nothing concerns us are cleared without another turn", async (t) => {
  const { add, find, turn, time, client, writer } = setUp(t);
  add("HTTPRoute", "web");
  await time.pass(0);
  writer.start();
  writer.update(turn({ without: "web" }));
  await time.pass(100);
  assert.equal(client.count("patch"), 0);
  const ours = { controllerName, parentRef: { name: "edge" }, conditions: [condition(1)] };
  const place = { group, plural: "httproutes", namespace: "shop", name: "web" };
  client.store.merge(place, { status: { parents: [ours] } }, "status");
  await time.pass(100);
  assert.deepEqual(find("HTTPRoute", "web")?.["status"], { parents: [] });
});

test("StatusWriter: a turn that says the same looks at no live object again", async (t) => {
  const { add, turn, time, watch, writer } = setUp(t);
  for (let index = 0; index < 50; index++) add("HTTPRoute", `web-${index}`);
  await time.pass(0);
  writer.start();
  const first = turn();
  writer.update(first);
  await time.pass(5000);
  const get = t.mock.method(watch, "get");
  writer.update({ ...first, status: [...first.status] });
  assert.equal(get.mock.callCount(), 0);
  const changed = first.status.with(7, { ...first.status[7]!, generation: 1 });
  writer.update({ ...first, status: changed });
  assert.ok(get.mock.callCount() <= 3, `${get.mock.callCount()} looks`);
});

test("StatusWriter: what somebody takes out of our status is put back", async (t) => {
  const { add, find, turn, time, client, writer } = setUp(t);
  add("HTTPRoute", "web");
  await time.pass(0);
  writer.start();
  writer.update(turn());
  await time.pass(100);
  client.store.merge(
    { group, plural: "httproutes", namespace: "shop", name: "web" },
    { status: { parents: [] } },
    "status",
  );
  await time.pass(100);
  assert.equal(acceptedOf(find("HTTPRoute", "web"))?.reason, "Accepted");
});

test("StatusWriter: fields that the server drops are not written over and over", async (t) => {
  const { add, turn, time, client, writer } = setUp(t);
  add("Gateway", "edge");
  await time.pass(0);
  const place = { group, plural: "gateways", namespace: "shop", name: "edge" };
  client.after = (call) => {
    if (call === "patch") client.store.merge(place, { status: { attachedListenerSets: null } }, "status");
  };
  // The answer of the server is what it stored, as with an older CRD.
  const original = client.patch.bind(client);
  client.patch = async (path, patch) => {
    await original(path, patch);
    return structuredClone(client.store.get(place)) as StoredObject;
  };
  writer.start();
  for (let round = 0; round < 10; round++) {
    writer.update(turn());
    await time.pass(2000);
  }
  assert.equal(client.count("patch"), 1);
  writer.update(turn({ attachedRoutes: 1 }));
  await time.pass(10_000);
  assert.equal(client.count("patch"), 2);
});

test("StatusWriter: a thousand routes attached and removed one by one are few writes of the Gateway, the last one right", async (t) => {
  const { add, find, turn, time, client, writer } = setUp(t);
  add("Gateway", "edge");
  await time.pass(0);
  writer.start();
  const known = turn();
  const attachedRoutes = async (count: number) => {
    writer.update({ ...known, ...turn({ attachedRoutes: count }) });
    await time.pass(10);
  };
  for (let count = 1; count <= 1000; count++) await attachedRoutes(count);
  for (let count = 999; count >= 0; count--) await attachedRoutes(count);
  await time.pass(1000);
  const writes = client.count("patch");
  assert.ok(writes >= 20 && writes <= 25, `${writes} writes in 20 seconds`);
  const { listeners } = find("Gateway", "edge")!["status"] as { listeners: { attachedRoutes: number }[] };
  assert.equal(listeners[0]?.attachedRoutes, 0);
  assert.equal(writer.pending, 0);
});

test("StatusWriter: the first change of an object is written at once", async (t) => {
  const { add, turn, time, client, writer } = setUp(t);
  add("Gateway", "edge");
  await time.pass(0);
  writer.start();
  for (let count = 1; count <= 3; count++) {
    writer.update(turn({ attachedRoutes: count }));
    await time.pass(0);
    assert.equal(client.count("patch"), count);
  }
  writer.update(turn({ attachedRoutes: 4 }));
  await time.pass(900);
  assert.equal(client.count("patch"), 3);
  await time.pass(150);
  assert.equal(client.count("patch"), 4);
});

test("StatusWriter: Gateways and classes come first, then what has waited longest", async (t) => {
  const { add, turn, time, client, writer } = setUp(t, { maxInFlight: 1, burst: 1, requestsPerSecond: 10 });
  for (let index = 0; index < 5; index++) add("HTTPRoute", `web-${index}`);
  await time.pass(0);
  writer.start();
  writer.update(turn());
  await time.pass(150);
  add("Gateway", "edge");
  add("GatewayClass", "sluice");
  add("HTTPRoute", "later");
  await time.pass(0);
  writer.update(turn());
  await time.pass(2000);
  assert.deepEqual(
    client.calls.map(({ path }) => path.name),
    ["web-0", "web-1", "sluice", "edge", "web-2", "web-3", "web-4", "later"],
  );
});

test("StatusWriter: many changing Gateways do not keep routes waiting for ever", async (t) => {
  const { add, turn, time, client, writer } = setUp(t, { requestsPerSecond: 10, burst: 1 });
  for (let index = 0; index < 40; index++) add("Gateway", `edge-${index}`);
  add("HTTPRoute", "web");
  await time.pass(0);
  writer.start();
  for (let round = 1; round <= 3; round++) {
    writer.update(turn({ attachedRoutes: round }));
    await time.pass(1000);
  }
  assert.ok(client.calls.some(({ path }) => path.name === "web"));
});

test("StatusWriter: keeps to its rate and to its number of requests at a time", async (t) => {
  const { add, turn, time, client, writer } = setUp(t, { requestsPerSecond: 50, burst: 100, maxInFlight: 8 });
  for (let index = 0; index < 500; index++) add("HTTPRoute", `web-${index}`);
  await time.pass(0);
  let inFlight = 0;
  let most = 0;
  client.before = async () => {
    most = Math.max(most, ++inFlight);
    await new Promise((done) => setImmediate(done));
  };
  client.after = () => {
    inFlight -= 1;
  };
  writer.start();
  writer.update(turn());
  for (let round = 0; round < 20; round++) await time.pass(0);
  assert.equal(most, 8);
  assert.equal(client.calls.length, 100);
  await time.pass(4000);
  assert.ok(client.calls.length >= 290 && client.calls.length <= 300, `${client.calls.length} after 4 s`);
  await time.pass(5000);
  assert.equal(writer.pending, 0);
  assert.equal(client.count("patch"), 500);
});

test("StatusWriter: what is no longer wanted when its turn comes is not written", async (t) => {
  const { add, find, turn, time, client, writer } = setUp(t, { requestsPerSecond: 1, burst: 1 });
  for (const name of ["a", "b"]) add("HTTPRoute", name);
  await time.pass(0);
  writer.start();
  writer.update(turn());
  await time.pass(100);
  assert.equal(writer.pending, 1);
  writer.update(turn({ without: "b" }));
  await time.pass(5000);
  assert.equal(client.count("patch"), 1);
  assert.equal(find("HTTPRoute", "b")?.["status"], undefined);
  assert.equal(writer.pending, 0);
});

test("StatusWriter: against a writer that always comes in between it does not use up its rate", async (t) => {
  const { add, turn, time, client, writer } = setUp(t);
  add("HTTPRoute", "web");
  await time.pass(0);
  let others = 0;
  client.before = (call) => {
    if (call !== "patch") return;
    const place = { group, plural: "httproutes", namespace: "shop", name: "web" };
    client.store.merge(place, { metadata: { annotations: { other: String(++others) } } }, "object");
  };
  writer.start();
  writer.update(turn());
  await time.pass(60_000);
  assert.ok(client.count("patch") >= 20 && client.count("patch") <= 100, `${client.count("patch")} tries in a minute`);
});

test("StatusWriter: requests that fail together make one short pause", async (t) => {
  const { add, turn, time, client, writer, results } = setUp(t);
  for (let index = 0; index < 8; index++) add("HTTPRoute", `web-${index}`);
  await time.pass(0);
  client.before = unreachable;
  writer.start();
  writer.update(turn());
  await time.pass(0);
  assert.equal(client.calls.length, 8);
  client.before = () => {};
  await time.pass(500);
  assert.equal(results.filter((result) => result.endsWith("written")).length, 8);
});
