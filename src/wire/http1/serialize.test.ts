import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HeadWriter } from "./serialize.ts";

const text = (writer: HeadWriter): string => writer.written().toString("latin1");

describe("HeadWriter", () => {
  it("writes status lines with the registered reason, an empty one for other codes", () => {
    assert.equal(
      text(new HeadWriter().statusLine(200).statusLine(404).statusLine(299)),
      "HTTP/1.1 200 OK\r\nHTTP/1.1 404 Not Found\r\nHTTP/1.1 299 \r\n",
    );
    assert.throws(() => new HeadWriter().statusLine(99));
    assert.throws(() => new HeadWriter().statusLine(600));
  });

  it("writes whole numbers exactly, beyond 32 bits too", () => {
    for (const value of [0, 9, 10, 255, 4_294_967_296, Number.MAX_SAFE_INTEGER]) {
      assert.equal(text(new HeadWriter(1).decimal(value)), String(value));
      assert.equal(text(new HeadWriter(1).hex(value)), value.toString(16));
    }
  });

  it("grows, and gives its buffer away so that later writes do not change it", () => {
    const writer = new HeadWriter(1).field("a", "b".repeat(100));
    const taken = writer.take();
    writer.field("c", "d");
    assert.equal(taken.toString(), `a: ${"b".repeat(100)}\r\n`);
    assert.equal(text(writer), "c: d\r\n");
  });

  it("refuses to write a chunk that would end the body", () => {
    assert.equal(text(new HeadWriter().chunkSize(26)), "1a\r\n");
    assert.throws(() => new HeadWriter().chunkSize(0));
  });
});
