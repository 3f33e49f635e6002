import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { mockTime } from "../../../test/kube/mock-time.ts";
import { StoreClient } from "../../../test/kube/store-client.ts";
import type { ObjectRef } from "../../finding/finding.ts";
import { KubeError } from "../../kube/kube-client.ts";
import { kinds, type Resource } from "../../resource/kinds.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import type { TimedCondition } from "../condition.ts";
import { ClassFinalizers, classFinalizer, type LiveClass } from "./class-finalizers.ts";
import type { StatusTurn } from "./status-intents.ts";

const controllerName = "sluice.dev/gateway-controller";
const { group, plural } = kinds.GatewayClass;
const place = (name: string) => ({ group, plural, name });

type ClassOptions = { readonly controller?: string; readonly finalizers?: readonly string[] };

function setUp(t: TestContext) {
  const time = mockTime(t);
  const client = new StoreClient();
  const { store } = client;
  const listeners = new Set<(ref: ObjectRef) => void>();
  store.listeners.add((change) =>
    queueMicrotask(() => {
      const ref = { group, kind: change.object.kind, name: change.place.name };
      for (const listener of listeners) listener(ref);
    }),
  );
  const errors: string[] = [];
  const writer = new ClassFinalizers({
    client,
    controllerName,
    clock: time,
    onError: (_, name) => errors.push(name),
    live: {
      get({ name }): LiveClass | undefined {
        const metadata = store.get(place(name))?.metadata;
        if (!metadata) return undefined;
        const { uid, resourceVersion, finalizers = [] } = metadata;
        const path = { ...place(name), version: "v1" };
        return { path, uid, resourceVersion, finalizers: finalizers as string[] };
      },
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  });
  t.after(() => writer.stop());
  return {
    ...{ time, client, store, writer, errors },
    add(name: string, { controller = controllerName, finalizers = [] }: ClassOptions = {}) {
      const metadata = { name, finalizers };
      store.create(place(name), {
        ...{ apiVersion: `${group}/v1`, kind: "GatewayClass", metadata },
        spec: { controllerName: controller },
      });
    },
    finalizers: (name: string) => store.get(place(name))?.metadata["finalizers"] ?? [],
    /** The store as it is, with Gateways of these classes. */
    turn(used: readonly string[], accepted: "True" | "False" = "True"): StatusTurn {
      const classes = store.list(group, plural);
      const gateways = used.map((gatewayClassName, place) => ({
        ...{ apiVersion: `${group}/v1`, kind: "Gateway", metadata: { name: `g${place}`, namespace: "shop" } },
        spec: { gatewayClassName, listeners: [] },
      }));
      return {
        snapshot: createSnapshot([...classes, ...gateways] as unknown as Resource[]),
        status: classes.map(({ metadata: { name } }) => ({
          ref: { group, kind: "GatewayClass", name },
          generation: 1,
          body: { shape: "gatewayClass", supportedFeatures: [], conditions: [acceptedIs(accepted)] },
        })),
      };
    },
  };
}

const acceptedIs = (status: "True" | "False"): TimedCondition => ({
  ...{ type: "Accepted", status, reason: "Accepted", message: "", observedGeneration: 1 },
  lastTransitionTime: "2026-01-01T00:00:00Z",
});

test("ClassFinalizers: sets the finalizer where Gateways use a class of ours, and takes it off when none does", async (t) => {
  const { add, writer, time, finalizers, turn, client } = setUp(t);
  add("used", { finalizers: ["example.com/own"] });
  add("idle");
  add("foreign", { controller: "example.com/other" });
  writer.start();
  writer.update(turn(["used", "used", "foreign"]));
  await time.pass(100);
  assert.deepEqual(finalizers("used"), ["example.com/own", classFinalizer]);
  assert.deepEqual([finalizers("idle"), finalizers("foreign")], [[], []]);
  writer.update(turn(["used"]));
  await time.pass(60_000);
  assert.equal(client.count("patch"), 1);
  writer.update(turn([]));
  await time.pass(100);
  assert.deepEqual(finalizers("used"), ["example.com/own"]);
});

test("ClassFinalizers: a class that is being deleted goes with its last Gateway, and gets no finalizer anew", async (t) => {
  const { add, writer, time, store, turn, finalizers, client } = setUp(t);
  add("going", { finalizers: [classFinalizer] });
  add("late", { finalizers: ["example.com/own"] });
  for (const name of ["going", "late"]) store.delete(place(name));
  writer.start();
  writer.update(turn(["going", "late"]));
  await time.pass(100);
  assert.deepEqual([client.count("patch"), finalizers("late")], [0, ["example.com/own"]]);
  writer.update(turn([]));
  await time.pass(100);
  assert.equal(store.get(place("going")), undefined);
});

test("ClassFinalizers: a class that is not accepted gets none, and keeps what it has", async (t) => {
  const { add, writer, time, turn, client } = setUp(t);
  add("new");
  add("old", { finalizers: [classFinalizer] });
  writer.start();
  writer.update(turn(["new", "old"], "False"));
  await time.pass(60_000);
  assert.equal(client.count("patch"), 0);
});

test("ClassFinalizers: writes only while started", async (t) => {
  const { add, writer, time, turn, finalizers, client } = setUp(t);
  add("used");
  writer.update(turn(["used"]));
  await time.pass(60_000);
  assert.equal(client.count("patch"), 0);
  writer.start();
  await time.pass(100);
  assert.deepEqual(finalizers("used"), [classFinalizer]);
  await writer.stop();
  writer.update(turn([]));
  await time.pass(60_000);
  assert.equal(client.count("patch"), 1);
});

test("ClassFinalizers: after a conflict goes on from the newer object, and keeps what others wrote", async (t) => {
  const { add, writer, time, turn, finalizers, client, store, errors } = setUp(t);
  add("used");
  client.before = () => {
    client.before = () => {};
    store.merge(place("used"), { metadata: { finalizers: ["example.com/own"] } }, "object");
  };
  writer.start();
  writer.update(turn(["used"]));
  await time.pass(100);
  assert.deepEqual(finalizers("used"), ["example.com/own", classFinalizer]);
  assert.deepEqual(errors, []);
});

test("ClassFinalizers: one that may not be written keeps no other waiting, and is tried again later", async (t) => {
  const { add, writer, time, turn, finalizers, client, errors } = setUp(t);
  add("a");
  add("b");
  client.before = (_, { name }) => {
    if (name === "a") throw new KubeError("no", { status: 403 });
  };
  writer.start();
  writer.update(turn(["a", "b"]));
  await time.pass(100);
  assert.deepEqual([finalizers("a"), finalizers("b"), errors], [[], [classFinalizer], ["a"]]);
  client.before = () => {};
  await time.pass(30_000, 1000);
  assert.deepEqual(finalizers("a"), [classFinalizer]);
});

test("ClassFinalizers: somebody who takes it off again and again is answered once a second", async (t) => {
  const { add, writer, time, turn, store, client } = setUp(t);
  add("used");
  store.listeners.add(({ object }) => {
    const { finalizers } = object.metadata;
    if (Array.isArray(finalizers) && finalizers.includes(classFinalizer))
      queueMicrotask(() => store.merge(place("used"), { metadata: { finalizers: [] } }, "object"));
  });
  writer.start();
  writer.update(turn(["used"]));
  await time.pass(60_000, 500);
  assert.ok(client.count("patch") >= 60 && client.count("patch") <= 85, String(client.count("patch")));
});
