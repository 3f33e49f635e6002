import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FaultName, faultOf, faults } from "../../src/wire/http1/fault.ts";
import { asResponse, faultExamples, pathFaults } from "./fault-examples.ts";
import { accepted, assertRefused, judgeResponse } from "./feed.ts";

const names = Object.keys(faults) as FaultName[];

describe("faults", () => {
  for (const name of names) {
    it(`${name}: its example is refused for this reason however it is cut`, () => {
      const { judge, text } = faultExamples[name];
      const verdict = judge(text);
      if (pathFaults.has(name)) assert.equal(accepted(verdict)["path"], faults[name].code);
      else assertRefused(verdict, name);
    });
  }

  it("codes are negative and used once", () => {
    const codes = names.map((name) => faults[name].code);
    assert.equal(new Set(codes).size, codes.length);
    assert.ok(codes.every((code) => Number.isInteger(code) && code < 0));
  });

  it("faults of both directions are found in responses too", () => {
    const shared: readonly FaultName[] = [
      "foldedLine",
      "bareCarriageReturn",
      "spaceBeforeColon",
      "fieldNameEmpty",
      "fieldNameInvalid",
      "fieldValueInvalid",
      "connectionOptions",
      "contentLengthRepeated",
      "contentLengthInvalid",
      "contentLengthTooLarge",
      "transferEncodingRepeated",
      "transferEncodingUnknown",
      "twoFramings",
    ];
    for (const name of shared) {
      const text = asResponse(name);
      assert.ok(text !== undefined);
      assertRefused(judgeResponse(text), name);
    }
  });

  it("faultOf throws for a number that is no code", () => {
    assert.throws(() => faultOf(0));
    assert.throws(() => faultOf(-1_000));
  });
});
