import assert from "node:assert/strict";
import { test } from "node:test";
import { resourcesOf } from "../../../../test/compile-case.ts";
import { serveSetting } from "../../../../test/ingress/serve-setting.ts";
import { errorPages } from "../../../ingress/feature/error-pages.ts";
import { serveErrorPages } from "./error-pages.ts";

const objects = resourcesOf(`
apiVersion: v1
kind: Service
metadata: { name: errors, namespace: shop }
spec: { ports: [{ port: 8000 }] }
---
apiVersion: v1
kind: Service
metadata: { name: usual, namespace: web }
spec: { ports: [{ port: 9000 }] }
`);
const serve = (annotations: Readonly<Record<string, string>>, configMap = {}) => {
  const { part } = serveSetting(errorPages, serveErrorPages, annotations, { objects, configMap });
  const [filter] = part.filters.map((placed) => placed.filter);
  return { row: filter?.kind === "responseOverride" ? filter.rows[0] : undefined, fallback: part.rule.fallback };
};

const told = [
  { name: "x-namespace", value: "shop" },
  { name: "x-ingress-name", value: "web" },
  { name: "x-service-name", value: "app" },
  { name: "x-service-port", value: "80" },
];

test("without annotations nothing is replaced", () => {
  assert.deepEqual(serve({}), { row: undefined, fallback: undefined });
});

test("the default backend answers for the statuses, and where there are no endpoints", () => {
  const { row, fallback } = serve({ "custom-http-errors": "404,503", "default-backend": "errors" });
  assert.deepEqual(row?.statuses, [
    { from: 404, to: 404 },
    { from: 503, to: 503 },
  ]);
  assert.equal(row?.source, "all");
  assert.ok(row?.action.kind === "errorPage");
  assert.deepEqual([row.action.cluster, row.action.manner, row.action.path], ["shop/errors:8000", "request", "/"]);
  assert.deepEqual(row.action.tells, told);
  const [other] = fallback ?? [];
  assert.deepEqual(other?.target, { kind: "cluster", cluster: "shop/errors:8000" });
  const [mutation] = other?.filters ?? [];
  assert.ok(mutation?.filter.kind === "headerMutation");
  assert.deepEqual(
    mutation.filter.request.set.slice(0, 5),
    [{ name: "x-code", value: "503" }, ...told].map(({ name, value }) => ({ name, value: [value] })),
  );
});

test("without one of its own, that of the controller does, or its 404", () => {
  const usual = serve({ "custom-http-errors": "503" }, { "default-backend-service": "web/usual" });
  assert.ok(usual.row?.action.kind === "errorPage");
  assert.equal(usual.row.action.cluster, "web/usual:9000");
  assert.equal(usual.fallback, undefined);
  const { row } = serve({ "custom-http-errors": "503" });
  assert.ok(row?.action.kind === "answer");
  assert.equal(row.action.status, 404);
});

test("pages of the controller for all of its Ingresses end in 500 without a default backend", () => {
  const { row } = serve({}, { "custom-http-errors": "404" });
  assert.ok(row?.action.kind === "answer");
  assert.equal(row.action.status, 500);
});

test("answers of backends may be left alone", () => {
  const annotations = { "custom-http-errors": "503", "disable-proxy-intercept-errors": "true" };
  assert.equal(serve(annotations).row?.source, "local");
});
