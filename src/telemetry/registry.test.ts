import assert from "node:assert/strict";
import { test } from "node:test";
import { ScalarFamily } from "./family.ts";
import { defaultMaxSeries, type MetricRow } from "./metrics.ts";
import { Registry } from "./registry.ts";

const row: MetricRow = { type: "gauge", unit: "", labels: ["a"], help: "A test.", maxSeries: 3 };

test("Registry: the same labels are the same series", () => {
  const registry = new Registry();
  registry.counter("gateway_tls_handshakes_total", "edge", "infra", "https", "ok").add(2);
  registry.counter("gateway_tls_handshakes_total", "edge", "infra", "https", "ok").add(3);
  registry.counter("gateway_tls_handshakes_total", "edge", "infra", "https", "timeout").add(1);
  const values = [...registry.families.gateway_tls_handshakes_total.all()].map(({ value }) => value);
  assert.deepEqual(values, [5, 1]);
});

test("Registry: names and label counts are checked by the type checker", () => {
  const registry = new Registry();
  // @ts-expect-error: not in the table
  assert.throws(() => registry.counter("gateway_unknown_total"));
  // @ts-expect-error: a gauge is not a counter
  registry.counter("gateway_config_generation");
  // @ts-expect-error: a label value is missing
  registry.counter("gateway_tls_handshakes_total", "edge", "infra", "https");
  // @ts-expect-error: one label value too many
  registry.gauge("gateway_config_generation", "x");
});

test("Registry.replaceGauge: what is not among the rows goes, what stays keeps its place", () => {
  const registry = new Registry();
  const name = "gateway_findings";
  registry.replaceGauge(name, [
    { labels: ["error"], value: 2 },
    { labels: ["warning"], value: 1 },
  ]);
  registry.replaceGauge(name, [
    { labels: ["info"], value: 4 },
    { labels: ["error"], value: 0 },
  ]);
  const left = [...registry.families[name].all()].map(({ labels, value }) => [labels, value]);
  assert.deepEqual(left, [
    ['severity="error"', 0],
    ['severity="info"', 4],
  ]);
});

test("Registry: a metric at its bound counts what is new under other, and says so", () => {
  let overflows = 0;
  const family = new ScalarFamily("test", row, () => overflows++);
  for (const value of ["1", "2", "3", "4", "5", "1"]) family.series([value]).add(1);
  const series = [...family.all()].map(({ labels, value }) => [labels, value]);
  assert.deepEqual(series, [
    ['a="1"', 2],
    ['a="2"', 1],
    ['a="3"', 1],
    ['a="other"', 2],
  ]);
  assert.equal(overflows, 2);
});

test("Registry: the overflow of a metric is a metric", () => {
  const registry = new Registry();
  for (let i = 0; i <= defaultMaxSeries; i++)
    registry.gauge("gateway_certificate_expiry_timestamp_seconds", String(i)).set(1);
  const overflow = registry.counter("gateway_metrics_overflow_total", "gateway_certificate_expiry_timestamp_seconds");
  assert.equal(overflow.value, 1);
});

test("Family.drop: a dropped series counts into nothing, and its place starts from zero", () => {
  const family = new ScalarFamily("test", row);
  const old = family.series(["old"]);
  old.add(5);
  family.drop(old);
  family.drop(old);
  const next = family.series(["next"]);
  old.add(7);
  assert.equal(next.value, 0);
  assert.deepEqual([...family.all()], [next]);
});

test("Family: values survive growth", () => {
  const family = new ScalarFamily("test", { ...row, maxSeries: 1000 });
  const series = Array.from({ length: 100 }, (_, i) => family.series([String(i)]));
  for (const [i, one] of series.entries()) one.set(i);
  assert.deepEqual(
    series.map(({ value }) => value),
    series.map((_, i) => i),
  );
});
