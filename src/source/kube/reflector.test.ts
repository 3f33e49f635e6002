import assert from "node:assert/strict";
import { test } from "node:test";
import { reflect, service } from "../../../test/kube/reflected.ts";
import { eventually } from "../../../test/plane/eventually.ts";

const same = (one: readonly string[], other: readonly string[]) => one.join() === other.join();

test("Reflector: lists in pages, then follows what is created, changed and deleted", () =>
  reflect(
    (server) => {
      for (const name of ["a", "b", "c", "d", "e"]) server.put(service(name));
    },
    async ({ server, reflector, table, truth }) => {
      await eventually(() => server.watching() === 1);
      assert.deepEqual(table(), truth());
      assert.equal(server.count({ verb: "list" }), 3);
      server.put(service("f"));
      server.put(service("a", "2"));
      server.remove("Service", "b", "shop");
      await eventually(() => same(table(), ["a=2", "c=1", "d=1", "e=1", "f=1"]));
      assert.equal(server.count({ verb: "list" }), 3);
      const { phase, synced, objects, error } = reflector.state;
      assert.deepEqual(
        { phase, synced, objects, error },
        { phase: "watching", synced: true, objects: 5, error: undefined },
      );
    },
    { pageSize: 2 },
  ));

test("Reflector: a watch that is cut or ended goes on where it stood, without a list", () =>
  reflect(
    (server) => server.put(service("a")),
    async ({ server, table }) => {
      await eventually(() => server.watching() === 1);
      for (const [cut, name] of [
        [() => server.cutWatches(), "b"],
        [() => server.endWatches(), "c"],
      ] as const) {
        cut();
        server.put(service(name));
        await eventually(() => table().includes(`${name}=1`));
      }
      assert.equal(server.count({ verb: "list" }), 1);
    },
  ));

test("Reflector: a bookmark moves where the watch stands", () =>
  reflect(
    () => {},
    async ({ server, table }) => {
      await eventually(() => server.watching() === 1);
      server.expireHistory();
      server.sendBookmarks();
      server.endWatches();
      server.put(service("a"));
      await eventually(() => same(table(), ["a=1"]));
      assert.equal(server.count({ verb: "list" }), 1, "the position before the bookmark is no longer known");
    },
  ));

test("Reflector: after 410 it lists again, tells of changes only, and takes away what is gone last", () =>
  reflect(
    (server) => {
      for (const name of ["a", "b", "c"]) server.put(service(name));
    },
    async ({ server, told, table, truth }) => {
      await eventually(() => server.watching() === 1);
      server.silenceWatches();
      server.remove("Service", "a", "shop");
      server.put(service("b", "2"));
      server.put(service("d"));
      server.expireHistory();
      server.endWatches();
      await eventually(() => same(table(), truth()));
      const after = told.slice(3).map(({ what, name, size }) => `${what} ${name} ${size}`);
      assert.deepEqual(after, ["put b 3", "put d 4", "remove a 3"]);
      assert.ok(
        told.slice(3).every(({ size }) => size >= 3),
        "the table was never emptied",
      );
    },
    { pageSize: 1 },
  ));

test("Reflector: a list whose second page is refused with 410 comes whole the next time", () =>
  reflect(
    (server) => {
      for (const name of ["a", "b", "c"]) server.put(service(name));
      let pages = 0;
      server.beforeAnswer = ({ verb }) => {
        if (verb === "list" && ++pages === 2) server.expireHistory();
      };
    },
    async ({ server, table }) => {
      await eventually(() => server.watching() === 1);
      assert.deepEqual(table(), ["a=1", "b=1", "c=1"]);
      const limits = server.requests.filter(({ verb }) => verb === "list").map(({ query }) => query.get("limit"));
      assert.deepEqual(limits, ["1", "1", null]);
    },
    { pageSize: 1 },
  ));

test("Reflector: a page that is too long is halved until it fits", () =>
  reflect(
    (server) => {
      for (const name of ["a", "b", "c", "d"]) server.put(service(name, "x".repeat(1000)));
    },
    async ({ server, table }) => {
      await eventually(() => server.watching() === 1);
      assert.equal(table().length, 4);
      const limits = server.requests.filter(({ verb }) => verb === "list").map(({ query }) => query.get("limit"));
      assert.deepEqual(limits, ["4", "2", "1", "1", "1", "1"]);
    },
    { pageSize: 4, bodyLimitBytes: 2000 },
  ));

test("Reflector: a watch that says nothing is begun anew where it stood", () =>
  reflect(
    (server) => server.put(service("a")),
    async ({ server, reflector, table }) => {
      await eventually(() => server.watching() === 1);
      server.silenceWatches();
      server.put(service("b"));
      await eventually(() => same(table(), ["a=1", "b=1"]));
      assert.equal(server.count({ verb: "list" }), 1);
      assert.equal(reflector.state.error, undefined);
    },
    { silenceMs: 20 },
  ));

