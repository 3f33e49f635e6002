import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { queries } from "../../tools/reference/metrics.ts";
import { type ExpositionFormat, negotiateExposition, renderExposition } from "./exposition.ts";
import { HttpSeriesTable } from "./http-series.ts";
import { type MetricRow, metrics } from "./metrics.ts";
import { Registry } from "./registry.ts";
import type { HttpSeriesLabels } from "./telemetry.ts";

type Sample = { readonly name: string; readonly labels: ReadonlyMap<string, string>; readonly value: number };
type ParsedFamily = { readonly name: string; type?: string; help?: string; unit?: string; readonly samples: Sample[] };

/** Reads an exposition as strictly as the formats are written down; throws on the first line that is not allowed. */
function parseExposition(text: string, format: ExpositionFormat): Map<string, ParsedFamily> {
  assert.ok(text.endsWith("\n"), "the last line ends in a line feed");
  const lines = text.slice(0, -1).split("\n");
  if (format === "openmetrics") assert.equal(lines.pop(), "# EOF");
  const families = new Map<string, ParsedFamily>();
  const seen = new Set<string>();
  let current: ParsedFamily | undefined;
  for (const line of lines) {
    const comment = /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment) {
      const [, keyword, name, rest] = comment as unknown as [string, string, string, string];
      if (current?.name !== name) {
        assert.ok(!families.has(name), `the lines of ${name} stand together`);
        current = { name, samples: [] };
        families.set(name, current);
      }
      assert.equal(current.samples.length, 0, `${keyword} comes before the samples: ${line}`);
      if (keyword === "TYPE") {
        assert.equal(current.type, undefined);
        assert.match(rest, /^(counter|gauge|histogram)$/);
        current.type = rest;
      } else if (keyword === "HELP") {
        assert.equal(current.help, undefined);
        current.help = rest;
      } else {
        assert.equal(format, "openmetrics");
        assert.ok(name.endsWith(`_${rest}`), `a unit is the end of the name: ${line}`);
        current.unit = rest;
      }
      continue;
    }
    const sample = parseSample(line);
    assert.ok(current?.type, `a type comes before ${line}`);
    const suffixes = {
      counter: format === "openmetrics" ? ["_total"] : [""],
      gauge: [""],
      histogram: ["_bucket", "_sum", "_count"],
    };
    const names = suffixes[current.type as keyof typeof suffixes].map((suffix) => `${current?.name}${suffix}`);
    assert.ok(names.includes(sample.name), `${sample.name} belongs to ${current.name}`);
    const identity = line.slice(0, line.lastIndexOf(" "));
    assert.ok(!seen.has(identity), `no series comes twice: ${identity}`);
    seen.add(identity);
    if (current.type !== "gauge") assert.ok(sample.value >= 0, line);
    current.samples.push(sample);
  }
  for (const family of families.values()) if (family.type === "histogram") checkHistogram(family);
  return families;
}

function parseSample(line: string): Sample {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
  assert.ok(name, `a name begins ${line}`);
  let at = name.length;
  const labels = new Map<string, string>();
  if (line[at] === "{") {
    at++;
    while (line[at] !== "}") {
      const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="/.exec(line.slice(at));
      assert.ok(label?.[1], `a label at ${at} of ${line}`);
      at += label[0].length;
      let value = "";
      for (; line[at] !== '"'; at++) {
        assert.ok(at < line.length, `a quote closes the value: ${line}`);
        if (line[at] !== "\\") {
          value += line[at];
          continue;
        }
        const escaped = { "\\": "\\", '"': '"', n: "\n" }[line[++at] ?? ""];
        assert.ok(escaped, `an escape at ${at} of ${line}`);
        value += escaped;
      }
      assert.ok(!labels.has(label[1]), `no label comes twice: ${line}`);
      labels.set(label[1], value);
      at++;
      if (line[at] === ",") at++;
      else assert.equal(line[at], "}", line);
    }
    at++;
  }
  const value = /^ (-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|[+-]Inf|NaN)$/.exec(line.slice(at))?.[1];
  assert.ok(value, `one number ends ${line}`);
  return { name, labels, value: Number(value.replace("Inf", "Infinity")) };
}

function checkHistogram(family: ParsedFamily): void {
  const groups = Map.groupBy(family.samples, ({ labels }) =>
    JSON.stringify([...labels].filter(([name]) => name !== "le")),
  );
  for (const samples of groups.values()) {
    const buckets = samples.filter(({ name }) => name.endsWith("_bucket"));
    const bounds = buckets.map(({ labels }) => Number(labels.get("le")?.replace("Inf", "Infinity")));
    assert.deepEqual(
      bounds,
      [...bounds].sort((a, b) => a - b),
      "bounds ascend",
    );
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY);
    const counts = buckets.map(({ value }) => value);
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => a - b),
      "buckets are cumulative",
    );
    assert.equal(samples.find(({ name }) => name.endsWith("_count"))?.value, counts.at(-1));
    assert.ok(samples.some(({ name }) => name.endsWith("_sum")));
  }
}

const labels: HttpSeriesLabels = {
  gateway_name: "edge",
  gateway_namespace: "infra",
  listener: "http",
  route_kind: "HTTPRoute",
  route_namespace: "shop",
  route_name: "cart",
  rule: "0",
  backend_name: "cart",
};

function expose(registry: Registry, format: ExpositionFormat = "prometheus"): Map<string, ParsedFamily> {
  return parseExposition([...renderExposition(registry, format)].join(""), format);
}

