/** Trailers that would change a message after it was judged. RFC 9110 §6.5.1. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ChunkReader, scanChunks } from "../../src/wire/http1/chunked.ts";
import { clientClaims } from "../../src/wire/http1/client-claim.ts";
import type { FaultName } from "../../src/wire/http1/fault.ts";
import { requestFields } from "../../src/wire/http1/known-field.ts";
import { forbiddenTrailers, isForbiddenTrailerName } from "../../src/wire/http1/trailer-field.ts";
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
  for (const name of forbiddenTrailers.client) {
    it(`${name} is refused in any spelling`, () => {
      for (const spelling of [name, name.toUpperCase(), name.replaceAll("-", "_")]) {
        assertRefused(judgeChunks(`0\r\nA: b\r\n${spelling}: 1\r\n\r\n`), "trailerForbidden");
        assert.ok(isForbiddenTrailerName(spelling, "client"));
      }
    });
  }
  it("whatever a head cannot forge is refused", () => {
    const families = ["X-Forwarded-Prefix", "x_forwarded_ssl", "X-Original-URL", `x-forwarded-${"a".repeat(100)}`];
    const own = requestFields.names.slice(0, requestFields.keptFrom);
    for (const name of [...own, ...clientClaims.names, ...families, "tracestate"]) {
      assertRefused(judgeChunks(`0\r\n${name}: 1\r\n\r\n`), "trailerForbidden");
      assert.ok(isForbiddenTrailerName(name, "client"), name);
    }
  });
  it("a backend may say more: nobody takes it for a proxy", () => {
    for (const name of ["traceparent", "X-Real-IP", "X-Forwarded-Prefix"]) {
      assert.ok(!isForbiddenTrailerName(name, "backend"), name);
      const reader = new ChunkReader("backend");
      const bytes = Buffer.from(`0\r\n${name}: 1\r\n\r\n`);
      assert.equal(scanChunks(reader, bytes, 0, bytes.length), bytes.length);
    }
    for (const name of ["Content-Length", "content_length", "Set-Cookie"])
      assert.ok(isForbiddenTrailerName(name, "backend"));
  });
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