test("Reflector: bytes that are no events lead to a list", () =>
  reflect(
    (server) => server.put(service("a")),
    async ({ server, table }) => {
      await eventually(() => server.watching() === 1);
      server.sendOnWatches("<html>\n");
      server.put(service("b"));
      await eventually(() => same(table(), ["a=1", "b=1"]) && server.count({ verb: "list" }) === 2);
    },
  ));

test("Reflector: waits grow with each failure, Retry-After is honoured, and success resets them", () =>
  reflect(
    (server) => {
      server.failNext(3, 500);
      server.failNext(1, 429, { retryAfterSeconds: 7 });
      server.put(service("a"));
    },
    async ({ server, waits, table }) => {
      await eventually(() => server.watching() === 1);
      assert.deepEqual(waits, [50, 100, 200, 7400]);
      server.put(service("b"));
      await eventually(() => same(table(), ["a=1", "b=1"]));
      server.cutWatches();
      await eventually(() => waits.length === 5);
      assert.equal(waits[4], 50);
    },
    { backoff: { baseMs: 100, capMs: 800, random: () => 0.5 } },
  ));

test("Reflector: a watch that the server ends at once counts as a failure", () =>
  reflect(
    () => {},
    async ({ server, waits }) => {
      for (let times = 1; times <= 3; times++) {
        await eventually(() => server.watching() === 1);
        server.endWatches();
        await eventually(() => waits.length === times);
      }
      assert.deepEqual(waits, [50, 100, 200]);
    },
    { backoff: { baseMs: 100, random: () => 0.5 } },
  ));

test("Reflector: a kind that is not served counts as read, and is looked for when woken", () =>
  reflect(
    (server) => server.dropKind("Service"),
    async ({ server, reflector, table }) => {
      await eventually(() => reflector.state.phase === "absent");
      assert.deepEqual([reflector.state.synced, reflector.state.error], [true, undefined]);
      server.serveKind("Service");
      server.put(service("a"));
      reflector.wake();
      await eventually(() => same(table(), ["a=1"]));
    },
  ));

test("Reflector: objects outlive a moment in which their kind is denied", () =>
  reflect(
    (server) => server.put(service("a")),
    async ({ server, told, table }) => {
      await eventually(() => server.watching() === 1);
      server.failNext(3, 404);
      server.cutWatches();
      server.put(service("b"));
      await eventually(() => same(table(), ["a=1", "b=1"]));
      assert.ok(told.every(({ what }) => what === "put"));
    },
    { absentGraceMs: 600_000 },
  ));

test("Reflector: objects go when their kind stays denied", () =>
  reflect(
    (server) => server.put(service("a")),
    async ({ server, reflector, table }) => {
      await eventually(() => server.watching() === 1);
      server.silenceWatches();
      server.dropKind("Service");
      await eventually(() => reflector.state.phase === "absent");
      assert.deepEqual(table(), []);
    },
    { absentGraceMs: 0 },
  ));

test("Reflector: without permission the table stays, and the state says why", () =>
  reflect(
    (server) => server.put(service("a")),
    async ({ server, reflector, table }) => {
      await eventually(() => server.watching() === 1);
      server.forbid("services");
      server.cutWatches();
      await eventually(() => reflector.state.error?.status === 403);
      assert.deepEqual(table(), ["a=1"]);
      assert.equal(reflector.state.synced, true);
      assert.match(reflector.state.error?.message ?? "", /cannot watch resource "services"/);
      server.permit("services");
      server.put(service("b"));
      await eventually(() => same(table(), ["a=1", "b=1"]) && reflector.state.error === undefined);
    },
  ));

test("Reflector: a server that was set back to an older state is taken at its word", () =>
  reflect(
    (server) => {
      server.put(service("a"));
      server.put(service("b"));
    },
    async ({ server, table }) => {
      await eventually(() => server.watching() === 1);
      server.resetStore();
      server.put(service("b", "other"));
      server.cutWatches();
      await eventually(() => same(table(), ["b=other"]));
    },
  ));

test("Reflector: stops when told, in whatever it is doing", async () => {
  await reflect(
    () => {},
    async ({ server, reflector, stop }) => {
      await eventually(() => server.watching() === 1);
      await stop();
      assert.equal(reflector.state.phase, "stopped");
      await eventually(() => server.watching() === 0);
    },
  );
  await reflect(
    (server) => server.dropKind("Service"),
    async ({ reflector, stop }) => {
      await eventually(() => reflector.state.phase === "absent");
      await stop();
      assert.equal(reflector.state.phase, "stopped");
    },
  );
});
