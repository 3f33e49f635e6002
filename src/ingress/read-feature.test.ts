import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../test/ingress/read-annotations.ts";
import type { AnnotationSource, IngressFeature } from "./feature.ts";

const rows = ["one", "two"].map((name) => ({
  name,
  aliases: name === "one" ? ["uno"] : [],
  scope: "location" as const,
  risk: "Low" as const,
  means: "",
  otherwise: "",
  handling: { kind: "served" as const },
}));

function featureThat<Setting>(read: (source: AnnotationSource) => Setting): IngressFeature<Setting> {
  return { annotations: rows, read };
}

const text = featureThat(({ text }) => text("one"));
const flag = featureThat(({ flag }) => flag("one"));
const integer = featureThat(({ integer }) => integer("one"));

test("an alias counts where there is nothing under the name itself", () => {
  assert.equal(readAnnotations(text, {}).setting, undefined);
  assert.equal(readAnnotations(text, { uno: "a" }).setting, "a");
  assert.equal(readAnnotations(text, { one: "", uno: "a" }).setting, "a");
  assert.equal(readAnnotations(text, { one: "b", uno: "a" }).setting, "b");
  assert.equal(readAnnotations(text, { one: "" }).setting, "");
});

test("text has no spaces around its lines", () => {
  assert.equal(readAnnotations(text, { one: " a b \n\tc " }).setting, "a b\nc");
});

test("flags and whole numbers are what Go takes; anything else is a finding at the annotation as it is named", () => {
  for (const word of ["1", "t", "T", "TRUE", "true", "True"]) {
    assert.equal(readAnnotations(flag, { one: word }).setting, true);
  }
  for (const word of ["0", "f", "F", "FALSE", "false", "False"]) {
    assert.equal(readAnnotations(flag, { one: word }).setting, false);
  }
  assert.equal(readAnnotations(integer, { one: "-12" }).setting, -12);
  for (const feature of [flag, integer]) {
    const { setting, findings } = readAnnotations<unknown>(feature, { uno: "yes" });
    assert.equal(setting, undefined);
    assert.deepEqual(
      findings.map(({ code, pointer }) => [code, pointer]),
      [["SL8000", "/metadata/annotations/nginx.ingress.kubernetes.io~1uno"]],
    );
  }
  assert.deepEqual(readAnnotations(flag, { one: "" }).findings, []);
});

test("the first reason to answer 503, or to leave the Ingress out, is kept", () => {
  const reading = readAnnotations(
    featureThat(({ deny, drop }) => {
      deny("ingress-annotation-invalid", "one", { message: "first", fix: "" });
      deny("ingress-annotation-invalid", "one", { message: "second", fix: "" });
      drop("ingress-annotation-invalid", "two", { message: "third", fix: "" });
    }),
    { one: "x", two: "y" },
  );
  assert.equal(reading.denied?.message, "first");
  assert.equal(reading.dropped?.message, "third");
  assert.equal(reading.findings.length, 3);
});
