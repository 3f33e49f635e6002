import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding } from "../../finding/finding.ts";
import { paintFor } from "./color.ts";
import { countFindings, findingsData, renderAnnotations, renderCounts, renderFindings } from "./findings.ts";

const paint = paintFor({ color: false });

function finding(part: Partial<Finding> = {}): Finding {
  return {
    name: "test-only" as Finding["name"],
    code: "SL5001",
    severity: "error",
    object: { kind: "HTTPRoute", group: "gateway.networking.k8s.io", namespace: "shop", name: "cart" },
    pointer: "/spec/rules/0/backendRefs/0/name",
    position: { file: "shop.yaml", line: 2, column: 5 },
    message: "Service shop/cartt does not exist.",
    why: "Requests get 500.",
    fix: 'Write "cart".',
    ...part,
  };
}

const lines = (file: string) => (file === "shop.yaml" ? ["rules:", "  - name: cartt # typo", ""] : undefined);

test("renderFindings() shows the object, the source line with the word marked, the reason and the fix", () => {
  assert.equal(
    renderFindings([finding()], { lines, paint }),
    [
      "error[SL5001] HTTPRoute shop/cart: Service shop/cartt does not exist.",
      "  --> shop.yaml:2:5",
      "  2 |   - name: cartt # typo",
      "    |     ^^^^^^^^^^^",
      "  why: Requests get 500.",
      '  fix: Write "cart".',
      "",
    ].join("\n"),
  );
});

test("renderFindings() tells the reason of a code once", () => {
  const text = renderFindings([finding(), finding()], { lines, paint });
  assert.equal(text.split("why:").length, 2);
  assert.equal(text.split("fix:").length, 3);
});

test("renderFindings() does without a source line: unknown file, line past the end, object without a file", () => {
  assert.match(
    renderFindings([finding({ position: { file: "-", line: 1, column: 1 } })], { lines, paint }),
    /--> -:1:1\n {2}why/,
  );
  assert.match(
    renderFindings([finding({ position: { file: "shop.yaml", line: 9, column: 1 } })], { lines, paint }),
    /yaml:9:1\n {2}why/,
  );
  const { position: _, ...bare } = finding();
  assert.match(renderFindings([bare], { lines, paint }), / {2}at \/spec\/rules\/0\/backendRefs\/0\/name\n/);
});

test("renderFindings() cuts long lines around the marked word and never obeys control characters", () => {
  const long = () => [`${"x".repeat(300)} word${"y".repeat(300)}\u001b[2J`];
  const text = renderFindings([finding({ position: { file: "f", line: 1, column: 302 }, message: "bad \u001b[2J" })], {
    lines: long,
    paint,
  });
  assert.ok(text.split("\n").every((line) => line.length < 160));
  assert.match(text, /word/);
  assert.doesNotMatch(text, /\u001b/);
});

test("renderAnnotations() writes GitHub workflow commands, escaped", () => {
  assert.equal(
    renderAnnotations([
      finding({ message: "100%\nof it", fix: "" }),
      finding({ severity: "warning", position: { file: "a,b:c.yaml", line: 1, column: 2 } }),
      finding({ severity: "info", position: { file: "-", line: 1, column: 2 }, fix: "" }),
    ]),
    [
      "::error file=shop.yaml,line=2,col=5,title=SL5001 HTTPRoute shop/cart::100%25%0Aof it",
      '::warning file=a%2Cb%3Ac.yaml,line=1,col=2,title=SL5001 HTTPRoute shop/cart::Service shop/cartt does not exist.%0AWrite "cart".',
      "::notice title=SL5001 HTTPRoute shop/cart::Service shop/cartt does not exist.",
      "",
    ].join("\n"),
  );
});

test("countFindings() and renderCounts() sum up in words", () => {
  const some = [
    finding(),
    finding({ severity: "warning" }),
    finding({ severity: "warning" }),
    finding({ severity: "info" }),
  ];
  assert.equal(renderCounts(countFindings(some)), "1 error, 2 warnings, 1 info");
  assert.equal(renderCounts(countFindings([])), "no findings");
  assert.deepEqual((findingsData(some) as { summary: unknown }).summary, { errors: 1, warnings: 2, infos: 1 });
});
