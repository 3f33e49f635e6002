/** Obsolete line folding: one parser joins the lines, the other sees a new header. RFC 9112 §5.2. */
import { describe, it } from "node:test";
import { assertRefused, judgeRequest, judgeResponse, requestWith, responseWith } from "./feed.ts";

describe("folded lines", () => {
  for (const [title, ...lines] of [
    ["a space", "A: b", " c"],
    ["a tab", "A: b", "\tc"],
    ["only white space", "A: b", "   "],
    ["the first line", " A: b"],
    ["what looks like a header", "A: b", " Content-Length: 5"],
    ["an empty value before", "A:", " b"],
  ] as const) {
    it(`a line that begins with white space is refused: ${title}`, () => {
      assertRefused(judgeRequest(requestWith(...lines)), "foldedLine");
      assertRefused(judgeResponse(responseWith(...lines)), "foldedLine");
    });
  }

  it("white space instead of the first header is refused", () => {
    assertRefused(judgeRequest("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), "foldedLine");
  });
});
