import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { compileRegex } from "../regex.ts";

const atoms = [
  ...["a", "b", "k", "s", "/", "_", "0", "é", ".", "\\n", "\\Qa.\\E", "\\x{1F600}", "(?s:.)"],
  ...[
    "[ab]",
    "[^a]",
    "[^/]",
    "[^\\n]",
    "[\\d-]",
    "\\d",
    "\\w",
    "\\W",
    "\\s",
    "\\p{L}",
    "\\P{L}",
    "\\pN",
    "[[:alpha:]]",
  ],
  ...["(?i:k)", "(?i:s)", "(?i:ſ)", "(?i:é)", "(?i:σ)", "(?i:ß)", "(?i:[a-c])"],
  ...["\\b", "\\B", "^", "$", "\\A", "\\z", "(?m:^)", "(?m:$)"],
];
const repetitions = ["*", "+", "?", "*?", "+?", "{0}", "{2}", "{0,3}", "{1,}"];

const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(...atoms),
    fc.array(tie("pattern"), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("")),
    fc.tuple(tie("pattern"), tie("pattern")).map(([one, other]) => `(?:${one}|${other})`),
    fc.tuple(tie("pattern"), fc.constantFrom(...repetitions)).map(([part, times]) => `(${part})${times}`),
  ),
}));

const characters = [
  ..."abckKsS/09_ \nAé",
  "É",
  "\u212a",
  "ſ",
  "σ",
  "ς",
  "Σ",
  "ß",
  "ẞ",
  "\u00a0",
  "😀",
  "\ud800",
  "\udc00",
];
const text = fc.array(fc.constantFrom(...characters), { maxLength: 10 }).map((parts) => parts.join(""));

test("compileRegex() says of every text what the library's own machines say", () => {
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 10, maxLength: 20 }), (source, texts) => {
      const library = RE2JS.compile(source);
      const regex = compileRegex(source);
      assert.ok(regex.kind === "regex");
      for (const one of texts) {
        assert.equal(regex.matchesWhole(one), library.testExact(one), JSON.stringify(one));
        if (library.testExact(one)) assert.ok(one.startsWith(regex.literalPrefix));
      }
    }),
    { numRuns: 2000 },
  );
});
