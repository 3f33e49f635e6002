import assert from "node:assert/strict";
import { test } from "node:test";
import { networkEnds } from "./network-ends.ts";

test("networkEnds() are an address in the network and one outside of it", () => {
  assert.deepEqual(networkEnds("10.1.0.0/16"), ["10.1.0.0", "10.2.0.0"]);
  assert.deepEqual(networkEnds("192.0.2.255"), ["192.0.2.255", "192.0.3.0"]);
  assert.deepEqual(networkEnds("0.0.0.0/0"), ["0.0.0.0"]);
  assert.deepEqual(networkEnds("2001:db8::/32"), ["2001:db8:0:0:0:0:0:0", "2001:db9:0:0:0:0:0:0"]);
  assert.deepEqual(networkEnds("nonsense"), []);
});
