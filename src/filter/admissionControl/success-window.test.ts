import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SuccessWindow } from "./success-window.ts";

test("SuccessWindow: counts what is in the window, and nothing that is older", () => {
  const step = fc.record({ afterMs: fc.nat(20_000), success: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const window = new SuccessWindow(30_000);
      const all: { readonly part: number; readonly success: boolean }[] = [];
      let nowMs = 1_000_000;
      for (const { afterMs, success } of steps) {
        nowMs += afterMs;
        window.add(success, nowMs);
        const part = Math.floor(nowMs / 1_000);
        all.push({ part, success });
        const recent = all.filter((one) => one.part > part - 30);
        assert.equal(window.requests, recent.length);
        assert.equal(window.successes, recent.filter((one) => one.success).length);
      }
      window.advance(nowMs + 31_000);
      assert.deepEqual([window.requests, window.successes], [0, 0]);
    }),
  );
});
