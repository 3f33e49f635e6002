import assert from "node:assert/strict";
import { test } from "node:test";
import { byteSize } from "./byte-size.ts";

test("byteSize: plain numbers, decimal and binary units, nothing else", () => {
  const rows: readonly (readonly [size: number | string, bytes: number | undefined])[] = [
    [1500, 1500],
    ["1500", 1500],
    ["64k", 64_000],
    ["10Mi", 10_485_760],
    ["2G", 2e9],
    ["1Ei", 2 ** 60],
    ["10m", undefined],
    ["1.5Mi", undefined],
    ["-1", undefined],
    ["", undefined],
    ["1KiB", undefined],
  ];
  for (const [size, bytes] of rows) assert.equal(byteSize(size), bytes, String(size));
});
