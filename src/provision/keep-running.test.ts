import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planeOf } from "../../test/provision/plane-fixture.ts";
import type { DataPlane } from "../infrastructure/data-plane.ts";
import { keepRunning } from "./keep-running.ts";

const own = (name: string, state: DataPlane["state"] = "wanted", uid = `uid-of-${name}`) =>
  planeOf({ name, state, uid, config: state === "wanted" ? { drainSeconds: 2 } : {} });

/** The shared data plane of these Gateways. */
const shared = (...names: readonly string[]): DataPlane => ({
  ...own("x"),
  ...{ key: "sluice-system/shared..sluice..common", mode: "shared", namespace: "sluice-system" },
  ...{ name: "shared..sluice..common", title: { name: "common", className: "sluice" } },
  gateways: names.flatMap((name) => own(name).gateways),
});

const placesOf = (planes: readonly DataPlane[]) =>
  planes.map(({ key, state, gateways }) => `${key} ${state}: ${gateways.map(({ name }) => name).join(" ")}`);

describe("keepRunning", () => {
  it("gives what is wanted as it is", () => {
    const planes = [own("a"), shared("b")];
    assert.equal(keepRunning(planes, [own("a", "kept"), shared("a")]), planes);
  });

  it("leaves the settings of a data plane of which the GatewayConfig is missing as they were, for as long as it is", () => {
    const first = keepRunning([own("a", "kept")], [own("a")]);
    assert.deepEqual([first[0]?.settings.drainSeconds, first[0]?.state], [2, "kept"]);
    assert.equal(keepRunning([own("a", "kept")], first)[0]?.settings.drainSeconds, 2);
    assert.equal(keepRunning([own("a", "kept")], [])[0]?.settings.drainSeconds, 25);
  });

  it("leaves a Gateway on the shared data plane where it was", () => {
    const before = [shared("a", "b")];
    const places = ["sluice-system/shared..sluice..common wanted: a b"];
    const first = keepRunning([own("a", "kept"), shared("b")], before);
    assert.deepEqual(placesOf(first), places);
    assert.deepEqual(placesOf(keepRunning([own("a", "kept"), shared("b")], first)), places);
    const both = keepRunning([own("a", "kept"), own("b", "kept")], first);
    assert.deepEqual(placesOf(both), ["sluice-system/shared..sluice..common kept: a b"]);
    assert.equal(both[0]?.settings.drainSeconds, 2);
  });

  it("lets go of a Gateway that is wanted elsewhere, was made anew, or is of another class now", () => {
    const before = [shared("a", "b", "c")];
    const moved = own("c", "kept");
    const planes = [
      own("a"),
      own("b", "kept", "uid-of-another"),
      { ...moved, title: { name: "c", className: "other" } },
    ];
    assert.deepEqual(placesOf(keepRunning(planes, before)), [
      "infra/a wanted: a",
      "infra/b kept: b",
      "infra/c kept: c",
    ]);
  });
});
