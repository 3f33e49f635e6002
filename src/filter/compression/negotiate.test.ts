import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptedEncodings, type OfferedEncoding } from "./negotiate.ts";

const offered: readonly OfferedEncoding[] = [
  { encoding: "br", minBytes: 30 },
  { encoding: "zstd", minBytes: 30 },
  { encoding: "gzip", minBytes: 30 },
];

const cases: readonly (readonly [accept: string | undefined, expected: readonly string[]])[] = [
  [undefined, []],
  ["", []],
  ["gzip", ["gzip"]],
  ["x-gzip", ["gzip"]],
  ["GZIP, deflate, br", ["br", "gzip"]],
  ["gzip;q=0.8, br;q=0.2, zstd;q=0.9", ["zstd", "gzip", "br"]],
  ["*", ["br", "zstd", "gzip"]],
  ["*;q=0.1, gzip", ["gzip", "br", "zstd"]],
  ["gzip;q=0", []],
  ["*, br;q=0", ["zstd", "gzip"]],
  ["identity", []],
  ["identity, *;q=0.5", []],
  ["identity;q=0.5, gzip;q=0.5, br;q=0.4", ["gzip"]],
  ["gzip;q=2, br;q=x, zstd;level=1", []],
  ["gzip;q=1.000", ["gzip"]],
  [`${"a,".repeat(40)}gzip`, []],
];

for (const [accept, expected] of cases) {
  test(`Accept-Encoding ${accept}`, () => {
    const accepted = acceptedEncodings(accept, offered);
    assert.deepEqual(
      accepted.map(({ encoding }) => encoding),
      expected,
    );
  });
}
