import assert from "node:assert/strict";
import { test } from "node:test";
import type { FilterOfKind } from "../../src/filter/contract/build.ts";
import { runFilter } from "./message.ts";

type AllowList = FilterOfKind<"addressAllowList">;

const inside: AllowList = {
  kind: "addressAllowList",
  networks: ["10.0.0.0/8", "2001:db8::/32"],
  source: { from: "connection" },
  ipv6Bits: 128,
  status: 403,
};
const second: AllowList = { ...inside, source: { from: "depth", depth: 2 } };
const beyond: AllowList = { ...inside, source: { from: "forwarded", excluded: ["192.0.2.0/24"] } };

/** `forwarded`: the list that the backend is told, with the connection at its end. */
const rows: readonly (readonly [filter: AllowList, forwarded: string, passes: "passes" | "refused"])[] = [
  [inside, "10.1.2.3", "passes"],
  [inside, "2001:db8::1", "passes"],
  [inside, "192.0.2.1", "refused"],
  // Only the connection counts, whatever a proxy in front says.
  [inside, "10.1.2.3, 192.0.2.1", "refused"],
  [second, "10.1.2.3, 198.51.100.1, 192.0.2.1", "passes"],
  [second, "198.51.100.1, 10.1.2.3, 192.0.2.1", "refused"],
  // Without trusted proxies there is no list, so nobody comes in by it.
  [second, "10.1.2.3", "refused"],
  [beyond, "10.1.2.3, 192.0.2.7, 10.9.9.9", "passes"],
  [beyond, "198.51.100.1, 192.0.2.7, 10.9.9.9", "refused"],
  [beyond, "192.0.2.7, 10.9.9.9", "refused"],
  [beyond, "nonsense, 10.9.9.9", "refused"],
  [{ ...inside, networks: ["2001:db8::/128"], ipv6Bits: 64 }, "2001:db8::7", "passes"],
  [{ ...inside, networks: ["2001:db8::/128"] }, "2001:db8::7", "refused"],
];

for (const [filter, forwarded, passes] of rows) {
  test(`addressAllowList by ${filter.source.from}: ${forwarded} ${passes}`, () => {
    const { reply } = runFilter(filter, { ownLines: `x-forwarded-for: ${forwarded}\r\nx-forwarded-proto: http\r\n` });
    assert.equal(reply === undefined ? "passes" : "refused", passes);
    assert.equal(reply?.status ?? filter.status, 403);
  });
}

test("addressAllowList lets nobody in of whom nothing is known", () => {
  assert.equal(runFilter({ ...inside, status: 404 }, { ownLines: "" }).reply?.status, 404);
});
