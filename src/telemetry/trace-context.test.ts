import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  createRequestId,
  createSpanId,
  createTraceContext,
  isTracestate,
  parseTraceparent,
  renderTraceparent,
  traceparentLength,
  writeTraceparent,
} from "./trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parentId = "b7ad6b7169203331";
const good = `00-${traceId}-${parentId}-01`;

test("parseTraceparent: a version 00 value", () => {
  assert.deepEqual(parseTraceparent(good), { traceId, parentId, flags: 1 });
});

test("parseTraceparent: later versions are read by their first four fields", () => {
  const context = { traceId, parentId, flags: 1 };
  assert.deepEqual(parseTraceparent(`01${good.slice(2)}`), context);
  assert.deepEqual(parseTraceparent(`cc${good.slice(2)}-what-the-future-brings`), context);
});

test("parseTraceparent: what the specification forbids is refused", () => {
  const bad = [
    "",
    "00",
    good.slice(0, -1),
    `${good}-`,
    `${good}-extra`,
    `${good} `,
    ` ${good}`,
    `${good}, ${good}`,
    good.toUpperCase(),
    `ff${good.slice(2)}`,
    `0x${good.slice(2)}`,
    `cc${good.slice(2)}.x`,
    good.replace(traceId, "0".repeat(32)),
    good.replace(parentId, "0".repeat(16)),
    good.replace("-", "_"),
    good.replace(parentId, `${parentId.slice(1)}g`),
    `00-${traceId}${parentId}--01`,
    good.replace("-01", "-0\u00ff"),
  ];
  for (const text of bad) assert.equal(parseTraceparent(text), undefined, JSON.stringify(text));
});

test("parseTraceparent: never throws, and what it accepts is written the same way", () => {
  const hex = (digits: number) =>
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: digits, maxLength: digits });
  fc.assert(
    fc.property(hex(32), hex(16), fc.constantFrom("00", "01"), (trace, span, flags) => {
      const text = `00-${trace}-${span}-${flags}`;
      const context = parseTraceparent(text);
      if (context) assert.equal(renderTraceparent(context), text);
    }),
  );
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseTraceparent(text)));
});

test("renderTraceparent: flags of later versions are cleared", () => {
  assert.equal(renderTraceparent({ traceId, parentId, flags: 0xff }), good);
  assert.equal(renderTraceparent({ traceId, parentId, flags: 0xfe }), `${good.slice(0, -1)}0`);
});

test("writeTraceparent: writes at an offset and returns the offset after it", () => {
  const target = Buffer.alloc(traceparentLength + 4, ".");
  assert.equal(writeTraceparent({ traceId, parentId, flags: 1 }, target, 2), traceparentLength + 2);
  assert.equal(target.toString("latin1"), `..${good}..`);
});

test("createTraceContext: valid, sampled, and new each time", () => {
  const ids = new Set<string>();
  for (let i = 0; i < 5000; i++) {
    const context = createTraceContext();
    assert.deepEqual(parseTraceparent(renderTraceparent(context)), context);
    assert.equal(context.flags, 1);
    ids.add(context.traceId).add(context.parentId).add(createSpanId()).add(createRequestId());
  }
  assert.equal(ids.size, 20_000);
  for (const id of ids) assert.match(id, /^([0-9a-f]{16}|[0-9a-f]{32})$/);
});

test("isTracestate: the specification's grammar", () => {
  const rows: readonly (readonly [string, boolean])[] = [
    ["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true],
    ["rojo=00f067aa0ba902b7 , \t congo=t61rcWkgMzE", true],
    ["fw529a3039@dt=FfFfFf", true],
    ["a=b,,c=d", true],
    ["\t a=b \t,\t", true],
    ["a=b c", true],
    ["a=b\u00a0", false],
    [`a=${" ".repeat(16_000)}b`, false],
    ["", true],
    [Array.from({ length: 32 }, (_, i) => `k${i}=v`).join(","), true],
    [Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(","), false],
    ["a=1,a=2", false],
    ["A=1", false],
    ["1a=1", false],
    ["=1", false],
    ["a", false],
    ["a=", false],
    ["a=b=c", false],
    ["a=b\u00e9", false],
    [`${"k".repeat(257)}=v`, false],
    [`k=${"v".repeat(257)}`, false],
    ["t@waytoolongsystemid=v", false],
  ];
  for (const [text, valid] of rows) assert.equal(isTracestate(text), valid, text);
});
