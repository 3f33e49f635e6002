import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Http2OutputQueue } from "./http2-output-queue.ts";

test("Http2OutputQueue: what goes in comes out in order, whatever is taken at a time", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }),
      fc.array(fc.nat(30), { minLength: 1, maxLength: 10 }),
      (parts, takes) => {
        const queue = new Http2OutputQueue();
        for (const part of parts) queue.push(Buffer.from(part), 0, part.length);
        const whole = Buffer.concat(parts);
        assert.equal(queue.bytes, whole.length);
        const out: Buffer[] = [];
        let sawLast = false;
        for (let turn = 0; queue.bytes > 0; turn++) {
          let room = takes[turn % takes.length]! + 1;
          queue.drain((bytes, start, end, last) => {
            const reached = Math.min(end, start + room);
            room -= reached - start;
            out.push(Buffer.from(bytes.subarray(start, reached)));
            sawLast = last;
            return reached;
          });
        }
        assert.deepEqual(Buffer.concat(out), whole);
        if (whole.length > 0) assert.ok(sawLast, "the last buffer was named so");
      },
    ),
  );
});

test("Http2OutputQueue: keeps a copy, so that the source may be reused", () => {
  const queue = new Http2OutputQueue();
  const source = Buffer.from("before");
  queue.push(source, 0, 6);
  source.write("after!");
  queue.drain((bytes, start, end) => {
    assert.equal(bytes.latin1Slice(start, end), "before");
    return end;
  });
});
