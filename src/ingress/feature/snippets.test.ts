import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { snippets } from "./snippets.ts";

const allowed = { configMap: { "allow-snippet-annotations": "true" } };

test("snippets are ignored unless the controller allows them", () => {
  const { setting, findings, denied } = readAnnotations(snippets, { "configuration-snippet": "deny all;" });
  assert.deepEqual([setting.location, denied], [undefined, undefined]);
  assert.deepEqual(
    findings.map(({ name }) => name),
    ["ingress-snippets-off"],
  );
});

test("what is understood is served, and what is not is a finding with its line", () => {
  const { setting, findings, denied } = readAnnotations(
    snippets,
    { "configuration-snippet": 'more_set_headers "X-A: 1";\nsub_filter a b;\naccess_log off;' },
    allowed,
  );
  assert.deepEqual(
    setting.location?.parts.map(({ kind }) => kind),
    ["answerHeader", "withoutEffect"],
  );
  assert.equal(denied, undefined);
  assert.deepEqual(
    findings.map(({ name, message }) => [name, message.slice(0, 31)]),
    [
      ["ingress-snippet-unserved", "configuration-snippet, line 2: "],
      ["ingress-snippet-without-effect", "configuration-snippet, line 3: "],
    ],
  );
});

test("what may protect and is not served, and what nginx cannot read, closes the paths", () => {
  for (const [name, text, finding] of [
    ["configuration-snippet", "limit_req zone=a;", "ingress-snippet-closed"],
    ["configuration-snippet", "deny all", "ingress-snippet-unreadable"],
    ["auth-snippet", "proxy_set_header X-Role admin;", "ingress-snippet-closed"],
  ] as const) {
    assert.equal(readAnnotations(snippets, { [name]: text }, allowed).denied?.name, finding);
  }
  const stream = readAnnotations(snippets, { "stream-snippet": "server { }" }, allowed);
  assert.equal(stream.denied, undefined);
  assert.equal(stream.findings[0]?.name, "ingress-snippet-unserved");
});

test("a header that backends get anyway is a finding", () => {
  const { findings } = readAnnotations(
    snippets,
    { "configuration-snippet": "proxy_set_header X-Forwarded-Proto https;" },
    allowed,
  );
  assert.deepEqual(
    findings.map(({ name }) => name),
    ["ingress-snippet-header-twice"],
  );
});
