import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resourcesOf, service } from "../../../test/compile-case.ts";
import type { Resource } from "../../resource/kinds.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { indexByNamespace } from "../../store/snapshot-index.ts";
import { nothingRetained } from "../compile-options.ts";
import { Cell } from "./cell.ts";
import { TrackedSnapshot } from "./tracked-snapshot.ts";

const byNamespace = indexByNamespace("Service");
const services = (...names: readonly string[]): readonly Resource[] =>
  names.flatMap((name) => {
    const [namespace = "", own = ""] = name.split("/");
    return resourcesOf(service(own, "", namespace));
  });

/** Reads by `read`, goes from some Services to others, and says whether what was read counts no more. */
function isTold(
  read: (tracked: TrackedSnapshot) => unknown,
  before: readonly Resource[],
  after: readonly Resource[],
): boolean {
  const tracked = new TrackedSnapshot();
  const options = { retained: nothingRetained, nowMs: 0 };
  let told = false;
  const cell = new Cell<unknown>(() => {
    told = true;
  });
  tracked.advance(createSnapshot(before), options);
  cell.read(tracked, () => read(tracked));
  tracked.advance(createSnapshot(after), options);
  return told;
}

describe("TrackedSnapshot", () => {
  const [web, api, other] = [services("shop/web"), services("shop/api"), services("blog/web")];
  const all = [...web, ...api, ...other];

  it("tells who has asked for an object by name when that one changes, comes or goes, and nobody else", () => {
    const read = (tracked: TrackedSnapshot) => tracked.get("Service", "shop", "web");
    assert.equal(isTold(read, all, [...services("shop/web"), ...api, ...other]), true);
    assert.equal(isTold(read, all, [...api, ...other]), true);
    assert.equal(isTold(read, api, [...api, ...web]), true);
    assert.equal(isTold(read, all, web), false);
    assert.equal(isTold(read, all, all.toReversed()), false);
  });

  it("tells who has looked under a key of an index, also when nothing was there", () => {
    const read = (tracked: TrackedSnapshot) => tracked.find(byNamespace, "blog");
    assert.equal(isTold(read, web, [...web, ...other]), true);
    assert.equal(isTold(read, all, [...web, ...api]), true);
    assert.equal(isTold(read, all, [...other, ...web]), false);
  });

  it("tells who has read a list of every change in it", () => {
    const read = (tracked: TrackedSnapshot) => tracked.list("Service");
    assert.equal(isTold(read, web, all), true);
    assert.equal(
      isTold((tracked) => tracked.list("Secret"), web, all),
      false,
    );
  });

  it("keeps its indexes in order as objects come and go", () => {
    const tracked = new TrackedSnapshot();
    const options = { retained: nothingRetained, nowMs: 0 };
    const names = () => tracked.find(byNamespace, "shop").map(({ metadata }) => metadata.name);
    for (const [objects, expected] of [
      [web, ["web"]],
      [all, ["api", "web"]],
      [api, ["api"]],
      [other, []],
    ] as const) {
      tracked.advance(createSnapshot(objects), options);
      assert.deepEqual(names(), expected);
    }
  });

  it("does not tell a reader who has been forgotten", () => {
    const tracked = new TrackedSnapshot();
    const options = { retained: nothingRetained, nowMs: 0 };
    const cell = new Cell<unknown>(() => assert.fail("told"));
    tracked.advance(createSnapshot(web), options);
    cell.read(tracked, () => [tracked.get("Service", "shop", "web"), tracked.countsUntil(5)]);
    tracked.forget(cell);
    tracked.advance(createSnapshot([]), { ...options, nowMs: 9 });
  });

  it("tells whose time is over", () => {
    const tracked = new TrackedSnapshot();
    let told = 0;
    const cell = new Cell<unknown>(() => told++);
    tracked.advance(createSnapshot(web), { retained: nothingRetained, nowMs: 0 });
    cell.read(tracked, () => tracked.countsUntil(5));
    tracked.advance(createSnapshot(web), { retained: nothingRetained, nowMs: 4 });
    assert.equal(told, 0);
    tracked.advance(createSnapshot(web), { retained: nothingRetained, nowMs: 5 });
    assert.equal(told, 1);
  });
});
