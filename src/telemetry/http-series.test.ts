import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpSeriesTable } from "./http-series.ts";
import { Registry } from "./registry.ts";
import type { HttpSeriesLabels } from "./telemetry.ts";

const labels = (route: string): HttpSeriesLabels => ({
  gateway_name: "edge",
  gateway_namespace: "infra",
  listener: "http",
  route_kind: "HTTPRoute",
  route_namespace: "shop",
  route_name: route,
  rule: "0",
  backend_name: "cart",
});

const requests = (registry: Registry) =>
  [...registry.families.gateway_http_requests_total.all()].map(({ labels: text, value }) => {
    const part = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(text)?.[1];
    return [part("route_name"), part("method"), part("status"), value];
  });

test("HttpSeries.observe: counts by method and status, and fills every RED metric", () => {
  const registry = new Registry();
  const series = new HttpSeriesTable(registry).get(labels("cart"));
  series.observe("GET", 200, 12, 10, 100, 1000);
  series.observe("GET", 200, 12, -1, 100, 1000);
  series.observe("POST", 503, 12, 10, 100, 1000);
  assert.deepEqual(requests(registry), [
    ["cart", "GET", "200", 2],
    ["cart", "POST", "503", 1],
  ]);
  const [duration] = registry.families.gateway_http_request_duration_seconds.all();
  assert.ok(Math.abs((duration?.sum ?? 0) - 0.036) < 1e-9);
  const [upstream] = registry.families.gateway_http_upstream_duration_seconds.all();
  assert.ok(Math.abs((upstream?.sum ?? 0) - 0.02) < 1e-9);
  assert.deepEqual(
    [...registry.families.gateway_http_request_bytes_total.all()].map(({ value }) => value),
    [300],
  );
  assert.deepEqual(
    [...registry.families.gateway_http_response_bytes_total.all()].map(({ value }) => value),
    [3000],
  );
});

test("HttpSeries.observe: unknown methods are OTHER, impossible statuses 000", () => {
  const registry = new Registry();
  const series = new HttpSeriesTable(registry).get(labels("cart"));
  for (const status of [0, 99, 600, Number.NaN, 200]) series.observe("BREW", status, 1, -1, 0, 0);
  assert.deepEqual(requests(registry), [
    ["cart", "OTHER", "000", 4],
    ["cart", "OTHER", "200", 1],
  ]);
});

test("HttpSeries.observe: a backend that invents status codes is counted by class", () => {
  const registry = new Registry();
  const series = new HttpSeriesTable(registry).get(labels("cart"));
  for (let status = 500; status < 600; status++) series.observe("GET", status, 1, -1, 0, 0);
  const rows = requests(registry);
  assert.equal(rows.length, 65);
  assert.deepEqual(rows.at(-1), ["cart", "OTHER", "5xx", 36]);
});

test("HttpSeriesTable: equal labels share a series, also from another object", () => {
  const table = new HttpSeriesTable(new Registry());
  assert.equal(table.get(labels("cart")), table.get(labels("cart")));
  assert.notEqual(table.get(labels("cart")), table.get(labels("pay")));
});

test("HttpSeriesTable: series of a removed route go after the grace, not before, and others stay", () => {
  const registry = new Registry();
  const table = new HttpSeriesTable(registry);
  const cart = table.get(labels("cart"));
  for (const series of [cart, table.get(labels("pay"))]) series.observe("GET", 200, 1, 1, 1, 1);
  table.markLive(({ route_name }) => route_name === "pay", 1000);
  table.markLive(({ route_name }) => route_name === "pay", 5000);
  table.sweep(10_999, 10_000);
  assert.equal(requests(registry).length, 2);
  table.sweep(11_000, 10_000);
  assert.deepEqual(requests(registry), [["pay", "GET", "200", 1]]);
  cart.observe("GET", 200, 1, 1, 1, 1);
  cart.observe("PUT", 200, 1, 1, 1, 1);
  assert.deepEqual(requests(registry), [["pay", "GET", "200", 1]], "late requests of the removed route count nowhere");
});

test("HttpSeriesTable: a route that comes back in time keeps its counts, later it begins anew", () => {
  const registry = new Registry();
  const table = new HttpSeriesTable(registry);
  table.get(labels("cart")).observe("GET", 200, 1, 1, 1, 1);
  table.markLive(() => false, 0);
  table.markLive(() => true, 500);
  table.sweep(1e9, 1000);
  table.get(labels("cart")).observe("GET", 200, 1, 1, 1, 1);
  assert.deepEqual(requests(registry), [["cart", "GET", "200", 2]]);
  table.markLive(() => false, 0);
  table.sweep(1000, 1000);
  table.get(labels("cart")).observe("GET", 200, 1, 1, 1, 1);
  assert.deepEqual(requests(registry), [["cart", "GET", "200", 1]]);
});

test("HttpSeriesTable: beyond the bound everything is one series that keeps method and status", () => {
  const registry = new Registry();
  const table = new HttpSeriesTable(registry);
  for (let i = 0; i < 20_000; i++) table.get(labels(`route-${i}`));
  const first = table.get(labels("one-too-many"));
  assert.equal(first, table.get(labels("two-too-many")));
  first.observe("GET", 502, 1, 1, 1, 1);
  assert.deepEqual(requests(registry), [["other", "GET", "502", 1]]);
});

const calls = (registry: Registry) =>
  [...registry.families.gateway_grpc_requests_total.all()].map(({ labels: text, value }) => {
    const part = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(text)?.[1];
    return [part("grpc_service"), part("grpc_method"), part("grpc_status"), value];
  });

test("HttpSeries.observeGrpc: a method has a name once a server has answered for it", () => {
  const registry = new Registry();
  const series = new HttpSeriesTable(registry).get(labels("cart"));
  series.observeGrpc("/shop.Cart/Add", 14, "gateway");
  series.observeGrpc("/shop.Cart/Add", 0, "server");
  series.observeGrpc("/shop.Cart/Add", 4, "gateway");
  series.observeGrpc("/made.Up/Name", 12, "server");
  series.observeGrpc("/shop.Cart/Add", 99, "server");
  assert.deepEqual(calls(registry), [
    ["", "", "14", 1],
    ["shop.Cart", "Add", "0", 1],
    ["shop.Cart", "Add", "4", 1],
    ["", "", "12", 1],
    ["shop.Cart", "Add", "other", 1],
  ]);
});

test("HttpSeries.observeGrpc: methods beyond the bound share one name, and all go with their route", () => {
  const registry = new Registry();
  const table = new HttpSeriesTable(registry);
  const series = table.get(labels("cart"));
  for (let i = 0; i < 300; i++) series.observeGrpc(`/shop.Cart/M${i}`, 0, "server");
  assert.equal(calls(registry).length, 101);
  assert.deepEqual(calls(registry).at(-1), ["other", "other", "0", 200]);
  table.markLive(() => false, 0);
  table.sweep(1000, 1000);
  assert.deepEqual(calls(registry), []);
});
