import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseManifest, resourcesOf } from "./parse-manifest.ts";

const service = (name: string, port = 80) => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  ports:
    - port: ${port}
`;
const names = (text: string) => resourcesOf(parseManifest("a.yaml", text)).map(({ metadata }) => metadata.name);
const findings = (text: string) =>
  parseManifest("a.yaml", text).chunks.flatMap(({ findings, objects }) => [
    ...findings,
    ...objects.flatMap((object) => object.findings),
  ]);
const at = (text: string) => findings(text).map(({ name, position }) => [name, position?.line, position?.column]);

test("parseManifest reads all documents of a file, and no empty ones", () => {
  assert.deepEqual(names(`# a comment\n---\n${service("a")}---\n---\n# nothing\n--- # b\n${service("b")}...\n`), [
    "a",
    "b",
  ]);
  for (const empty of ["", "\n", "---\n", "# only words\n", "null\n"])
    assert.deepEqual([names(empty), findings(empty)], [[], []]);
});

test("parseManifest does not take dashes inside of a document for its end", () => {
  const text =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  pem: |\n    ---\n    -----BEGIN\n  line: "x --- y"\n';
  const [resource] = resourcesOf(parseManifest("a.yaml", text));
  assert.deepEqual(resource?.kind === "ConfigMap" && resource.data, { pem: "---\n-----BEGIN\n", line: "x --- y" });
});

test("parseManifest reads JSON, List and lists of one kind, whose items may leave their kind out", () => {
  const item = (name: string) => ({ apiVersion: "v1", kind: "Service", metadata: { name } });
  assert.deepEqual(names(JSON.stringify(item("a"))), ["a"]);
  assert.deepEqual(
    names(JSON.stringify({ apiVersion: "v1", kind: "List", items: [item("a"), item("b")] }, undefined, 2)),
    ["a", "b"],
  );
  assert.deepEqual(names("apiVersion: v1\nkind: ServiceList\nitems:\n  - metadata: {name: a}\n"), ["a"]);
});

test("parseManifest reads YAML as Kubernetes tools do: anchors, merge keys, wordy booleans", () => {
  const text =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: &l {team: shop}\n  annotations:\n    <<: *l\n    b: c\n";
  const [resource] = resourcesOf(parseManifest("a.yaml", text));
  assert.deepEqual(resource?.metadata.annotations, { team: "shop", b: "c" });
  const [finding] = findings("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {enabled: yes}\n");
  assert.equal(finding?.message, "`data.enabled` must be text, but it is true.");
});

test("parseManifest gives every field its line and column, in later documents and lists too", () => {
  const [, , b] = resourcesOf(
    parseManifest("a.yaml", `${service("x")}---\n${service("a")}---\n\n# b\n${service("b")}`),
  );
  assert.deepEqual(b?.origin?.at("/spec/ports/0/port"), { file: "a.yaml", line: 25, column: 7 });
  assert.deepEqual(b?.origin?.at("/metadata/name"), { file: "a.yaml", line: 22, column: 3 });
  const list =
    'apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {"a/b~c": "1"}}\n';
  const [item] = resourcesOf(parseManifest("a.yaml", list));
  assert.deepEqual(item?.origin?.at("/data/a~1b~0c"), { file: "a.yaml", line: 4, column: 67 });
});

test("parseManifest gives an absent field the position of its nearest ancestor", () => {
  const [a] = resourcesOf(parseManifest("a.yaml", service("a")));
  assert.deepEqual(a?.origin?.at("/spec/ports/0/targetPort"), { file: "a.yaml", line: 7, column: 7 });
  assert.deepEqual(a?.origin?.at("/spec/ports/7"), { file: "a.yaml", line: 6, column: 3 });
  assert.deepEqual(a?.origin?.at(""), { file: "a.yaml", line: 1, column: 1 });
});

test("parseManifest: positions follow an alias to where its value is written", () => {
  const text =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: &l\n    team: shop\n  annotations: *l\n";
  const [a] = resourcesOf(parseManifest("a.yaml", text));
  assert.deepEqual(a?.origin?.at("/metadata/annotations/team"), { file: "a.yaml", line: 6, column: 5 });
});

test("parseManifest: syntax-error stands at the place of the error and costs its document alone", () => {
  const rows: readonly [text: string, line: number, message: RegExp][] = [
    ["a: b: c\n", 1, /two "key: value" pairs/],
    ["a:\n\tb: c\n", 2, /a tab is used/],
    ["a: 1\nb: 2\na: 3\n", 3, /written twice/],
    ["a: [1, 2\nb: 3\n", 2, /indentation/],
    ['a: "b\n', 2, /quotation mark/],
    ["a: *nowhere\n", 1, /has no anchor/],
  ];
  for (const [text, line, message] of rows) {
    const whole = `${service("before")}---\n${text}---\n${service("after")}`;
    assert.deepEqual(names(whole), ["before", "after"], text);
    const [finding, ...others] = findings(whole);
    assert.deepEqual([finding?.name, finding?.position?.line, others], ["syntax-error", 8 + line, []], text);
    assert.match(finding?.message ?? "", message);
  }
});

