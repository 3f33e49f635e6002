import assert from "node:assert/strict";
import { test } from "node:test";
import { paintFor } from "./color.ts";
import { printable } from "./printable.ts";
import { renderTable } from "./table.ts";

test("renderTable() aligns columns by what a terminal shows, and leaves no trailing blanks", () => {
  const paint = paintFor({ color: true });
  assert.equal(
    renderTable(
      ["NAME", "READY", "NOTE"],
      [
        ["cart", "True", "a"],
        ["日本", "", ""],
      ],
    ),
    "NAME   READY   NOTE\ncart   True    a\n日本   -       -\n",
  );
  const colored = renderTable(
    ["A", "B"],
    [
      [paint("good", "x"), "y"],
      ["long", "z"],
    ],
  );
  assert.equal(colored.replaceAll("\u001b[32m", "").replaceAll("\u001b[39m", ""), "A      B\nx      y\nlong   z\n");
});

test("paintFor() leaves text alone when the stream takes no colour", () => {
  assert.equal(paintFor({ color: false })("error", "x"), "x");
  assert.notEqual(paintFor({ color: true })("error", "x"), "x");
});

test("printable() shows control characters and direction overrides instead of obeying them", () => {
  assert.equal(printable("a\u001b[31m\nb\u202ec\td"), "a\\u001b[31m\\u000ab\\u202ec d");
});
