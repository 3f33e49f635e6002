import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServeScope } from "../serve-feature.ts";
import { serveTimeouts } from "./timeouts.ts";

test("serveTimeouts: times of silence rather than of requests; none at all is the shortest", () => {
  const { rule, cluster } = serveTimeouts({ connectSeconds: 5, readSeconds: 60, sendSeconds: 0 }, {} as ServeScope);
  assert.deepEqual(rule, { timeouts: { silence: 60_000, sendSilenceMs: 1 } });
  assert.deepEqual(cluster, { traffic: { connectTimeoutMs: 5_000, connectAttempts: 1 } });
});