test("parseManifest tells a template from broken YAML, also one that is valid YAML", () => {
  const rows: readonly [text: string, line: number, column: number][] = [
    ["metadata:\n  name: {{ .Values.name }}\n  {{- include x }}\n", 2, 9],
    ["apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n", 4, 9],
    ["{{- if .Values.enabled }}\napiVersion: v1\n{{- end }}\n", 1, 1],
  ];
  for (const [text, ...place] of rows) {
    const [finding, ...others] = findings(text);
    assert.deepEqual(others, []);
    assert.match(finding?.message ?? "", /a template, not a manifest/);
    assert.match(finding?.fix ?? "", /helm template/);
    assert.deepEqual([finding?.position?.line, finding?.position?.column], place);
  }
  const quoted = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { alert: '{{ .Labels.job }}' }\n";
  assert.deepEqual([names(quoted), findings(quoted)], [["a"], []]);
});

test("parseManifest reads JSON objects one after another, each with its place", () => {
  const item = (name: string, spec: unknown = {}) => ({ apiVersion: "v1", kind: "Service", metadata: { name }, spec });
  const braces = JSON.stringify({ ...item("b"), metadata: { name: "b", annotations: { a: '}{ \\" {' } } });
  assert.deepEqual(names(`${JSON.stringify(item("a"), null, 2)}\n${braces} ${JSON.stringify(item("c"))}\n`), [
    "a",
    "b",
    "c",
  ]);
  assert.deepEqual(at(`${JSON.stringify(item("a"))}\n\n${JSON.stringify(item("b", 3), null, 1)}`), [
    ["field-invalid", 9, 2],
  ]);
  assert.deepEqual(names("{ apiVersion: v1, kind: Service, metadata: { name: a, annotations: { x: '} {' } } }"), ["a"]);
});

test("parseManifest: broken JSON is told by name", () => {
  const [finding] = findings('{"apiVersion": "v1" "kind": "Service"}');
  assert.match(finding?.message ?? "", /not valid JSON or YAML/);
});

test("parseManifest: source-too-large for anchors that expand without end", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 12; i++)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  assert.deepEqual(at(`${lines.join("\n")}\n`), [["source-too-large", 1, 1]]);
});

test("parseManifest: source-too-large for a list of more objects than it reads", () => {
  const items = Array.from({ length: 50_001 }, () => 0);
  const list = parseManifest("a.json", JSON.stringify({ kind: "List", apiVersion: "v1", items }));
  assert.deepEqual(
    list.chunks[0]?.findings.map(({ name }) => name),
    ["source-too-large"],
  );
});

test("parseManifest: nesting that no parser can follow is a finding", () => {
  assert.deepEqual(
    at("[".repeat(100_000)).map(([name]) => name),
    ["syntax-error"],
  );
  assert.equal(
    findings(
      "a:\n".concat(
        ..."x"
          .repeat(300)
          .split("")
          .map((_, i) => `${" ".repeat(i + 1)}a:\n`),
      ),
    )[0]?.name,
    "not-an-object",
  );
});

test("parseManifest hands documents that did not change on as they are, and moves their positions", () => {
  const before = parseManifest("a.yaml", `${service("a")}---\n${service("b")}---\n${service("Bad_Name")}`);
  const after = parseManifest(
    "a.yaml",
    `${service("a", 81)}  # more\n  # lines\n---\n${service("b")}---\n${service("Bad_Name")}`,
    before,
  );
  const [a, b] = [resourcesOf(before), resourcesOf(after)];
  assert.notEqual(a[0], b[0]);
  assert.equal(a[1], b[1]);
  assert.equal(b[1]?.origin?.at("/kind").line, 12);
  const lineOf = (manifest: typeof before) => manifest.chunks.at(-1)?.objects[0]?.findings[0]?.position?.line;
  assert.deepEqual([lineOf(before), lineOf(after)], [20, 22]);
});

test("parseManifest lists objects of other kinds as ignored, with their place", () => {
  const [chunk] = parseManifest(
    "a.yaml",
    "\napiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {name: a}\n",
  ).chunks;
  assert.deepEqual(chunk?.ignored, [
    { group: "cert-manager.io", kind: "Issuer", position: { file: "a.yaml", line: 2, column: 1 } },
  ]);
});

test("parseManifest takes any text, and any change to good text", () => {
  const good = `${service("a")}---\n${service("b")}`;
  const edited = fc
    .tuple(fc.nat(good.length), fc.nat(10), fc.string({ unit: "binary", maxLength: 8 }))
    .map(([from, count, by]) => good.slice(0, from) + by + good.slice(from + count));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), edited), (text) => {
      for (const finding of findings(text)) {
        const { line = 0, column = 0 } = finding.position ?? {};
        assert.ok(line >= 1 && line <= text.split("\n").length && column >= 1);
      }
    }),
    { numRuns: 500 },
  );
});