test("renderExposition: every metric of the table is valid in both formats", () => {
  const registry = new Registry();
  for (const [name, row] of Object.entries<MetricRow>(metrics)) {
    const family = registry.families[name as keyof typeof metrics];
    const series = family.series(row.labels.map((label) => `${label} \\ " \n value`));
    if ("observe" in series) series.observe(0.3);
    else series.add(2);
  }
  for (const format of ["prometheus", "openmetrics"] as const) {
    const families = expose(registry, format);
    assert.equal(families.size, Object.keys(metrics).length);
    for (const family of families.values()) assert.ok(family.help, `${family.name} has help`);
  }
});

test("renderExposition: any label value comes back from a strict parser", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.constantFrom("prometheus" as const, "openmetrics" as const),
      (value, format) => {
        const registry = new Registry();
        registry.gauge("gateway_certificate_expiry_timestamp_seconds", value).set(1.5);
        const [sample] = expose(registry, format).get("gateway_certificate_expiry_timestamp_seconds")?.samples ?? [];
        assert.equal(sample?.labels.get("secret"), value.toWellFormed());
        assert.equal(sample?.value, 1.5);
      },
    ),
  );
});

test("renderExposition: histogram counts are cumulative and a bound belongs to its bucket", () => {
  const registry = new Registry();
  const histogram = registry.histogram("gateway_config_compile_duration_seconds");
  for (const seconds of [0.001, 0.0011, 5, 5.1, 1e6]) histogram.observe(seconds);
  const samples = expose(registry, "openmetrics").get("gateway_config_compile_duration_seconds")?.samples ?? [];
  const at = (le: string) => samples.find((sample) => sample.labels.get("le") === le)?.value;
  assert.equal(at("0.001"), 1);
  assert.equal(at("0.0025"), 2);
  assert.equal(at("5.0"), 3);
  assert.equal(at("+Inf"), 5);
});

test("renderExposition: very large and non-finite numbers are valid", () => {
  const registry = new Registry();
  for (const [secret, value] of [
    ["a", 1e300],
    ["b", Number.POSITIVE_INFINITY],
    ["c", Number.NaN],
    ["d", -1e-9],
  ] as const) {
    registry.gauge("gateway_certificate_expiry_timestamp_seconds", secret).set(value);
  }
  const family = expose(registry).get("gateway_certificate_expiry_timestamp_seconds");
  assert.deepEqual(
    family?.samples.map(({ value }) => value),
    [1e300, Number.POSITIVE_INFINITY, Number.NaN, -1e-9],
  );
});

test("renderExposition: a large registry comes in pieces", () => {
  const registry = new Registry();
  for (let i = 0; i < 3000; i++) registry.gauge("gateway_certificate_expiry_timestamp_seconds", `team/${i}`).set(i);
  const pieces = [...renderExposition(registry, "prometheus")];
  assert.ok(pieces.length > 2);
  assert.ok(pieces.every((piece) => piece.length < 80_000));
  parseExposition(pieces.join(""), "prometheus");
});

test("queries of the reference: their metrics and labels exist, and status codes have three digits", () => {
  const registry = new Registry();
  new HttpSeriesTable(registry).get(labels).observe("GET", 503, 12, -1, 10, 20);
  const families = expose(registry);
  for (const [, query] of queries) {
    for (const [name] of query.matchAll(/gateway_[a-z_]+/g)) {
      const base = name.replace(/_bucket$/, "");
      assert.ok(base in metrics, name);
      const known = [...metrics[base as keyof typeof metrics].labels, "le"] as readonly string[];
      const selectors = [...query.matchAll(/([a-z_]+)=~?"/g)].map((match) => match[1] ?? "");
      const groups = [...query.matchAll(/by \(([^)]+)\)/g)].flatMap((match) => (match[1] ?? "").split(", "));
      for (const label of [...selectors, ...groups]) assert.ok(known.includes(label), `${label} of ${name}`);
    }
  }
  const [request] = families.get("gateway_http_requests_total")?.samples ?? [];
  assert.match(request?.labels.get("status") ?? "", /^5..$/);
  const durations = families.get("gateway_http_request_duration_seconds")?.samples ?? [];
  assert.ok(durations.every((sample) => sample.labels.get("route_name") === "cart"));
});

test("metrics: names, labels and units follow Prometheus' conventions", () => {
  for (const [name, row] of Object.entries<MetricRow>(metrics)) {
    assert.match(name, /^[a-z][a-z0-9_]*[a-z]$/);
    assert.equal(name.endsWith("_total"), row.type === "counter", `${name}: counters end in _total, others do not`);
    if (row.unit === "seconds" || row.unit === "bytes") assert.match(name, new RegExp(`_${row.unit}(_total)?$`));
    assert.equal(row.buckets !== undefined, row.type === "histogram", name);
    for (const label of row.labels) {
      assert.match(label, /^[a-z][a-z0-9_]*$/);
      assert.ok(label !== "le" && label !== "quantile", `${name}: ${label} has a meaning of its own`);
    }
    assert.ok(row.help.endsWith("."), name);
  }
});

test("negotiateExposition: what scrapers send", () => {
  const prometheus3 =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
  const rows: readonly (readonly [string | undefined, ExpositionFormat])[] = [
    [undefined, "prometheus"],
    ["", "prometheus"],
    ["*/*", "prometheus"],
    ["text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "prometheus"],
    [prometheus3, "openmetrics"],
    ["application/openmetrics-text", "openmetrics"],
    ["application/openmetrics-text;q=0.1, text/plain", "prometheus"],
    ["application/openmetrics-text;q=0", "prometheus"],
    ["application/openmetrics-text;q=nonsense", "prometheus"],
  ];
  for (const [accept, format] of rows) assert.equal(negotiateExposition(accept), format, accept ?? "absent");
});
