import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { targetPorts } from "./target-port.ts";

test("targetPorts: ports below 1024 move up by 10,000, and on where a listener has that port itself", () => {
  assert.deepEqual(
    [...targetPorts([8080, 443, 80, 10_080])],
    [
      [80, 10_081],
      [443, 10_443],
      [8080, 8080],
      [10_080, 10_080],
    ],
  );
  assert.deepEqual([...targetPorts([1023, 1024]).values()], [11_023, 1024]);
});

test("targetPorts: every port has one of its own that needs no privilege, in whatever order they come", () => {
  const port = fc.oneof(
    fc.integer({ min: 1, max: 65_535 }),
    fc.integer({ min: 10_001, max: 10_100 }),
    fc.integer({ min: 1, max: 100 }),
  );
  fc.assert(
    fc.property(fc.array(port, { maxLength: 200 }), (ports) => {
      const targets = targetPorts(ports);
      assert.equal(targets.size, new Set(ports).size);
      assert.equal(new Set(targets.values()).size, targets.size);
      for (const target of targets.values()) assert.ok(target >= 1024 && target <= 65_535);
      assert.deepEqual(targetPorts(ports.toReversed()), targets);
    }),
  );
});
