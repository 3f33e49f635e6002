/** Two readings of where a request ends: the second request hides in the body of the first. RFC 9112 §11.2. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultName } from "../../src/wire/http1/fault.ts";
import { accepted, assertRefused, judgeRequest, requestWith } from "./feed.ts";

const refused: readonly (readonly [title: string, fault: FaultName, ...lines: string[]])[] = [
  ["CL.TE", "twoFramings", "Content-Length: 6", "Transfer-Encoding: chunked"],
  ["TE.CL", "twoFramings", "Transfer-Encoding: chunked", "Content-Length: 4"],
  ["CL.0 with TE", "twoFramings", "Transfer-Encoding: chunked", "Content-Length: 0"],
  ["two equal lengths", "contentLengthRepeated", "Content-Length: 6", "Content-Length: 6"],
  ["two different lengths", "contentLengthRepeated", "Content-Length: 6", "Content-Length: 5"],
  ["lengths far apart", "contentLengthRepeated", "content-length: 0", "A: b", "CONTENT-LENGTH: 44"],
  ["length list", "contentLengthInvalid", "Content-Length: 6, 6"],
  ["length list without space", "contentLengthInvalid", "Content-Length: 1,1"],
  ["plus sign", "contentLengthInvalid", "Content-Length: +6"],
  ["minus sign", "contentLengthInvalid", "Content-Length: -1"],
  ["minus zero", "contentLengthInvalid", "Content-Length: -0"],
  ["hexadecimal", "contentLengthInvalid", "Content-Length: 0x6"],
  ["octal-looking", "contentLengthInvalid", "Content-Length: 010"],
  ["two zeros", "contentLengthInvalid", "Content-Length: 00"],
  ["many zeros", "contentLengthInvalid", `Content-Length: ${"0".repeat(40)}5`],
  ["exponent", "contentLengthInvalid", "Content-Length: 1e1"],
  ["decimal point", "contentLengthInvalid", "Content-Length: 6.0"],
  ["inner space", "contentLengthInvalid", "Content-Length: 6 6"],
  ["empty", "contentLengthInvalid", "Content-Length:"],
  ["only white space", "contentLengthInvalid", "Content-Length: \t "],
  ["no-break space", "contentLengthInvalid", "Content-Length: 6\xa0"],
  ["quotes", "contentLengthInvalid", 'Content-Length: "6"'],
  ["underscore in digits", "contentLengthInvalid", "Content-Length: 1_0"],
  ["2^53", "contentLengthTooLarge", "Content-Length: 9007199254740992"],
  ["2^64 and a bit, zero for those who overflow", "contentLengthTooLarge", "Content-Length: 18446744073709551616"],
  ["a hundred digits", "contentLengthTooLarge", `Content-Length: ${"9".repeat(100)}`],
  ["vertical tab before chunked", "fieldValueInvalid", "Transfer-Encoding: \x0bchunked"],
  ["form feed after chunked", "fieldValueInvalid", "Transfer-Encoding: chunked\x0c"],
  ["two TE lines", "transferEncodingRepeated", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
  ["TE line and odd TE line", "transferEncodingRepeated", "Transfer-Encoding: chunked", "Transfer-encoding: x"],
  ["chunked twice", "transferEncodingUnknown", "Transfer-Encoding: chunked, chunked"],
  ["leading comma", "transferEncodingUnknown", "Transfer-Encoding: ,chunked"],
  ["trailing comma", "transferEncodingUnknown", "Transfer-Encoding: chunked,"],
  ["gzip before chunked", "transferEncodingUnknown", "Transfer-Encoding: gzip, chunked"],
  ["chunked before gzip", "transferEncodingUnknown", "Transfer-Encoding: chunked, gzip"],
  ["identity", "transferEncodingUnknown", "Transfer-Encoding: identity"],
  ["identity before chunked", "transferEncodingUnknown", "Transfer-Encoding: identity, chunked"],
  ["xchunked", "transferEncodingUnknown", "Transfer-Encoding: xchunked"],
  ["chunkedx", "transferEncodingUnknown", "Transfer-Encoding: chunkedx"],
  ["quoted", "transferEncodingUnknown", 'Transfer-Encoding: "chunked"'],
  ["parameter", "transferEncodingUnknown", "Transfer-Encoding: chunked;q=1"],
  ["empty TE", "transferEncodingUnknown", "Transfer-Encoding:"],
  ["non-ASCII letters", "transferEncodingUnknown", "Transfer-Encoding: chun\xebed"],
  ["space before colon", "spaceBeforeColon", "Transfer-Encoding : chunked"],
  ["tab before colon", "spaceBeforeColon", "Transfer-Encoding\t: chunked"],
  ["space before the name", "foldedLine", " Transfer-Encoding: chunked"],
  ["folded value", "foldedLine", "Transfer-Encoding: chunked", " , identity"],
  ["value that begins on the next line", "transferEncodingUnknown", "Transfer-Encoding:", " chunked"],
  ["underscore TE", "fieldNameAlias", "Transfer_Encoding: chunked"],
  ["underscore CL", "fieldNameAlias", "Content_Length: 6"],
  ["bare CR hides TE", "bareCarriageReturn", "X: y\rTransfer-Encoding: chunked"],
  ["bare LF hides TE", "bareLineFeed", "X: y\nTransfer-Encoding: chunked"],
  ["NUL in the name", "fieldNameInvalid", "Transfer-Encoding\0: chunked"],
  ["high byte in the name", "fieldNameInvalid", "Transf\xe9r-Encoding: chunked"],
];

describe("request smuggling", () => {
  for (const [title, fault, ...lines] of refused) {
    it(`${title} is refused`, () =>
      assertRefused(judgeRequest(`${requestWith(...lines)}0\r\n\r\nGET /admin HTTP/1.1\r\n`), fault));
  }

  it("Transfer-Encoding in HTTP/1.0 is refused", () => {
    assertRefused(judgeRequest("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), "transferEncodingVersion");
    assertRefused(
      judgeRequest("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"),
      "transferEncodingVersion",
    );
  });

  it("one plain length is the length", () => {
    for (const length of [0, 1, 65_536, Number.MAX_SAFE_INTEGER]) {
      assert.equal(accepted(judgeRequest(requestWith(`Content-Length: \t${length} `)))["contentLength"], length);
    }
  });

  it("one chunked in any case is chunked", () => {
    for (const value of ["chunked", "CHUNKED", "\tChunked "]) {
      assert.equal(accepted(judgeRequest(requestWith(`Transfer-Encoding:${value}`)))["chunked"], true);
    }
  });

  it("framing fields are never kept: the writer issues its own", () => {
    const message = accepted(judgeRequest(requestWith("A: b", "Content-Length: 5", "C: d")));
    assert.equal(message["kept"], "A: b\r\nC: d\r\n");
  });

  it("the head ends at its empty line, whatever looks like a request behind it", () => {
    const head = requestWith("Content-Length: 40");
    const verdict = judgeRequest(`${head}GET /admin HTTP/1.1\r\nHost: inner\r\n\r\n`);
    assert.equal(verdict.kind === "accepted" && verdict.bytes, head.length);
  });
});
