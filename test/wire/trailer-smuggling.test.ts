/** Trailers that would change a message after it was judged. RFC 9110 §6.5.1. */
import { describe, it } from "node:test";
import { forbiddenTrailers } from "../../src/wire/http1/chunked.ts";
import type { FaultName } from "../../src/wire/http1/fault.ts";
import { accepted, assertRefused, judgeChunks } from "./feed.ts";

const refused: readonly (readonly [title: string, fault: FaultName, trailers: string])[] = [
  ["space before the colon", "trailerInvalid", "A : b\r\n\r\n"],
  ["folded line", "trailerInvalid", "A: b\r\n c\r\n\r\n"],
  ["empty name", "trailerInvalid", ": b\r\n\r\n"],
  ["no colon", "trailerInvalid", "Abc\r\n\r\n"],
  ["control byte", "trailerInvalid", "A: \x01\r\n\r\n"],
  ["NUL", "trailerInvalid", "A: \0\r\n\r\n"],
  ["bare LF after the value", "bareLineFeed", "A: b\n\r\n"],
  ["bare LF after the name", "bareLineFeed", "A\n\r\n"],
  ["bare CR", "bareCarriageReturn", "A: b\rC: d\r\n\r\n"],
  ["a request in the trailers", "trailerInvalid", "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n"],
];

describe("trailer smuggling", () => {
  for (const name of forbiddenTrailers) {
    it(`${name} is refused in any spelling`, () => {
      for (const spelling of [name, name.toUpperCase(), name.replaceAll("-", "_")]) {
        assertRefused(judgeChunks(`0\r\nA: b\r\n${spelling}: 1\r\n\r\n`), "trailerForbidden");
      }
    });
  }
  for (const [title, fault, trailers] of refused) {
    it(`${title} is refused`, () => assertRefused(judgeChunks(`0\r\n${trailers}`), fault));
  }

  it("other trailers pass, also those whose names begin or end like a forbidden one", () => {
    accepted(judgeChunks("3\r\nabc\r\n0\r\ngrpc-status: 0\r\nHosts: a\r\nX-Host:\r\nServer-Timing: a;dur=1\r\n\r\n"));
    accepted(judgeChunks(`0\r\n${"a".repeat(100)}: b\r\n\r\n`));
  });

  it("trailers are bounded together, not each", () => {
    const line = `A: ${"b".repeat(995)}\r\n`;
    accepted(judgeChunks(`0\r\n${line.repeat(8)}\r\n`));
    assertRefused(judgeChunks(`0\r\n${line.repeat(9)}\r\n`), "trailersTooLarge");
  });
});
