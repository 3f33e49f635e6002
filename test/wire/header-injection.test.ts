/** Bytes that begin a new line for one parser and not for the other; names and values that say two things. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultName } from "../../src/wire/http1/fault.ts";
import { HeadWriter } from "../../src/wire/http1/serialize.ts";
import { accepted, assertRefused, judgeRequest, judgeResponse, requestWith, responseWith } from "./feed.ts";

const refused: readonly (readonly [title: string, fault: FaultName, line: string])[] = [
  ["bare LF in a value", "bareLineFeed", "A: b\nC: d"],
  ["bare CR in a value", "bareCarriageReturn", "A: b\rC: d"],
  ["CR CR LF", "bareCarriageReturn", "A: b\r"],
  ["CR before a name", "bareCarriageReturn", "\rA: b"],
  ["no colon", "fieldNameInvalid", "Abc"],
  ["no name", "fieldNameEmpty", ": b"],
  ["space in the name", "spaceBeforeColon", "A b: c"],
  ["second request line", "spaceBeforeColon", "GET /admin HTTP/1.1"],
  ["quote in the name", "fieldNameInvalid", '"A": b'],
  ["comma in the name", "fieldNameInvalid", "A,B: c"],
  ["slash in the name", "fieldNameInvalid", "A/B: c"],
  ["bracket in the name", "fieldNameInvalid", "A[0]: c"],
  ["non-ASCII name", "fieldNameInvalid", "\xc3\xa4: b"],
  ["DEL in a value", "fieldValueInvalid", "A: b\x7f"],
  ["escape in a value", "fieldValueInvalid", "A: \x1b[31m"],
  ["vertical tab in a value", "fieldValueInvalid", "A: b\x0bc"],
];

describe("header injection", () => {
  for (const [title, fault, line] of refused) {
    it(`${title} is refused in both directions`, () => {
      assertRefused(judgeRequest(requestWith(line)), fault);
      assertRefused(judgeResponse(responseWith(line)), fault);
    });
  }

  it("visible ASCII, tab, space and obsolete high bytes are legal in a value", () => {
    const line = "A: !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\x80\xff.";
    const message = accepted(judgeRequest(requestWith(line)));
    assert.equal(message["kept"], `${line}\r\n`);
  });

  it("white space around a value is not passed on", () => {
    const message = accepted(judgeRequest(requestWith("A:b", "C: \t d\t ", "E:\tf", "G:   ", "H: i")));
    assert.equal(message["kept"], "A:b\r\nC: d\r\nE:f\r\nG: \r\nH: i\r\n");
    assert.deepEqual((message["lines"] as string[][]).slice(1), [
      ["a", "b"],
      ["c", "d"],
      ["e", "f"],
      ["g", ""],
      ["h", "i"],
    ]);
  });

  it("HeadWriter.text cannot write a line end, a NUL or a character beyond latin1", () => {
    const written = new HeadWriter().field("x", "a\r\nB: c\0d\u010ae\u{1f600}").written().toString("latin1");
    assert.equal(written, "x: a  B: c d e  \r\n");
  });
});
